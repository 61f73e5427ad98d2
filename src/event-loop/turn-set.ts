/**
 * A set of keys that are taken out in turns by group, each group's in the order in which they came: who adds thousands does not
 * hold up who adds one.
 */
export class TurnSet<K extends string> {
  readonly #groupOf: (key: K) => string;
  /** No group is empty; the one whose turn is next is first. */
  readonly #groups = new Map<string, Set<K>>();
  #size = 0;

  constructor(groupOf: (key: K) => string) {
    this.#groupOf = groupOf;
  }

  get size(): number {
    return this.#size;
  }

  has(key: K): boolean {
    return this.#groups.get(this.#groupOf(key))?.has(key) === true;
  }

  add(key: K): void {
    const group = this.#groupOf(key);
    const keys = this.#groups.get(group);
    if (keys?.has(key) === true) return;
    if (keys === undefined) this.#groups.set(group, new Set([key]));
    else keys.add(key);
    this.#size += 1;
  }

  delete(key: K): void {
    const group = this.#groupOf(key);
    const keys = this.#groups.get(group);
    if (keys?.delete(key) !== true) return;
    this.#size -= 1;
    if (keys.size === 0) this.#groups.delete(group);
  }

  /** Whose turn it is; `undefined` where the set is empty. */
  first(): K | undefined {
    for (const keys of this.#groups.values()) for (const key of keys) return key;
    return undefined;
  }

  /** Takes a key out, after which it is the turn of the other groups. */
  takeKey(key: K): void {
    const group = this.#groupOf(key);
    this.delete(key);
    const rest = this.#groups.get(group);
    if (rest === undefined) return;
    this.#groups.delete(group);
    this.#groups.set(group, rest);
  }

  clear(): void {
    this.#groups.clear();
    this.#size = 0;
  }
}
