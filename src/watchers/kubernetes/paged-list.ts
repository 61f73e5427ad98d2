import type { Lane } from '../../event-loop/turns.ts';
import { ApiFailure } from '../../kubernetes-api/api-failure.ts';
import {
  type ApiTransport,
  failureOfResponse,
  isProtobuf,
  readBody,
} from '../../kubernetes-api/transport.ts';
import type { Resource } from '../../kubernetes-api/watched-kind.ts';
import { type PageBody, parsePage, tokenOf } from './list-page.ts';
import type { RawObject } from './raw-object.ts';

export interface PagedListOptions {
  /** Most objects in a page. */
  readonly limit: number;
  /** What a page should measure, as far as the objects of the page before tell: parsing one stops everything else. */
  readonly targetBytes: number;
  readonly silenceMs: number;
  /** Where pages are parsed. */
  readonly lane: Lane;
}

export interface Page {
  readonly items: readonly RawObject[];
  /** Of the list: from where to watch. */
  readonly resourceVersion: string;
  readonly isLast: boolean;
}

/** Beyond this a page is not read at all. 1.5 MB is the most that an object can have. */
const MAX_PAGE_BYTES = 64 * 1024 * 1024;
const MIN_LIMIT = 10;
/** How large the objects are is not known yet. */
const FIRST_LIMIT = 100;
/** A page so many times as large as it should be: the next is sized by it, once it is parsed. */
const MAX_EXCESS = 2;
const JSON_TYPE = 'application/json';
const NOT_ACCEPTABLE = 406;

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
  #accept: string;
  #ahead:
    | {
        readonly token: string;
        readonly body: Promise<PageBody | undefined>;
        readonly abort: AbortController;
      }
    | undefined;

  constructor(resource: Resource, transport: ApiTransport, options: PagedListOptions) {
    this.#resource = resource;
    this.#transport = transport;
    this.#options = options;
    this.#accept = resource.accept.list;
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
    const { items, token, resourceVersion } = await this.#options.lane.run(() =>
      parsePage(this.#what, body, this.#resource),
    );
    if (this.#ahead?.token !== token) this.close();
    this.#adapt(body.bytes.byteLength, items.length);
    this.#continue = token;
    return { items, resourceVersion, isLast: token === '' };
  }

  /** Gives up what was asked for ahead; for a list that is not read to its end. */
  close(): void {
    this.#ahead?.abort.abort();
    this.#ahead = undefined;
  }

  #takeAhead(): Promise<PageBody | undefined> | undefined {
    const body = this.#ahead?.body;
    this.#ahead = undefined;
    return body;
  }

  #askAhead(body: PageBody, signal: AbortSignal): void {
    if (!this.#sized || body.bytes.byteLength > MAX_EXCESS * this.#options.targetBytes) return;
    const token = tokenOf(body, this.#resource);
    if (token === undefined || token === '') return;
    const abort = new AbortController();
    const page = this.#request(token, AbortSignal.any([signal, abort.signal]));
    // Why it failed is told when the page is wanted.
    page.catch(() => {});
    this.#ahead = { token, body: page, abort };
  }

  get #what(): string {
    return `list of ${this.#resource.path}`;
  }

  /** Undefined: it is larger than may be read. */
  async #request(token: string, signal: AbortSignal): Promise<PageBody | undefined> {
    const { path, query: selection } = this.#resource;
    // No resourceVersion: the newest state, as agreed by a majority. "0" would be cheaper, and might be older than
    // what was seen before the relist.
    const query: Record<string, string> = { ...selection, limit: String(this.#limit) };
    if (token !== '') query['continue'] = token;
    const { silenceMs } = this.#options;
    const response = await this.#transport.get({ path, query, accept: this.#accept, silenceMs, signal });
    if (response.status !== 200) {
      const failure = await failureOfResponse(this.#what, response);
      if (response.status !== NOT_ACCEPTABLE || this.#accept === JSON_TYPE) throw failure;
      this.#accept = JSON_TYPE;
      return await this.#request(token, signal);
    }
    const bytes = await readBody(response.body, MAX_PAGE_BYTES);
    return bytes && { bytes, protobuf: isProtobuf(response) };
  }

  #adapt(bytes: number, objects: number): void {
    if (objects === 0) return;
    const { targetBytes, limit } = this.#options;
    const fitting = Math.floor((targetBytes * objects) / bytes);
    this.#limit = Math.min(limit, Math.max(MIN_LIMIT, fitting));
    this.#sized = true;
  }
}
