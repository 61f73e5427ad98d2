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

/** A bucket of bytes. `now` in milliseconds. */
export class ListenerPace {
  readonly #options: ListenerPaceOptions;
  readonly #now: () => number;
  #tokens: number;
  #at: number;

  constructor(options: ListenerPaceOptions, now: () => number = () => performance.now()) {
    this.#options = options;
    this.#now = now;
    this.#tokens = options.burstBytes;
    this.#at = now();
  }

  /** Takes the bytes, or says in how many milliseconds they may be taken. */
  take(bytes: number): number {
    const { burstBytes, bytesPerSecond } = this.#options;
    const now = this.#now();
    this.#tokens = Math.min(burstBytes, this.#tokens + ((now - this.#at) * bytesPerSecond) / 1000);
    this.#at = now;
    // One that is larger than the bucket goes when that is full.
    const needed = Math.min(bytes, burstBytes);
    if (this.#tokens < needed) return Math.ceil(((needed - this.#tokens) * 1000) / bytesPerSecond);
    this.#tokens -= needed;
    return 0;
  }
}
