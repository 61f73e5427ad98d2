import { condition } from '../../model/conditions.ts';
import type { ObjectRef } from '../../model/events.ts';
import type { GatewayModel, ListenerModel, ListenerRef, ListenerSetModel } from '../../model/gateway.ts';
import { ANY_HOST } from '../values/hostname.ts';
import { compareAge, compareText } from '../values/order.ts';
import { isAccepted } from './evaluate-gateway.ts';
import { bothFalse, setConditions } from './evaluate-listener-set.ts';
import type { ListenerProblem } from './listener.ts';
import { transportOf } from './listener-conflicts.ts';
import { ownsHostname } from './listener-isolation.ts';

/** Ports on which a Gateway is served, those that its ListenerSets open included: each is a listener in every Envoy. */
export const MAX_PORTS = 64;

/**
 * Listeners that the ListenerSets of one namespace add to a Gateway of another: the hostname of each may be a part of a listener of
 * Envoy, which all tenants share, and each change of one looks at all of them.
 */
export const MAX_LISTENERS_OF_NAMESPACE = 1_024;

/** Port → hostname (`*`: without one) → the listener that has it, served or not. */
export type ListenersByPort = ReadonlyMap<number, ReadonlyMap<string, ListenerModel>>;

/** The listeners of a Gateway and its ListenerSets as one list. */
export interface MergedListeners {
  /** In the order in which they were given; one that loses nothing to others is the same object. */
  readonly sets: readonly ListenerSetModel[];
  readonly listeners: ListenersByPort;
}

/** Whose this very hostname is on a port. */
export function hostnameOwner(
  listeners: ListenersByPort | undefined,
  port: number,
  hostname: string,
): ListenerRef | undefined {
  const found = listeners?.get(port)?.get(hostname);
  return found !== undefined && ownsHostname(found) ? found.attachment : undefined;
}

/**
 * "ListenerSet ordered by creation time (oldest first)", then "alphabetically by {namespace}/{name}": the joined text,
 * in which `team-a/x` comes before `team/x`.
 */
