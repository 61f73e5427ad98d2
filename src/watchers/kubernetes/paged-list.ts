import { ApiFailure } from './api-failure.ts';
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

/**
 * One consistent list of a collection, read a page at a time. `next` may be called again after it failed and then
 * asks for the same page: a cut in the middle of 20,000 objects costs one page. Only after `gone` (the server has
 * forgotten the snapshot that the pages are of) must the list be started anew.
 */
export class PagedList {
  readonly #resource: Resource;
  readonly #transport: ApiTransport;
  readonly #options: PagedListOptions;
  #limit: number;
  #continue = '';

  constructor(resource: Resource, transport: ApiTransport, options: PagedListOptions) {
    this.#resource = resource;
    this.#transport = transport;
    this.#options = options;
    this.#limit = Math.min(FIRST_LIMIT, options.limit);
  }

  async next(signal: AbortSignal): Promise<Page> {
    const { path, accept, apiVersion, query: selection } = this.#resource;
    // No resourceVersion: the newest state, as agreed by a majority. "0" would be cheaper, and might be older than
    // what was seen before the relist.
    const query: Record<string, string> = { ...selection, limit: String(this.#limit) };
    if (this.#continue !== '') query['continue'] = this.#continue;
    const response = await this.#transport.get({
      path,
      query,
      accept: accept.list,
      silenceMs: this.#options.silenceMs,
      signal,
    });
    const what = `list of ${path}`;
    if (response.status !== 200) throw await failureOfResponse(what, response);
    const body = await readBody(response.body, MAX_PAGE_BYTES);
    if (body === undefined) {
      if (this.#limit <= MIN_LIMIT)
        throw new ApiFailure('malformed', `${what}: over ${MAX_PAGE_BYTES} bytes for ${this.#limit} objects`);
      this.#limit = MIN_LIMIT;
      return await this.next(signal);
    }
    const { items, token, resourceVersion } = await this.#options.turns.run(() =>
      parsePage(what, body.toString('utf8'), apiVersion),
    );
    this.#adapt(body.byteLength, items.length);
    this.#continue = token;
    return { items, resourceVersion: token === '' ? resourceVersion : undefined };
  }

  #adapt(bytes: number, objects: number): void {
    if (objects === 0) return;
    const { targetBytes, limit } = this.#options;
    const fitting = Math.floor((targetBytes * objects) / bytes);
    this.#limit = Math.min(limit, Math.max(MIN_LIMIT, fitting));
  }
}

function parsePage(
  what: string,
  text: string,
  apiVersion: string,
): { items: RawObject[]; token: string; resourceVersion: string } {
  let page: {
    items?: unknown;
    metadata?: { continue?: unknown; resourceVersion?: unknown };
  };
  try {
    page = JSON.parse(text) as typeof page;
  } catch (cause) {
    throw new ApiFailure('malformed', `${what}: not JSON`, { cause });
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
