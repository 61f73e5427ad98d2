/** Lists are sorted by namespace, and what is written alike comes in a handful of ways at a time. */
const KEPT = 8;

/**
 * Values that are written alike in tens of thousands of objects, one copy for those that are read one after the other:
 * the Gateway that routes refer to, the port of Services. Nobody may change them.
 */
export class Recent<T> {
  readonly #isSame: (a: T, b: T) => boolean;
  readonly #values: T[] = [];
  #oldest = 0;

  constructor(isSame: (a: T, b: T) => boolean) {
    this.#isSame = isSame;
  }

  /** An equal value that was given lately, else this one. */
  share(value: T): T {
    for (const known of this.#values) if (this.#isSame(known, value)) return known;
    this.#values[this.#oldest] = value;
    this.#oldest = (this.#oldest + 1) % KEPT;
    return value;
  }
}

/** Lists of objects that are equal in these fields, which are all that they have and no objects themselves. */
export function recentLists<T>(...fields: readonly (keyof T)[]): Recent<readonly T[]> {
  return new Recent(
    (a, b) =>
      a.length === b.length &&
      a.every((entry, index) => fields.every((field) => entry[field] === b[index]?.[field])),
  );
}
