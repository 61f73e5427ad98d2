import { type Clock, type Random, sleep } from './clock.ts';
import { type ApiTransport, readBody } from './transport.ts';

/** Times in milliseconds. */
export interface ReadinessLimits {
  /** Upper end of the time between two looks; the lower end is half of it. */
  readonly probeMs: number;
  /** A look that is not answered for this long found nobody. */
  readonly probeSilenceMs: number;
  /** Least time between two calls to come back. */
  readonly recallMs: number;
}

export interface ReadinessOptions {
  readonly transport: Pick<ApiTransport, 'get'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: ReadinessLimits;
}

/** `/readyz` names each check that failed, in some hundred bytes. */
const MAX_BYTES = 64 * 1024;
/** An API server is there that does not tell us how it is. */
const UNTOLD: ReadonlySet<number> = new Set([401, 403, 404]);

/**
 * Ends back-offs when an API server is ready again. While somebody waits because of an outage, `/readyz` is asked some
 * times a second, by one for all; once it has been seen to fail and then to answer, all who wait are called back at once.
 * One who is refused by a server that is ready waits his back-off out.
 */
export class Readiness {
  readonly #options: ReadinessOptions;
  readonly #waiting = new Set<AbortController>();
  /** Ends the present looks; `undefined`: nobody looks. */
  #looking: AbortController | undefined;
  /** A look found nobody, and none has found it ready since. */
  #wasAway = false;
  #recalledAt = Number.NEGATIVE_INFINITY;

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  /**
   * Waits for `ms`, until the signal is aborted or until the API server is ready again; returns whether it was the last. `isOutage`:
   * what failed makes it worth looking.
   */
  async wait(ms: number, isOutage: boolean, signal: AbortSignal): Promise<boolean> {
    const recall = new AbortController();
    this.#waiting.add(recall);
    if (isOutage) this.#look();
    await sleep(this.#options.clock, ms, AbortSignal.any([signal, recall.signal]));
    this.#waiting.delete(recall);
    if (this.#waiting.size === 0) {
      this.#looking?.abort();
      this.#looking = undefined;
    }
    return recall.signal.aborted && !signal.aborted;
  }

  #look(): void {
    if (this.#looking !== undefined) return;
    const looking = new AbortController();
    this.#looking = looking;
    void this.#lookUntilReady(looking.signal).then(() => {
      if (this.#looking === looking) this.#looking = undefined;
    });
  }

  /** Never rejects. */
  async #lookUntilReady(signal: AbortSignal): Promise<void> {
    const { clock, random, limits } = this.#options;
    for (;;) {
      await sleep(clock, (limits.probeMs * (1 + random())) / 2, signal);
      if (signal.aborted) return;
      const isReady = await this.#isReady(signal);
      if (signal.aborted) return;
      if (!isReady) this.#wasAway = true;
      else if (!this.#wasAway) return;
      else if (clock.now() - this.#recalledAt >= limits.recallMs) break;
    }
    this.#wasAway = false;
    this.#recalledAt = clock.now();
    for (const recall of this.#waiting) recall.abort();
  }

  async #isReady(signal: AbortSignal): Promise<boolean> {
    const { transport, limits } = this.#options;
    try {
      const silenceMs = limits.probeSilenceMs;
      const { status, body } = await transport.get({ path: '/readyz', accept: '*/*', silenceMs, signal });
      await readBody(body, MAX_BYTES);
      return status === 200 || UNTOLD.has(status);
    } catch {
      return false;
    }
  }
}
