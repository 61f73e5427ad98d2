import { TokenBucket } from '../../event-loop/token-bucket.ts';

/** How fast changed listeners may follow each other, on one stream. */
export interface ListenerPaceOptions {
  /** Bytes of changed listeners that go at once after a quiet time. */
  readonly burstBytes: number;
  readonly bytesPerSecond: number;
}

/**
 * Envoy keeps a listener that was replaced for its whole drain time, some five times its bytes, though nothing is
 * drained (docs/design/envoy.md). Under a wildcard every exact host is part of the listener, so a tenant whose hosts come
 * and go could fill the memory of every gateway node. With a drain time of 60 s these keep it below some 100 MB. A
 * listener of a few entries never waits.
 */
export const DEFAULT_LISTENER_PACE: ListenerPaceOptions = {
  burstBytes: 8 * 1024 * 1024,
  bytesPerSecond: 200 * 1024,
};

/** Envoy's main thread does nothing else while it replaces a listener: the next one waits so many times what the last one took ... */
const PAUSE_TIMES = 3;
/** ... and at most so many milliseconds: what takes long is large, and waits for its bytes. */
const LONGEST_PAUSE_MS = 250;

/**
 * Where new hosts are served from a list meanwhile, a listener that has nothing else to tell waits so many times what the last one took: one in a
 * hundred of these hosts comes while Envoy replaces a listener ...
 */
const REST_TIMES = 100;
/** ... and at most so many milliseconds: the list is not for long. */
const LONGEST_REST_MS = 60_000;

/**
 * A bucket of bytes: a listener that is larger than the bucket goes when that is full. And a share of time: changed listeners
 * wait for the answer to those before, and then for some of what these took. `now` in milliseconds.
 */
export class ListenerPace {
  readonly #bucket: TokenBucket;
  readonly #now: () => number;
  #underWay: { readonly nonce: string; readonly sentAt: number } | undefined;
  #answeredAt = Number.NEGATIVE_INFINITY;
  #pauseUntil = Number.NEGATIVE_INFINITY;
  #restUntil = Number.NEGATIVE_INFINITY;

  constructor(options: ListenerPaceOptions, now: () => number = () => performance.now()) {
    this.#bucket = new TokenBucket(options.bytesPerSecond, options.burstBytes);
    this.#now = now;
  }

  /** Takes the bytes and returns 0, or says in how many milliseconds they may be taken; `undefined`: not before an answer. `mayRest`: nobody waits for it. */
  takeBytes(bytes: number, mayRest = false): number | undefined {
    if (this.#underWay !== undefined) return undefined;
    const now = this.#now();
    const pauseMs = Math.ceil((mayRest ? this.#restUntil : this.#pauseUntil) - now);
    return pauseMs > 0 ? pauseMs : this.#bucket.takeTokens(bytes, now);
  }

  /** A response with listeners was sent. */
  sent(nonce: string): void {
    this.#underWay = { nonce, sentAt: this.#now() };
  }

  /** The client answered a response of any type: it works on one after the other. */
  answered(nonce: string): void {
    const now = this.#now();
    if (this.#underWay?.nonce === nonce) {
      const took = now - Math.max(this.#underWay.sentAt, this.#answeredAt);
      this.#pauseUntil = now + Math.min(LONGEST_PAUSE_MS, PAUSE_TIMES * took);
      this.#restUntil = now + Math.min(LONGEST_REST_MS, REST_TIMES * took);
      this.#underWay = undefined;
    }
    this.#answeredAt = now;
  }
}
