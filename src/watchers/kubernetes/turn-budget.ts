import type { Clock } from '../../kubernetes-api/clock.ts';

/**
 * How long all reflectors together may hold one turn of the event loop. A burst of events comes in faster than it is
 * worked off, and node hands out megabytes of it in one turn; meanwhile no xDS stream would be served. What must wait
 * is done in the next turns, in the order in which it came.
 */
export class TurnBudget {
  readonly #clock: Clock;
  readonly #budgetMs: number;
  readonly #waiting: (() => void)[] = [];
  /** When the first work of this turn began. */
  #began: number | undefined;

  constructor(clock: Clock, budgetMs: number) {
    this.#clock = clock;
    this.#budgetMs = budgetMs;
  }

  /** Does a piece of work of some milliseconds, now or in a later turn; gives what it gives, or throws. */
  async run<T>(work: () => T): Promise<T> {
    if (this.#began === undefined) {
      this.#began = this.#clock.now();
      setImmediate(() => this.#nextTurn());
    }
    if (this.#waiting.length === 0 && this.#left()) return work();
    return await new Promise<T>((resolve, reject) => {
      this.#waiting.push(() => {
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  #left(): boolean {
    return this.#began !== undefined && this.#clock.now() - this.#began < this.#budgetMs;
  }

  #nextTurn(): void {
    this.#began = undefined;
    if (this.#waiting.length === 0) return;
    this.#began = this.#clock.now();
    setImmediate(() => this.#nextTurn());
    while (this.#waiting.length > 0 && this.#left()) this.#waiting.shift()?.();
  }
}
