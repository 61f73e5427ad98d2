import { type Lane, processTurns } from '../../event-loop/turns.ts';
import type { BusyGate } from './busy-gate.ts';

/** How long work then leaves the event loop to what cannot wait, in milliseconds. */
const PAUSE_MS = 20;

export interface PacedWorkOptions {
  /** While it is closed, nothing is looked at. */
  readonly gate?: BusyGate | undefined;
  /** That of the process unless given. */
  readonly lane?: Lane;
}

/**
 * Looks at items, each once however often it is added, in the background: the first of them at once, the rest in slices. A
 * report on 20,000 routes must not hold up what the Envoys are waiting for.
 */
export class PacedWork<T> {
  readonly #items = new Set<T>();
  readonly #look: (item: T) => void;
  readonly #gate: BusyGate | undefined;
  readonly #lane: Lane;
  /** The next slice is to come. */
  #isScheduled = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(look: (item: T) => void, options: PacedWorkOptions = {}) {
    this.#look = look;
    this.#gate = options.gate;
    this.#lane = options.lane ?? processTurns.reports;
  }

  add(items: Iterable<T>): void {
    for (const item of items) this.#items.add(item);
    if (!this.#isScheduled && this.#items.size > 0) this.#next();
  }

  delete(item: T): void {
    this.#items.delete(item);
  }

  /** Looks at what is left, at once: somebody asks for the outcome. */
  finish(): void {
    this.#slice(() => false);
  }

  #next(): void {
    this.#isScheduled = true;
    if (this.#gate?.isClosed === true) this.#pause();
    else void this.#lane.run(() => this.#slice(() => this.#lane.isSpent));
  }

  #pause(): void {
    this.#timer = setTimeout(() => this.#next(), PAUSE_MS).unref();
  }

  #slice(isOver: () => boolean): void {
    // Somebody asked meanwhile.
    if (!this.#isScheduled) return;
    clearTimeout(this.#timer);
    this.#isScheduled = false;
    for (const item of this.#items) {
      this.#items.delete(item);
      this.#look(item);
      if (isOver()) break;
    }
    if (this.#items.size === 0) return;
    this.#isScheduled = true;
    this.#pause();
  }
}
