/**
 * Values by namespace and name, in two steps: a key made of both would have to be built, flattened and hashed for
 * every look, and there are hundreds of thousands of them when 20,000 routes are read.
 */
export class NamespacedMap<V> {
  readonly #namespaces = new Map<string, Only<V> | Map<string, V>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(namespace: string, name: string): V | undefined {
    const values = this.#namespaces.get(namespace);
    if (values instanceof Only) return values.name === name ? values.value : undefined;
    return values?.get(name);
  }

  set(namespace: string, name: string, value: V): void {
    this.update(namespace, name, () => value);
  }

  /** Puts in the place of a value, or of none, what is made of it; as one look, which is what costs. */
  update(namespace: string, name: string, change: (before: V | undefined) => V): void {
    const values = this.#namespaces.get(namespace);
    if (values === undefined) {
      this.#namespaces.set(namespace, new Only(name, change(undefined)));
      this.#size += 1;
    } else if (!(values instanceof Only)) {
      this.#size -= values.size;
      values.set(name, change(values.get(name)));
      this.#size += values.size;
    } else if (values.name === name) {
      values.value = change(values.value);
    } else {
      const both = new Map([
        [values.name, values.value],
        [name, change(undefined)],
      ]);
      this.#namespaces.set(namespace, both);
      this.#size += 1;
    }
  }

  delete(namespace: string, name: string): void {
    const values = this.#namespaces.get(namespace);
    if (values === undefined) return;
    const isThere = values instanceof Only ? values.name === name : values.delete(name);
    if (!isThere) return;
    this.#size -= 1;
    if (values instanceof Only || values.size === 0) this.#namespaces.delete(namespace);
  }

  /** The values of one namespace, in no particular order. */
  of(namespace: string): Iterable<V> {
    const values = this.#namespaces.get(namespace);
    if (values === undefined) return [];
    return values instanceof Only ? [values.value] : values.values();
  }

  *values(): Generator<V, undefined> {
    for (const values of this.#namespaces.values()) {
      if (values instanceof Only) yield values.value;
      else yield* values.values();
    }
  }
}

/** What a namespace has where it has one. Many tenants have a namespace of their own, and a Map costs 180 bytes. */
class Only<V> {
  readonly name: string;
  value: V;

  constructor(name: string, value: V) {
    this.name = name;
    this.value = value;
  }
}
