import type { DependencyKey, ObjectKey } from '../../model/key.ts';
import { Multimap } from '../collections/multimap.ts';

/**
 * Who has to be computed again when something changes. A computation reads other objects only through a lookup
 * that records the key of everything it asked for, found or not; a change of that key makes it dirty.
 */
export class DependencyIndex {
  readonly #dependents = new Multimap<ObjectKey>();
  readonly #keys = new Map<ObjectKey, readonly DependencyKey[]>();

  /** Replaces what `dependent` depends on. `keys` may hold duplicates. */
  record(dependent: ObjectKey, keys: readonly DependencyKey[]): void {
    const previous = this.#keys.get(dependent);
    if (keys.length > 0) this.#keys.set(dependent, keys);
    else this.#keys.delete(dependent);
    // Nearly always one list begins as the other does: a Gateway came, and what is behind it is asked for too.
    const same = commonLength(previous ?? [], keys);
    for (const key of keys.slice(same)) this.#dependents.add(key, dependent);
    if (previous === undefined || previous.length === same) return;
    const kept = new Set(keys);
    for (const key of previous) if (!kept.has(key)) this.#dependents.delete(key, dependent);
  }

  forget(dependent: ObjectKey): void {
    for (const key of this.#keys.get(dependent) ?? []) this.#dependents.delete(key, dependent);
    this.#keys.delete(dependent);
  }

  dependentsOf(key: DependencyKey): Iterable<ObjectKey> {
    return this.#dependents.get(key);
  }
}

function commonLength(a: readonly string[], b: readonly string[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1;
  return length;
}
