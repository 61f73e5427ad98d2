import { TokenBucket } from '../event-loop/token-bucket.ts';

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

/** A bucket of bytes: a listener that is larger than the bucket goes when that is full. `now` in milliseconds. */
export class ListenerPace {
  readonly #bucket: TokenBucket;
  readonly #now: () => number;

  constructor(options: ListenerPaceOptions, now: () => number = () => performance.now()) {
    this.#bucket = new TokenBucket(options.bytesPerSecond, options.burstBytes);
    this.#now = now;
  }

  /** Takes the bytes and returns 0, or says in how many milliseconds they may be taken. */
  takeBytes(bytes: number): number {
    return this.#bucket.takeTokens(bytes, this.#now());
  }
}
