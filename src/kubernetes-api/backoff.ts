import type { Random } from './clock.ts';

export interface BackoffBounds {
  /** Upper end of the first delay. */
  readonly baseMs: number;
  /** Upper end of every delay. */
  readonly maxMs: number;
}

export interface BackoffOptions extends BackoffBounds {
  readonly random: Random;
}

/** Milliseconds after so many failures before this one: between half of an upper end that doubles each time and that end. */
export function backoffAfter({ baseMs, maxMs }: BackoffBounds, failures: number, random: Random): number {
  // 2^40 ms is beyond any sensible maximum, and far from losing precision.
  const upper = Math.min(maxMs, baseMs * 2 ** Math.min(failures, 40));
  return upper / 2 + (random() * upper) / 2;
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
    const delay = backoffAfter(this.#options, this.#failures, this.#options.random);
    this.#failures += 1;
    return delay;
  }

  reset(): void {
    this.#failures = 0;
  }
}
