/**
 * Several values under one key. Most keys of a large installation have one value (a Service has one route and one
 * slice), which then costs no Set of its own.
 */
export class Multimap<V extends string | object> {
  readonly #entries = new Map<string, V | Bag<V>>();

  add(key: string, value: V): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) this.#entries.set(key, value);
    else if (entry instanceof Bag) entry.values.add(value);
    else if (entry !== value) this.#entries.set(key, new Bag([entry, value]));
  }

  delete(key: string, value: V): void {
    const entry = this.#entries.get(key);
    if (entry === value) this.#entries.delete(key);
    else if (entry instanceof Bag) {
      entry.values.delete(value);
      if (entry.values.size === 0) this.#entries.delete(key);
    }
  }

  /** The values of a key, in no particular order. */
  get(key: string): Iterable<V> {
    const entry = this.#entries.get(key);
    if (entry === undefined) return [];
    return entry instanceof Bag ? entry.values : [entry];
  }
}

class Bag<V> {
  readonly values: Set<V>;

  constructor(values: readonly V[]) {
    this.values = new Set(values);
  }
}