export function compareListenerSets(a: ListenerSetModel, b: ListenerSetModel): number {
  return (
    compareAge(a.creationTimestamp, b.creationTimestamp) ||
    compareText(`${a.ref.namespace}/${a.ref.name}`, `${b.ref.namespace}/${b.ref.name}`)
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
  if (!isAccepted(gateway)) return { sets, listeners: taken.listeners };
  const counts = new Map<string, number>();
  const merged = sets.map((set) => {
    if (set.notAllowed !== undefined) return set;
    const { namespace } = set.ref;
    const count = (counts.get(namespace) ?? 0) + set.listeners.length;
    if (count > MAX_LISTENERS_OF_NAMESPACE && namespace !== gateway.ref.namespace) return beyondLimit(set);
    counts.set(namespace, count);
    const listeners = settled(set, taken);
    return listeners === set.listeners
      ? set
      : { ...set, listeners, conditions: setConditions(listeners, gateway, set.generation) };
  });
  return { sets: merged, listeners: taken.listeners };
}

const beyondLimits = new WeakMap<ListenerSetModel, ListenerSetModel>();

/** A set of a namespace whose older ones have all the listeners that it may have; the same object each time. */
function beyondLimit(set: ListenerSetModel): ListenerSetModel {
  let refusedSet = beyondLimits.get(set);
  if (refusedSet === undefined) {
    const message = `The ListenerSets of namespace ${set.ref.namespace} may have ${MAX_LISTENERS_OF_NAMESPACE} listeners on the Gateway, and the oldest come first.`;
    const conditions = bothFalse({ reason: 'TooManyListeners', message }, set.generation);
    refusedSet = { ...set, notAllowed: message, listeners: [], conditions };
    beyondLimits.set(set, refusedSet);
  }
  return refusedSet;
}

/** The listeners of a set as those before leave them; the same list where nothing is lost, as nearly always. */
function settled(set: ListenerSetModel, taken: TakenPorts): readonly ListenerModel[] {
  // First all of them against those before the set: among themselves they are distinct.
  const left = refusing(set.listeners, set.generation, (listener) => taken.conflictOf(listener));
  return refusing(left, set.generation, (listener) => taken.takePort(listener));
}

function refusing(
  listeners: readonly ListenerModel[],
  generation: number,
  problemOf: (listener: ListenerModel) => ListenerProblem | undefined,
): readonly ListenerModel[] {
  let changed: ListenerModel[] | undefined;
  for (const [index, listener] of listeners.entries()) {
    const problem = problemOf(listener);
    if (problem === undefined) continue;
    changed ??= [...listeners];
    changed[index] = refused(listener, problem, generation);
  }
  return changed ?? listeners;
}

/** What the listeners so far have: the transport of each port, and the hostnames on it. */
class TakenPorts {
  readonly listeners = new Map<number, Map<string, ListenerModel>>();
  readonly #transports = new Map<number, Map<string, ListenerModel>>();
  readonly #served = new Set<number>();

  constructor(gateway: GatewayModel) {
    for (const listener of gateway.listeners) {
      this.#reserve(listener);
      if (listener.bindings.length > 0) this.#served.add(listener.port);
    }
  }

  /** Why a listener that is good in itself is not distinct from those so far. */
  conflictOf(listener: ListenerModel): ListenerProblem | undefined {
    const { port, protocol, hostname = ANY_HOST } = listener;
    const transport = transportOf(protocol);
    // TCP is supported nowhere, but where the port is taken that is the more specific reason.
    if (transport === undefined ? protocol !== 'TCP' : !isAccepted(listener)) return undefined;
    const other = this.#otherTransport(port, transport);
    if (other !== undefined) {
      const message = `${nameOf(other.attachment.parent)} uses port ${port} with another protocol, which cannot share it with ${protocol}.`;
      return { reason: 'ProtocolConflict', message };
    }
    const holder = this.listeners.get(port)?.get(hostname);
    if (holder === undefined) return undefined;
    const message = `${nameOf(holder.attachment.parent)} has a listener with the hostname "${hostname}" on port ${port}.`;
    return { reason: 'HostnameConflict', message };
  }

  /** Takes what an accepted listener names; returns why its port cannot be opened. */
  takePort(listener: ListenerModel): ListenerProblem | undefined {
    if (!isAccepted(listener)) return undefined;
    const { port, bindings } = listener;
    if (bindings.length > 0) {
      if (!this.#served.has(port) && this.#served.size >= MAX_PORTS) {
        const message = `The Gateway is served on ${MAX_PORTS} ports, of which ${port} is none; more are not opened.`;
        return { reason: 'PortUnavailable', message };
      }
      this.#served.add(port);
    }
    this.#reserve(listener);
    return undefined;
  }

  /** The first listener of the port with another transport than this one. */
  #otherTransport(port: number, transport: string | undefined): ListenerModel | undefined {
    const transports = this.#transports.get(port);
    if (transports === undefined || (transports.size === 1 && transports.has(transport ?? '')))
      return undefined;
    return [...transports].find(([other]) => other !== transport)?.[1];
  }

  #reserve(listener: ListenerModel): void {
    const { port, protocol, hostname = ANY_HOST } = listener;
    const transport = transportOf(protocol);
    if (transport === undefined) return;
    let listeners = this.listeners.get(port);
    let transports = this.#transports.get(port);
    if (listeners === undefined || transports === undefined) {
      listeners = new Map();
      transports = new Map();
      this.listeners.set(port, listeners);
      this.#transports.set(port, transports);
    }
    if (!transports.has(transport)) transports.set(transport, listener);
    if (!listeners.has(hostname)) listeners.set(hostname, listener);
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
  return { ...listener, bindings: [], reserved: [], supportedKinds: [], conditions };
}
