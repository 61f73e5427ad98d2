import { isDeepStrictEqual } from 'node:util';
import type { Condition } from '../model/conditions.ts';
import type {
  DesiredGateway,
  DesiredGatewayClass,
  DesiredIngress,
  DesiredListener,
  DesiredListenerSet,
  DesiredRoute,
  DesiredStatus,
} from '../model/desired-status.ts';
import {
  isNewer,
  keepProgrammed,
  mergeConditions,
  presentConditions,
  type Transition,
} from './merge-conditions.ts';
import { mergeParents } from './merge-parents.ts';

/** An object as the API holds it, as far as its status is concerned. */
export interface PresentObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string | undefined;
    readonly uid?: string | undefined;
    readonly resourceVersion?: string | undefined;
  };
  readonly status?: unknown;
}

export interface MergedStatus {
  /** The fields of `status` that differ, each whole, for a merge patch. */
  readonly status: Readonly<Record<string, unknown>>;
  readonly transitions: readonly Transition[];
}

type Fields = Readonly<Record<string, unknown>>;

/** The API takes no more addresses on a Gateway. */
const MAX_ADDRESSES = 16;

/**
 * What has to be written so that the object's status says what it should; `undefined` where it does already, or
 * where it belongs to another object or a newer one than what was evaluated. `now`: RFC 3339, UTC, whole seconds.
 */
export function mergeStatus(
  desired: DesiredStatus,
  present: PresentObject,
  now: string,
): MergedStatus | undefined {
  const { uid } = present.metadata;
  if (desired.uid !== '' && uid !== undefined && uid !== desired.uid) return undefined;
  const before = fieldsOf(present.status);
  const merged = mergeKind(desired, before, present, now);
  if (merged === undefined) return undefined;
  const changed = Object.entries(merged.status).filter(([field, value]) => !same(before[field], value));
  return changed.length === 0
    ? undefined
    : { status: Object.fromEntries(changed), transitions: merged.transitions };
}

function mergeKind(
  desired: DesiredStatus,
  before: Fields,
  present: PresentObject,
  now: string,
): MergedStatus | undefined {
  switch (desired.kind) {
    case 'GatewayClass':
      return mergeGatewayClass(desired, before, now);
    case 'Gateway':
      return mergeGateway(desired, before, now);
    case 'ListenerSet':
      return mergeListeners(desired, before, now);
    case 'TLSRoute':
    case 'HTTPRoute':
    case 'GRPCRoute':
    case 'TCPRoute':
    case 'UDPRoute':
      return mergeRoute(desired, before, present.metadata.namespace ?? '', now);
    case 'Ingress':
      return mergeIngress(desired, before);
  }
}

function mergeGatewayClass(
  desired: DesiredGatewayClass,
  before: Fields,
  now: string,
): MergedStatus | undefined {
  const present = presentConditions(before['conditions']);
  if (isNewer(present, desired.conditions)) return undefined;
  const { conditions, transitions } = mergeConditions(present, desired.conditions, now);
  const supportedFeatures = desired.supportedFeatures.map((name) => ({ name }));
  return { status: { conditions, supportedFeatures }, transitions };
}

function mergeGateway(desired: DesiredGateway, before: Fields, now: string): MergedStatus | undefined {
  const merged = mergeListeners(desired, before, now);
  if (merged === undefined) return undefined;
  const addresses = desired.addresses && publishedAddresses(desired.addresses, desired.tentative, before);
  const { attachedListenerSets } = desired;
  // A CRD from before there were ListenerSets has no such field, and would drop it each time.
  const counts = attachedListenerSets > 0 || before['attachedListenerSets'] !== undefined;
  const status = {
    ...merged.status,
    ...(addresses === undefined ? {} : { addresses }),
    ...(counts ? { attachedListenerSets } : {}),
  };
  return { status, transitions: merged.transitions };
}

function publishedAddresses(addresses: readonly string[], tentative: boolean, before: Fields) {
  const known = entries(before['addresses']).map(({ value }) => String(value));
  return published({ addresses, tentative }, known)
    .slice(0, MAX_ADDRESSES)
    .map((value) => ({ type: 'IPAddress', value }));
}

/** The conditions of a Gateway or ListenerSet and the entries of its listeners. */
function mergeListeners(
  desired: Pick<DesiredListenerSet, 'conditions' | 'listeners' | 'tentative'>,
  before: Fields,
  now: string,
): MergedStatus | undefined {
  const present = presentConditions(before['conditions']);
  if (isNewer(present, desired.conditions)) return undefined;
  const tentative = (known: typeof present, wanted: readonly Condition[]): readonly Condition[] =>
    desired.tentative ? keepProgrammed(known, wanted) : wanted;
  const merged = mergeConditions(present, tentative(present, desired.conditions), now);
  const transitions = [...merged.transitions];
  const listenersBefore = new Map(
    entries(before['listeners']).map((listener) => [listener['name'], listener]),
  );
  const listeners = desired.listeners.map((listener: DesiredListener) => {
    const conditionsBefore = presentConditions(listenersBefore.get(listener.name)?.['conditions']);
    const own = mergeConditions(conditionsBefore, tentative(conditionsBefore, listener.conditions), now);
    transitions.push(...own.transitions);
    return {
      name: listener.name,
      supportedKinds: listener.supportedKinds.map(({ group, kind }) => ({ group, kind })),
      attachedRoutes: listener.attachedRoutes,
      conditions: own.conditions,
    };
  });
  return { status: { conditions: merged.conditions, listeners }, transitions };
}

function mergeRoute(
  desired: DesiredRoute,
  before: Fields,
  namespace: string,
  now: string,
): MergedStatus | undefined {
  const merged = mergeParents(desired, entries(before['parents']), namespace, now);
  return merged && { status: { parents: merged.parents }, transitions: merged.transitions };
}

/** `status.loadBalancer` has one writer by its nature: no entry says whose it is. */
function mergeIngress(desired: DesiredIngress, before: Fields): MergedStatus {
  const loadBalancer = fieldsOf(before['loadBalancer']);
  const known = entries(loadBalancer['ingress']);
  const addresses = published(
    desired,
    known.flatMap(({ ip }) => (typeof ip === 'string' ? [ip] : [])),
  );
  const ingress = addresses.map((ip) => known.find((entry) => entry['ip'] === ip) ?? { ip });
  // The API server leaves an empty list out.
  if (ingress.length === 0 && known.length === 0) return { status: {}, transitions: [] };
  return { status: { loadBalancer: { ingress } }, transitions: [] };
}

/** The addresses to publish, sorted. External DNS follows them: none is taken back before it is known to be gone. */
function published(
  { addresses, tentative }: { readonly addresses: readonly string[]; readonly tentative: boolean },
  before: readonly string[],
): readonly string[] {
  return [...new Set(tentative ? [...addresses, ...before] : addresses)].sort();
}

function same(before: unknown, value: unknown): boolean {
  if (before === undefined && Array.isArray(value) && value.length === 0) return true;
  return isDeepStrictEqual(before, value);
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function entries(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'object' && entry !== null) : [];
}
