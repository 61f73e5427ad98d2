import type { BusyGate } from './busy-gate.ts';

/** Time that work may take at once, and how long it then leaves the event loop to what cannot wait, in milliseconds. */
const SLICE_MS = 4;
const PAUSE_MS = 20;

/**
 * Looks at items, each once however often it is added, in the background: the first of them at once, the rest in slices. A
 * report on 20,000 routes must not hold up what the Envoys are waiting for.
 */
export class PacedWork<T> {
  readonly #items = new Set<T>();
  readonly #look: (item: T) => void;
  readonly #onEmpty: () => void;
  readonly #gate: BusyGate | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** `onEmpty` is called whenever all items have been looked at. While the gate is closed, none is. */
  constructor(look: (item: T) => void, onEmpty: () => void, gate?: BusyGate) {
    this.#look = look;
    this.#onEmpty = onEmpty;
    this.#gate = gate;
  }

  add(items: Iterable<T>): void {
    for (const item of items) this.#items.add(item);
    if (this.#timer === undefined && this.#items.size > 0) this.#next();
  }

  delete(item: T): void {
    this.#items.delete(item);
  }

  /** Looks at what is left, at once: somebody asks for the outcome. */
  finish(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#slice(Number.POSITIVE_INFINITY);
  }

  #next(): void {
    if (this.#gate?.isClosed === true) this.#later();
    else this.#slice();
  }

  #later(): void {
    this.#timer = setTimeout(() => this.#next(), PAUSE_MS).unref();
  }

  #slice(sliceMs = SLICE_MS): void {
    this.#timer = undefined;
    const end = performance.now() + sliceMs;
    for (const item of this.#items) {
      this.#items.delete(item);
      this.#look(item);
      if (performance.now() >= end) break;
    }
    if (this.#items.size === 0) this.#onEmpty();
    else this.#later();
  }
}
