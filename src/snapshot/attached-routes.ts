import { objectKey } from '../model/events.ts';
import type { ListenerRef } from '../model/gateway.ts';

/** How many accepted routes each listener of each Gateway has. */
export class AttachedRoutes {
  /** Gateway key → listener name → routes. */
  readonly #counts = new Map<string, Map<string, number>>();
  readonly #listenersOf = new Map<string, readonly ListenerRef[]>();

  count(gatewayKey: string, listener: string): number {
    return this.#counts.get(gatewayKey)?.get(listener) ?? 0;
  }

  /** Replaces what a route is attached to, each listener once. Returns the keys of the Gateways whose counts may differ. */
  set(routeKey: string, listeners: readonly ListenerRef[]): readonly string[] {
    const before = this.#listenersOf.get(routeKey) ?? [];
    if (sameListeners(before, listeners)) return [];
    if (listeners.length > 0) this.#listenersOf.set(routeKey, listeners);
    else this.#listenersOf.delete(routeKey);
    for (const listener of before) this.#add(listener, -1);
    for (const listener of listeners) this.#add(listener, 1);
    return [...before, ...listeners].map(({ gateway }) => objectKey(gateway));
  }

  #add({ gateway, listener }: ListenerRef, sign: 1 | -1): void {
    const key = objectKey(gateway);
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

/** Each listener once: two parentRefs of a route may lead to the same. */
export function uniqueListeners(listeners: readonly ListenerRef[]): readonly ListenerRef[] {
  if (listeners.length < 2) return listeners;
  const seen = new Set<string>();
  return listeners.filter(({ gateway, listener }) => {
    const key = `${objectKey(gateway)}/${listener}`;
    return !seen.has(key) && seen.add(key);
  });
}

function sameListeners(a: readonly ListenerRef[], b: readonly ListenerRef[]): boolean {
  // A listener of an evaluated Gateway has one reference object, which all its routes hold.
  return a.length === b.length && a.every((listener, index) => listener === b[index]);
}
