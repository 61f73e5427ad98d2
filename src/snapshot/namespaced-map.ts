/**
 * Values by namespace and name, in two steps: a key made of both would have to be built, flattened and hashed for
 * every look, and there are hundreds of thousands of them when 20,000 routes are read.
 */
export class NamespacedMap<V> {
  readonly #namespaces = new Map<string, Map<string, V>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(namespace: string, name: string): V | undefined {
    return this.#namespaces.get(namespace)?.get(name);
  }

  set(namespace: string, name: string, value: V): void {
    let values = this.#namespaces.get(namespace);
    if (values === undefined) {
      values = new Map();
      this.#namespaces.set(namespace, values);
    }
    const before = values.size;
    values.set(name, value);
    this.#size += values.size - before;
  }

  delete(namespace: string, name: string): void {
    const values = this.#namespaces.get(namespace);
    if (values?.delete(name) !== true) return;
    this.#size -= 1;
    if (values.size === 0) this.#namespaces.delete(namespace);
  }

  *values(): Generator<V, undefined> {
    for (const values of this.#namespaces.values()) yield* values.values();
  }
}
