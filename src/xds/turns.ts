/**
 * Long work, one piece in each turn of the event loop, first come first served. When a control plane restarts, every
 * Envoy comes back at the same moment and tells all that it has, which takes some 10 ms to read: what else there is to do
 * would wait for all of them.
 */
export class Turns {
  readonly #waiting: (() => void)[] = [];

  take(work: () => void): void {
    this.#waiting.push(work);
    if (this.#waiting.length === 1) setImmediate(this.#next);
  }

  readonly #next = (): void => {
    try {
      this.#waiting[0]?.();
    } finally {
      this.#waiting.shift();
      if (this.#waiting.length > 0) setImmediate(this.#next);
    }
  };
}
