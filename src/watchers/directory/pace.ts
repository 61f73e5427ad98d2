import { setImmediate as nextTurn } from 'node:timers/promises';

/** Longest that reading keeps the event loop from serving Envoys, in milliseconds. */
const SLICE_MS = 10;

/** Lets long work give way to the event loop. */
export class Pace {
  #sliceEnd = performance.now() + SLICE_MS;

  /** Whether it is time to `await rest()`. */
  get isDue(): boolean {
    return performance.now() >= this.#sliceEnd;
  }

  async rest(): Promise<void> {
    await nextTurn();
    this.#sliceEnd = performance.now() + SLICE_MS;
  }
}
