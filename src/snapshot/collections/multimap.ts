import { NamespacedMap } from './namespaced-map.ts';

/**
 * Several values under one key. Most keys of a large installation have one value (a Service has one route and one
 * slice), which then costs no Set of its own.
 */
export class Multimap<V extends string | object> {
  readonly #entries = new Map<string, Values<V>>();

  add(key: string, value: V): void {
    const before = this.#entries.get(key);
    const after = withValue(before, value);
    if (after !== before) this.#entries.set(key, after);
  }

  delete(key: string, value: V): void {
    const before = this.#entries.get(key);
    if (before !== undefined && isLast(before, value)) this.#entries.delete(key);
  }

  /** The values of a key, in no particular order. */
  get(key: string): Iterable<V> {
    return valuesOf(this.#entries.get(key));
  }
}

/** A multimap by namespace and name. */
export class NamespacedMultimap<V extends string | object> {
  readonly #entries = new NamespacedMap<Values<V>>();

  add(namespace: string, name: string, value: V): void {
    this.#entries.update(namespace, name, (before) => withValue(before, value));
  }

  /** Puts a value in the place of another. */
  replace(namespace: string, name: string, value: V, by: V): void {
    this.#entries.update(namespace, name, (before) =>
      before === undefined || isLast(before, value) ? by : withValue(before, by),
    );
  }

  delete(namespace: string, name: string, value: V): void {
    const before = this.#entries.get(namespace, name);
    if (before !== undefined && isLast(before, value)) this.#entries.delete(namespace, name);
  }

  /** The values, in no particular order. */
  get(namespace: string, name: string): Iterable<V> {
    return valuesOf(this.#entries.get(namespace, name));
  }
}

/** Values of one key, at least one. */
type Values<V> = V | Bag<V>;

class Bag<V> {
  readonly values: Set<V>;

  constructor(values: readonly V[]) {
    this.values = new Set(values);
  }
}

function withValue<V>(values: Values<V> | undefined, value: V): Values<V> {
  if (values === undefined || values === value) return value;
  if (!(values instanceof Bag)) return new Bag([values, value]);
  values.values.add(value);
  return values;
}

/** Takes the value out, unless it is the last: then the values are to be dropped. */
function isLast<V>(values: Values<V>, value: V): boolean {
  if (!(values instanceof Bag)) return values === value;
  values.values.delete(value);
  return values.values.size === 0;
}

function valuesOf<V>(values: Values<V> | undefined): Iterable<V> {
  if (values === undefined) return [];
  return values instanceof Bag ? values.values : [values];
}
