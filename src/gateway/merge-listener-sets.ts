import { condition } from '../model/conditions.ts';
import type { ObjectRef } from '../model/events.ts';
import type { GatewayModel, ListenerModel, ListenerRef, ListenerSetModel } from '../model/gateway.ts';
import { compareAge, compareText } from './claims.ts';
import { isAccepted } from './evaluate-gateway.ts';
import { setConditions } from './evaluate-listener-set.ts';
import { ANY_HOST } from './hostname.ts';
import type { ListenerProblem } from './listener.ts';
import { transportOf } from './listener-conflicts.ts';

/** Ports on which a Gateway is served, those that its ListenerSets open included: each is a listener in every Envoy. */
export const MAX_PORTS = 64;

/** The listeners of a Gateway and its ListenerSets as one list. */
export interface MergedListeners {
  /** In the order in which they were given; one that loses nothing to others is the same object. */
  readonly sets: readonly ListenerSetModel[];
  /** Who is served: `<port>/<hostname>` (`*`: without one) → listener. */
  readonly owners: ReadonlyMap<string, ListenerRef>;
}

/** "ListenerSet ordered by creation time (oldest first)", then "alphabetically by {namespace}/{name}". */
export function compareListenerSets(a: ListenerSetModel, b: ListenerSetModel): number {
  return (
    compareAge(a.creationTimestamp, b.creationTimestamp) ||
    compareText(a.ref.namespace, b.ref.namespace) ||
    compareText(a.ref.name, b.ref.name)
  );
}

/**
 * Settles which listeners of a Gateway's ListenerSets are served. "Implementations MUST treat the parent Gateway as
 * having the merged list of all listeners from itself and attached ListenerSets": the Gateway's own come first, then
 * those of `sets`, which are in order of precedence (`compareListenerSets`). "The first Listener in the precedence list
 * MUST be accepted", and the others say to whom they lost. A listener that is not accepted takes nothing from those after
 * it; but all that the Gateway itself names stays its own.
 */
export function mergeListenerSets(gateway: GatewayModel, sets: readonly ListenerSetModel[]): MergedListeners {
  const taken = new TakenPorts(gateway);
  const owners = new Map<string, ListenerRef>();
  addOwners(owners, gateway.listeners);
  const merged = sets.map((set): ListenerSetModel => {
    if (set.notAllowed !== undefined || !isAccepted(gateway)) return set;
    const settle = (listener: ListenerModel, problem: ListenerProblem | undefined): ListenerModel =>
      problem === undefined ? listener : refused(listener, problem, set.generation);
    // First all of them against those before the set: among themselves they are distinct.
    const listeners = set.listeners
      .map((listener) => settle(listener, taken.conflictOf(listener)))
      .map((listener) => settle(listener, taken.take(listener, set.ref)));
    addOwners(owners, listeners);
    if (listeners.every((listener, index) => listener === set.listeners[index])) return set;
    return { ...set, listeners, conditions: setConditions(listeners, gateway, set.generation) };
  });
  return { sets: merged, owners };
}

export function ownerKey(port: number, hostname: string): string {
  return `${port}/${hostname}`;
}

function addOwners(owners: Map<string, ListenerRef>, listeners: readonly ListenerModel[]): void {
  for (const { port, hostname, bindings, attachment } of listeners)
    if (bindings.length > 0) owners.set(ownerKey(port, hostname ?? ANY_HOST), attachment);
}

/** What the listeners so far have: the transport of each port, and the hostnames on it. */
class TakenPorts {
  /** Port → transport → who uses it first. */
  readonly #transports = new Map<number, Map<string, ObjectRef>>();
  readonly #hostnames = new Map<string, ObjectRef>();
  readonly #served = new Set<number>();

  constructor({ ref, listeners }: GatewayModel) {
    for (const listener of listeners) {
      this.#reserve(listener, ref);
      if (listener.bindings.length > 0) this.#served.add(listener.port);
    }
  }

  /** Why a listener that is good in itself is not distinct from those so far. */
  conflictOf(listener: ListenerModel): ListenerProblem | undefined {
    const { port, protocol, hostname = ANY_HOST } = listener;
    const transport = transportOf(protocol);
    // TCP is supported nowhere, but where the port is taken that is the more specific reason.
    if (transport === undefined ? protocol !== 'TCP' : !isAccepted(listener)) return undefined;
    for (const [other, ref] of this.#transports.get(port) ?? []) {
      if (other === transport) continue;
      const message = `${nameOf(ref)} uses port ${port} with another protocol, which cannot share it with ${protocol}.`;
      return { reason: 'ProtocolConflict', message };
    }
    if (transport === undefined) return undefined;
    const holder = this.#hostnames.get(ownerKey(port, hostname));
    if (holder === undefined) return undefined;
    const message = `${nameOf(holder)} has a listener with the hostname "${hostname}" on port ${port}.`;
    return { reason: 'HostnameConflict', message };
  }

  /** Takes what an accepted listener names; returns why its port cannot be opened. */
  take(listener: ListenerModel, ref: ObjectRef): ListenerProblem | undefined {
    if (!isAccepted(listener)) return undefined;
    const { port, bindings } = listener;
    if (bindings.length > 0) {
      if (!this.#served.has(port) && this.#served.size >= MAX_PORTS) {
        const message = `The Gateway is served on ${MAX_PORTS} ports, of which ${port} is none; more are not opened.`;
        return { reason: 'PortUnavailable', message };
      }
      this.#served.add(port);
    }
    this.#reserve(listener, ref);
    return undefined;
  }

  #reserve({ port, protocol, hostname = ANY_HOST }: ListenerModel, ref: ObjectRef): void {
    const transport = transportOf(protocol);
    if (transport === undefined) return;
    let transports = this.#transports.get(port);
    if (transports === undefined) {
      transports = new Map();
      this.#transports.set(port, transports);
    }
    if (!transports.has(transport)) transports.set(transport, ref);
    const key = ownerKey(port, hostname);
    if (!this.#hostnames.has(key)) this.#hostnames.set(key, ref);
  }
}

/** Another tenant's, perhaps: nothing but its kind, namespace and name may be told. */
function nameOf({ kind, namespace, name }: ObjectRef): string {
  return `${kind} ${namespace}/${name}`;
}

/** The listener as it is once it has lost: its routes stay attached, so that they are served when the other one goes. */
function refused(listener: ListenerModel, problem: ListenerProblem, generation: number): ListenerModel {
  const { reason, message } = problem;
  const isConflict = reason !== 'PortUnavailable';
  const conditions = listener.conditions
    .filter(({ type }) => type !== 'OverlappingTLSConfig')
    .map((each) => {
      if (each.type === 'Accepted' || each.type === 'Programmed')
        return condition(each.type, false, reason, message, generation);
      return each.type === 'Conflicted' && isConflict
        ? condition('Conflicted', true, reason, message, generation)
        : each;
    });
  return { ...listener, bindings: [], supportedKinds: [], conditions };
}
