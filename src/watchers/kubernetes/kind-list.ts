import type { Lane } from '../../event-loop/turns.ts';
import { ApiFailure } from '../../kubernetes-api/api-failure.ts';
import type { ApiTransport } from '../../kubernetes-api/transport.ts';
import type { Resource } from '../../kubernetes-api/watched-kind.ts';
import type { ReflectorLimits } from './limits.ts';
import type { ObjectFeed } from './object-feed.ts';
import { PagedList } from './paged-list.ts';
import { type WatchOptions, watchStream } from './watch-stream.ts';

export interface KindListOptions {
  readonly transport: ApiTransport;
  readonly limits: ReflectorLimits;
  /** Where objects are decoded and handed on. */
  readonly lane: Lane;
}

/**
 * All objects of a kind, read a page at a time, while changes that come after the list's version are followed on a watch: twenty
 * thousand objects take a second, and who changes one of them meanwhile does not wait for the others.
 */
export class KindList {
  readonly #resource: Resource;
  readonly #feed: ObjectFeed;
  readonly #options: KindListOptions;
  readonly #pages: PagedList;
  readonly #isFollowed: boolean;
  #objects = 0;
  /** Up to where changes are told; `undefined` before the first page. */
  #version: string | undefined;

  /** `isFollowed`: there is somebody who has the objects as they were. */
  constructor(resource: Resource, feed: ObjectFeed, isFollowed: boolean, options: KindListOptions) {
    const { transport, limits, lane } = options;
    this.#resource = resource;
    this.#feed = feed;
    this.#isFollowed = isFollowed;
    this.#options = options;
    this.#pages = new PagedList(resource, transport, {
      limit: limits.pageObjects,
      targetBytes: limits.pageBytes,
      silenceMs: limits.requestSilenceMs,
      lane,
    });
    feed.beginList();
  }

  /** How many it has named so far. */
  get objects(): number {
    return this.#objects;
  }

  /** Given up before its end. */
  close(): void {
    this.#pages.close();
  }

  /**
   * Reads to the end, or on where it was interrupted, and gives the version up to which changes have been told. `onPage` after each
   * page. Throws an `ApiFailure`.
   */
  async read(onPage: () => void, signal: AbortSignal): Promise<string> {
    const over = new AbortController();
    let following: Promise<void> | undefined;
    try {
      for (;;) {
        if (this.#isFollowed && this.#version !== undefined)
          following ??= this.#follow(this.#version, AbortSignal.any([signal, over.signal]));
        const page = await this.#pages.next(signal);
        await this.#feed.list(page.items, this.#resource.apiVersion, signal);
        this.#objects += page.items.length;
        this.#version ??= page.resourceVersion;
        onPage();
        if (page.isLast) break;
      }
    } finally {
      over.abort();
      await following;
    }
    await this.#feed.endList(this.#options.limits.pageObjects, signal);
    return this.#version;
  }

  /** Never rejects: where it ends early, the watch behind the list tells the rest. */
  async #follow(version: string, signal: AbortSignal): Promise<void> {
    const { transport, limits, lane } = this.#options;
    try {
      for await (const batch of watchStream(this.#resource, transport, watchOf(version, limits), signal)) {
        await lane.run(() => {
          if (signal.aborted) return;
          this.#version = this.#feed.follow(batch, this.#version ?? version, this.#resource);
        });
        if (signal.aborted) return;
      }
    } catch {
      // Whatever it is, the watch behind the list will find it too.
    }
  }
}

/** Every server has forgotten what came behind it, or there has been nothing yet. */
const FIRST_VERSION = '1';

/**
 * Throws what a server says that has just started while it reads the kind into its cache. A list would come from etcd then, of custom resources
 * some twenty times as slowly, and from it every further page.
 */
export async function checkCached(
  resource: Resource,
  { transport, limits }: KindListOptions,
  signal: AbortSignal,
): Promise<void> {
  try {
    // It is over as soon as it is accepted.
    for await (const _ of watchStream(resource, transport, watchOf(FIRST_VERSION, limits), signal)) return;
  } catch (error) {
    if (error instanceof ApiFailure && error.isStarting) throw error;
  }
}

function watchOf(resourceVersion: string, limits: ReflectorLimits): WatchOptions {
  return {
    resourceVersion,
    timeoutSeconds: limits.watchMs / 1_000,
    acceptMs: limits.requestSilenceMs,
    silenceMs: limits.watchSilenceMs,
    maxLineBytes: limits.eventBytes,
  };
}
