/**
 * Whether what can wait should: reports and statuses are for people, and must not hold up what Envoys wait for. An
 * Envoy that never answers holds them up no longer than `mostMs`.
 */
export class BusyGate {
  readonly #isBusy: () => boolean;
  readonly #mostMs: number;
  readonly #now: () => number;
  #busySince: number | undefined;

  constructor(isBusy: () => boolean, mostMs = 5_000, now: () => number = () => performance.now()) {
    this.#isBusy = isBusy;
    this.#mostMs = mostMs;
    this.#now = now;
  }

  get isClosed(): boolean {
    if (!this.#isBusy()) {
      this.#busySince = undefined;
      return false;
    }
    this.#busySince ??= this.#now();
    return this.#now() - this.#busySince < this.#mostMs;
  }
}
