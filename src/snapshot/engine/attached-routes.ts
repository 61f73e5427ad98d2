import type { ObjectRef } from '../../model/events.ts';
import type { ListenerRef } from '../../model/gateway.ts';
import { type ObjectKey, objectKey } from '../../model/key.ts';

/** How many accepted routes each listener of each Gateway and ListenerSet has. */
export class AttachedRoutes {
  /** Parent → listener name → routes. */
  readonly #counts = new Map<ObjectKey, Map<string, number>>();
  readonly #listenersOf = new Map<ObjectKey, readonly ListenerRef[]>();
  #last: { readonly parent: ObjectRef; readonly key: ObjectKey } | undefined;

  count(parentKey: ObjectKey, listener: string): number {
    return this.#counts.get(parentKey)?.get(listener) ?? 0;
  }

  /** Replaces what a route is attached to. Returns the keys of the parents whose counts may differ. */
  set(routeKey: ObjectKey, attached: readonly ListenerRef[]): readonly ObjectKey[] {
    const before = this.#listenersOf.get(routeKey) ?? [];
    const listeners = uniqueListeners(attached);
    if (sameListeners(before, listeners)) return [];
    if (listeners.length > 0) this.#listenersOf.set(routeKey, listeners);
    else this.#listenersOf.delete(routeKey);
    for (const listener of before) this.#add(listener, -1);
    for (const listener of listeners) this.#add(listener, 1);
    const parents: ObjectKey[] = [];
    for (const { parent } of before) parents.push(this.#keyOf(parent));
    for (const { parent } of listeners) parents.push(this.#keyOf(parent));
    return parents;
  }

  /** Thousands of routes in a row are of one Gateway. */
  #keyOf(parent: ObjectRef): ObjectKey {
    if (this.#last?.parent !== parent) this.#last = { parent, key: objectKey(parent) };
    return this.#last.key;
  }

  #add({ parent, listener }: ListenerRef, sign: 1 | -1): void {
    const key = this.#keyOf(parent);
    let counts = this.#counts.get(key);
    if (counts === undefined) {
      counts = new Map();
      this.#counts.set(key, counts);
    }
    const count = (counts.get(listener) ?? 0) + sign;
    if (count > 0) counts.set(listener, count);
    else counts.delete(listener);
    if (counts.size === 0) this.#counts.delete(key);
  }
}

/** The listeners of all parents that accept a route. */
export function attachmentsOf(
  parents: readonly { readonly accepted: boolean; readonly attached: readonly ListenerRef[] }[],
): readonly ListenerRef[] {
  const [only] = parents;
  if (parents.length === 1 && only?.accepted === true) return only.attached;
  return parents.flatMap(({ accepted, attached }) => (accepted ? attached : []));
}

/** Each listener once: two parentRefs of a route may lead to the same. */
function uniqueListeners(listeners: readonly ListenerRef[]): readonly ListenerRef[] {
  if (listeners.length < 2) return listeners;
  const seen = new Set<string>();
  return listeners.filter(({ parent, listener }) => {
    const key = `${objectKey(parent)}/${listener}`;
    return !seen.has(key) && seen.add(key);
  });
}

function sameListeners(a: readonly ListenerRef[], b: readonly ListenerRef[]): boolean {
  // A listener of an evaluated parent has one reference object, which all its routes hold.
  return a.length === b.length && a.every((listener, index) => listener === b[index]);
}
