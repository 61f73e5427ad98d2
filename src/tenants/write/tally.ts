/** How many keys are in which state, without going through them. */
export class Tally<K> {
  readonly #states = new Map<K, string>();
  readonly #counts = new Map<string, number>();

  /** `undefined`: the key is gone. */
  set(key: K, state: string | undefined): void {
    const before = this.#states.get(key);
    if (before === state) return;
    if (before !== undefined) this.#add(before, -1);
    if (state === undefined) {
      this.#states.delete(key);
      return;
    }
    this.#states.set(key, state);
    this.#add(state, 1);
  }

  /** States that some key is in, and those that some once was in. */
  counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  clear(): void {
    this.#states.clear();
    this.#counts.clear();
  }

  #add(state: string, change: number): void {
    this.#counts.set(state, (this.#counts.get(state) ?? 0) + change);
  }
}
