import { ApiFailure } from './api-failure.ts';
import { continueTokenOf } from './list-envelope.ts';
import { PROTOBUF, protobufContinueToken, readProtobufList } from './protobuf-list.ts';
import { isRawObject, type RawObject } from './raw-object.ts';
import { type ApiTransport, failureOfResponse, readBody } from './transport.ts';
import type { TurnBudget } from './turn-budget.ts';
import type { Resource } from './watched-kind.ts';

export interface PagedListOptions {
  /** Most objects in a page. */
  readonly limit: number;
  /** What a page should measure, as far as the objects of the page before tell: parsing one stops everything else. */
  readonly targetBytes: number;
  readonly silenceMs: number;
  readonly turns: TurnBudget;
}

export interface Page {
  readonly items: readonly RawObject[];
  /** Set on the last page: from where to watch. */
  readonly resourceVersion: string | undefined;
}

/** Beyond this a page is not read at all. 1.5 MB is the most that an object can have. */
const MAX_PAGE_BYTES = 64 * 1024 * 1024;
const MIN_LIMIT = 10;
/** How large the objects are is not known yet. */
const FIRST_LIMIT = 100;
/** A page so many times as large as it should be: the next is sized by it, once it is parsed. */
const MAX_EXCESS = 2;

/** The bytes of a page; undefined: it is larger than may be read. */
type Body = { readonly bytes: Buffer; readonly protobuf: boolean } | undefined;

/**
 * One consistent list of a collection, read a page at a time. `next` may be called again after it failed and then
 * asks for the same page: a cut in the middle of 20,000 objects costs one page. Only after `gone` (the server has
 * forgotten the snapshot that the pages are of) must the list be started anew.
 *
 * The server takes as long to make a page as Sluice to read it. So one page is asked for ahead, as soon as the bytes
 * of the one before it are there.
 */
export class PagedList {
  readonly #resource: Resource;
  readonly #transport: ApiTransport;
  readonly #options: PagedListOptions;
  #limit: number;
  #continue = '';
  /** How large the objects are is known from a page of them. */
  #sized = false;
  #ahead: { readonly token: string; readonly body: Promise<Body>; readonly abort: AbortController } | undefined;

  constructor(resource: Resource, transport: ApiTransport, options: PagedListOptions) {
    this.#resource = resource;
    this.#transport = transport;
    this.#options = options;
    this.#limit = Math.min(FIRST_LIMIT, options.limit);
  }

  async next(signal: AbortSignal): Promise<Page> {
    const body = await (this.#takeAhead() ?? this.#request(this.#continue, signal));
    if (body === undefined) {
      if (this.#limit <= MIN_LIMIT)
        throw new ApiFailure(
          'malformed',
          `${this.#what}: over ${MAX_PAGE_BYTES} bytes for ${this.#limit} objects`,
        );
      this.#limit = MIN_LIMIT;
      return await this.next(signal);
    }
    this.#askAhead(body, signal);
    try {
      const { items, token, resourceVersion } = await this.#options.turns.run(() =>
        parsePage(this.#what, body, this.#resource),
      );
      if (this.#ahead?.token !== token) this.close();
      this.#adapt(body.bytes.byteLength, items.length);
      this.#continue = token;
      return { items, resourceVersion: token === '' ? resourceVersion : undefined };
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Gives up what was asked for ahead. */
  close(): void {
    this.#ahead?.abort.abort();
    this.#ahead = undefined;
  }

  #takeAhead(): Promise<Body> | undefined {
    const body = this.#ahead?.body;
    this.#ahead = undefined;
    return body;
  }

  get #what(): string {
    return `list of ${this.#resource.path}`;
  }

  /** Not while it is unknown how many objects make a page. */
  #askAhead({ bytes, protobuf }: NonNullable<Body>, signal: AbortSignal): void {
    if (!this.#sized || bytes.byteLength > MAX_EXCESS * this.#options.targetBytes) return;
    const token = protobuf ? protobufContinueToken(this.#resource.kind, bytes) : continueTokenOf(bytes);
    if (token === undefined || token === '') return;
    const abort = new AbortController();
    const next = this.#request(token, AbortSignal.any([signal, abort.signal]));
    // Told when the page is wanted.
    next.catch(() => {});
    this.#ahead = { token, body: next, abort };
  }

  async #request(token: string, signal: AbortSignal): Promise<Body> {
    const { path, accept, query: selection } = this.#resource;
    // No resourceVersion: the newest state, as agreed by a majority. "0" would be cheaper, and might be older than
    // what was seen before the relist.
    const query: Record<string, string> = { ...selection, limit: String(this.#limit) };
    if (token !== '') query['continue'] = token;
    const { silenceMs } = this.#options;
    const response = await this.#transport.get({ path, query, accept: accept.list, silenceMs, signal });
    if (response.status !== 200) throw await failureOfResponse(this.#what, response);
    const bytes = await readBody(response.body, MAX_PAGE_BYTES);
    return bytes && { bytes, protobuf: response.contentType?.startsWith(PROTOBUF) ?? false };
  }

  #adapt(bytes: number, objects: number): void {
    if (objects === 0) return;
    const { targetBytes, limit } = this.#options;
    const fitting = Math.floor((targetBytes * objects) / bytes);
    this.#limit = Math.min(limit, Math.max(MIN_LIMIT, fitting));
    this.#sized = true;
  }
}

function parsePage(
  what: string,
  body: NonNullable<Body>,
  { apiVersion, kind }: Resource,
): { items: RawObject[]; token: string; resourceVersion: string } {
  let page: {
    items?: unknown;
    metadata?: { continue?: unknown; resourceVersion?: unknown };
  };
  try {
    page = body.protobuf ? readProtobufList(kind, body.bytes) : JSON.parse(body.bytes.toString('utf8')) as typeof page;
  } catch (cause) {
    throw new ApiFailure('malformed', `${what}: not ${body.protobuf ? 'protobuf' : 'JSON'}`, { cause });
  }
  const { continue: token, resourceVersion } = page.metadata ?? {};
  // Go writes an empty slice that was never made as null.
  const items = page.items ?? [];
  if (typeof resourceVersion !== 'string' || resourceVersion === '' || !Array.isArray(items))
    throw new ApiFailure('malformed', `${what}: not a list with a resourceVersion (${apiVersion})`);
  for (const item of items) {
    if (!isRawObject(item)) throw new ApiFailure('malformed', `${what}: an item without name or version`);
  }
  return { items: items as RawObject[], token: typeof token === 'string' ? token : '', resourceVersion };
}
