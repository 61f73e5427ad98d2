/** A clock that stands still until a test moves it. */
import type { Clock } from './clock.ts';

interface Timer {
  readonly at: number;
  readonly then: () => void;
}

export class ManualClock implements Clock {
  #now = 0;
  readonly #timers = new Set<Timer>();
  readonly #waiting = new Set<() => void>();

  now(): number {
    return this.#now;
  }

  after(ms: number, then: () => void): () => void {
    const timer = { at: this.#now + ms, then };
    this.#timers.add(timer);
    for (const look of this.#waiting) look();
    return () => this.#timers.delete(timer);
  }

  /** Milliseconds until each timer is due, shortest first. */
  delays(): number[] {
    return [...this.#timers].map(({ at }) => at - this.#now).sort((a, b) => a - b);
  }

  /** Resolves when so many timers are set that are due in just `ms`; to `ms`. */
  timer(ms: number, count = 1): Promise<number> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.delays().filter((delay) => delay === ms).length < count) return;
        this.#waiting.delete(look);
        resolve(ms);
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Moves time on, timer by timer; returns `ms`. */
  advance(ms: number): number {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.then();
    }
    this.#now = end;
    return ms;
  }
}

/** Every wait is over at once, in the order of what is due; what was waited for is noted, in whole milliseconds. */
export function hastyClock(): Clock & { readonly waits: number[] } {
  const waits: number[] = [];
  let now = 0;
  return {
    waits,
    now: () => now,
    after(ms, then) {
      if (ms > 0) waits.push(Math.round(ms));
      const immediate = setImmediate(() => {
        now += ms;
        then();
      });
      return () => clearImmediate(immediate);
    },
  };
}
