/** What a stage knows how to do with one of its keys. */
export interface StageRules<K, V> {
  /** The value of a key from what the stages before have; `undefined`: there is none. */
  compute(key: K): V | undefined;
  /**
   * Whether the value is what the stage has already: then nothing behind it is marked. Absent where `output` gives the value
   * to who compares, as the resource table does by version.
   */
  isCurrent?(key: K, value: V | undefined): boolean;
  /** Keeps the value, and marks the keys of the stages behind that are computed from it. */
  output(key: K, value: V | undefined): void;
}

/** Brings one key of a stage up to date. */
export function bring<K, V>(rules: StageRules<K, V>, key: K): void {
  const value = rules.compute(key);
  if (rules.isCurrent?.(key, value) !== true) rules.output(key, value);
}

/**
 * A stage of the engine: a collection of values, each with a key, that is computed from the stages before it. Keys whose
 * value may differ are marked; settling brings those up to date, the ones marked first first. Settling a key may mark further
 * keys of the stage.
 */
export class Stage<K, V> {
  readonly #rules: StageRules<K, V>;
  readonly #dirty = new Set<K>();
  readonly #patient = new Set<K>();

  constructor(rules: StageRules<K, V>) {
    this.#rules = rules;
  }

  /** The value of the key may differ. With `mayWait` it waits for another mark of the key, or for `hurry`. */
  mark(key: K, mayWait = false): void {
    (mayWait ? this.#patient : this.#dirty).add(key);
  }

  /** Whether keys are marked that wait. */
  get hasPatient(): boolean {
    return this.#patient.size > 0;
  }

  /** What waits has waited. */
  hurry(): void {
    for (const key of this.#patient) this.#dirty.add(key);
  }

  /** Number of marked keys, without those that wait. */
  get size(): number {
    return this.#dirty.size;
  }

  /** Settles all that is marked, asking `pause` after every `stride` keys. Returns false if it stopped before the end. */
  settle(pause: () => boolean, stride = 1): boolean {
    let done = 0;
    // One iterator for all: a new one would go past the keys that were taken out before.
    for (const key of this.#dirty) {
      this.#bring(key);
      done += 1;
      if (done % stride === 0 && this.#dirty.size > 0 && pause()) return false;
    }
    return true;
  }

  /** Settles up to `limit` marked keys; those that `mustWait` stay marked. */
  settleSome(limit: number, mustWait?: (key: K) => boolean): void {
    let done = 0;
    for (const key of this.#dirty) {
      if (mustWait?.(key) === true) continue;
      this.#bring(key);
      done += 1;
      if (done >= limit) return;
    }
  }

  #bring(key: K): void {
    this.#dirty.delete(key);
    if (this.#patient.size > 0) this.#patient.delete(key);
    bring(this.#rules, key);
  }
}
