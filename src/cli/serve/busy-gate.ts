/** A gate that was not asked for longer than this was not waited at. */
const LONGEST_WAIT_MS = 1_000;

export interface BusyGateOptions {
  /** How much of what time what can wait is held up at most, in milliseconds. */
  readonly mostMs: number;
  readonly inMs: number;
  readonly now: () => number;
}

const DEFAULT_OPTIONS: BusyGateOptions = { mostMs: 5_000, inMs: 60_000, now: () => performance.now() };

/**
 * Whether what can wait should: reports and statuses are for people, and must not hold up what Envoys wait for. Who waits
 * asks again and again; however the busy times lie, the gate is closed for 5 s of a minute at most.
 */
export class BusyGate {
  readonly #isBusy: () => boolean;
  readonly #options: BusyGateOptions;
  #leftMs: number;
  #askedAt = Number.NEGATIVE_INFINITY;
  #wasClosed = false;

  constructor(isBusy: () => boolean, options: Partial<BusyGateOptions> = {}) {
    this.#isBusy = isBusy;
    this.#options = { ...DEFAULT_OPTIONS, ...options };
    this.#leftMs = this.#options.mostMs;
  }

  get isClosed(): boolean {
    const { mostMs, inMs, now } = this.#options;
    const at = now();
    const elapsed = at - this.#askedAt;
    this.#askedAt = at;
    if (this.#wasClosed) this.#leftMs -= Math.min(elapsed, LONGEST_WAIT_MS);
    else this.#leftMs = Math.min(mostMs, this.#leftMs + (elapsed * mostMs) / inMs);
    this.#wasClosed = this.#leftMs > 0 && this.#isBusy();
    return this.#wasClosed;
  }
}
