import type { Lookup } from '../../gateway/lookup.ts';
import type { DependencyKey, ObjectKey } from '../../model/key.ts';
import type { Kind, ObjectOfKind } from '../../model/objects.ts';
import type { World } from '../world/world.ts';
import { DependencyIndex } from './dependencies.ts';
import type { RecordingLookup } from './recording-lookup.ts';

/** Evaluates objects of the world, and knows of each what was read for it. */
export class Evaluator {
  readonly #world: World;
  readonly #lookup: RecordingLookup;
  readonly #dependencies = new DependencyIndex();

  constructor(world: World, lookup: RecordingLookup) {
    this.#world = world;
    this.#lookup = lookup;
  }

  /**
   * What an object means; `undefined` where there is none. What it reads becomes its dependencies. `key` is its object
   * key, which the caller has: another string of the same text would cost its hash, and memory for each route.
   */
  evaluate<K extends Kind, T>(
    key: ObjectKey,
    kind: K,
    namespace: string,
    name: string,
    meaning: (object: ObjectOfKind<K>, lookup: Lookup) => T,
  ): T | undefined {
    const object = this.#world.get(kind, namespace, name);
    if (object === undefined) {
      this.#dependencies.forget(key);
      return undefined;
    }
    const result = meaning(object, this.#lookup);
    this.#dependencies.record(key, this.#lookup.takeKeys());
    return result;
  }

  /** Object keys of what has to be evaluated again when this changes. */
  dependentsOf(key: DependencyKey): Iterable<ObjectKey> {
    return this.#dependencies.dependentsOf(key);
  }
}
