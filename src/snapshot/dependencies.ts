import { Multimap } from './multimap.ts';

/**
 * Who has to be computed again when something changes. A computation reads other objects only through a lookup
 * that records the key of everything it asked for, found or not; a change of that key makes it dirty.
 */
export class DependencyIndex {
  readonly #dependents = new Multimap<string>();
  readonly #keys = new Map<string, readonly string[]>();

  /** Replaces what `dependent` depends on. `keys` may hold duplicates. */
  record(dependent: string, keys: readonly string[]): void {
    const previous = this.#keys.get(dependent);
    if (previous !== undefined && sameKeys(previous, keys)) return;
    this.forget(dependent);
    if (keys.length === 0) return;
    this.#keys.set(dependent, keys);
    for (const key of keys) this.#dependents.add(key, dependent);
  }

  forget(dependent: string): void {
    for (const key of this.#keys.get(dependent) ?? []) this.#dependents.delete(key, dependent);
    this.#keys.delete(dependent);
  }

  dependentsOf(key: string): Iterable<string> {
    return this.#dependents.get(key);
  }
}

function sameKeys(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((key, index) => key === b[index]);
}
