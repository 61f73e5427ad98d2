import type { Random } from './clock.ts';

export interface BackoffOptions {
  /** Upper end of the first delay. */
  readonly baseMs: number;
  /** Upper end of every delay. */
  readonly maxMs: number;
  readonly random: Random;
}

/**
 * Exponential back-off. Each delay lies between half of its upper end and the upper end, so that the replicas and
 * kinds that one outage hit at the same moment do not come back at the same moment.
 */
export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** Delays handed out since the last `reset`. */
  get failures(): number {
    return this.#failures;
  }

  /** Milliseconds to wait before the next try. */
  next(): number {
    const { baseMs, maxMs, random } = this.#options;
    // 2^40 ms is beyond any sensible maximum, and far from losing precision.
    const upper = Math.min(maxMs, baseMs * 2 ** Math.min(this.#failures, 40));
    this.#failures += 1;
    return upper / 2 + (random() * upper) / 2;
  }

  reset(): void {
    this.#failures = 0;
  }
}
