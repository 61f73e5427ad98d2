import type { Condition } from '../../model/conditions.ts';
import { condition } from '../../model/conditions.ts';
import { refOf } from '../../model/events.ts';
import type { GatewayModel, ListenerModel, ListenerSetModel } from '../../model/gateway.ts';
import { GATEWAY_GROUP } from '../../model/kinds.ts';
import type { GatewayListener, ListenerSet } from '../../model/objects.ts';
import type { GatewayConfig } from '../config.ts';
import type { Lookup } from '../lookup.ts';
import { listing } from '../values/listing.ts';
import { portBindings } from './bindings.ts';
import { referencedSecrets } from './certificate-refs.ts';
import { isAccepted } from './evaluate-gateway.ts';
import { fromNamespacesProblem, isNamespaceAllowed } from './from-namespaces.ts';
import type { ListenerProblem } from './listener.ts';
import { evaluateListener } from './listener.ts';
import { listenerConflicts, overlappingTlsListeners } from './listener-conflicts.ts';

/** The API allows this many listeners; a directory of manifests has no API server that would refuse more. */
export const MAX_LISTENERS = 64;

/**
 * What a ListenerSet means by itself: its listeners, and all conditions, before it is known which of its listeners
 * others on the Gateway come before (`mergeListenerSets`). `undefined` where its Gateway is not there or not ours.
 */
export function evaluateListenerSet(
  set: ListenerSet,
  lookup: Lookup,
  config: GatewayConfig,
): ListenerSetModel | undefined {
  const { parentRef, meta } = set;
  if (!isGatewayRef(parentRef)) return undefined;
  const gateway = lookup.gateway(parentRef.namespace ?? meta.namespace, parentRef.name);
  if (gateway === undefined) return undefined;
  const ref = refOf(set);
  const base = {
    ref,
    gateway: gateway.ref,
    isShared: true,
    wildcardClaims: gateway.wildcardClaims,
    closeOnDelete: gateway.closeOnDelete,
    generation: meta.generation,
    creationTimestamp: meta.creationTimestamp,
  };
  if (!isNamespaceAllowed(gateway.allowedListeners, gateway.ref.namespace, meta.namespace, lookup)) {
    const notAllowed = notAllowedMessage(gateway);
    const conditions = bothFalse({ reason: 'NotAllowed', message: notAllowed }, meta.generation);
    return { ...base, notAllowed, listeners: [], conditions, secrets: [] };
  }
  const conflicts = listenerConflicts(set.listeners);
  const overlapping = overlappingTlsListeners(set.listeners);
  const bindings = portBindings(isAccepted(gateway) ? gateway.addressGroups : NOWHERE);
  const listeners = set.listeners.map((listener, index) =>
    evaluateListener(listener, {
      parent: ref,
      generation: meta.generation,
      conflict: conflicts.get(index),
      overlapsTls: overlapping.has(index),
      bindings: bindings.of(listener.port),
      lookup,
      refusal: index < MAX_LISTENERS ? portRefusal(listener, config) : TOO_MANY,
      ...(isAccepted(gateway) ? {} : { unbound: 'The Gateway is not accepted; see its status.' }),
    }),
  );
  return {
    ...base,
    notAllowed: undefined,
    listeners,
    conditions: setConditions(listeners, gateway, meta.generation),
    secrets: referencedSecrets(set.listeners, ref, lookup),
  };
}

/** Whether a ListenerSet's parent is of the one kind that may be ours. */
export function isGatewayRef({ group, kind }: ListenerSet['parentRef']): boolean {
  return group === GATEWAY_GROUP && kind === 'Gateway';
}

const NOWHERE: readonly (readonly string[])[] = [];

const TOO_MANY: ListenerProblem = {
  reason: 'TooManyListeners',
  message: `A ListenerSet has at most ${MAX_LISTENERS} listeners.`,
};

function notAllowedMessage({ ref, allowedListeners }: GatewayModel): string {
  const problem = fromNamespacesProblem(allowedListeners);
  const gateway = `Gateway ${ref.namespace}/${ref.name}`;
  if (problem !== undefined)
    return `${gateway} allows no ListenerSet: allowedListeners.namespaces.${problem}.`;
  if (allowedListeners.from === 'None') return `${gateway} allows no ListenerSet (allowedListeners).`;
  return `${gateway} allows no ListenerSet of this namespace (allowedListeners).`;
}

/** Whatever the protocol: what opens no port in Envoy still takes it from younger sets (ProtocolConflict). */
function portRefusal(
  { port }: GatewayListener,
  { listenerSetPorts }: GatewayConfig,
): ListenerProblem | undefined {
  if (listenerSetPorts.length === 0 || listenerSetPorts.includes(port)) return undefined;
  const ports = listing(listenerSetPorts.map(String));
  const message = `The operator lets ListenerSets use certain ports only (--listener-set-port), not ${port}: ${ports}.`;
  return { reason: 'PortUnavailable', message };
}

/**
 * "Accepted and Programmed conditions, when surfacing details about listeners, MUST only summarize the status.listeners
 * conditions that are exclusive to the ListenerSet. An exception to this is when the parent Gateway's Accepted or
 * Programmed conditions transition to False." One valid listener is enough.
 */
export function setConditions(
  listeners: readonly ListenerModel[],
  gateway: Pick<GatewayModel, 'conditions'>,
  generation: number,
): readonly Condition[] {
  if (!isAccepted(gateway)) {
    const message = 'The Gateway is not accepted; see its status.';
    return [
      condition('Accepted', false, 'ParentNotAccepted', message, generation),
      condition('Programmed', false, 'ParentNotProgrammed', message, generation),
    ];
  }
  const invalid = listeners.filter((listener) => !isValid(listener));
  const message =
    listeners.length === 0
      ? 'The ListenerSet has no listener.'
      : `Not valid: ${listing(invalid.map(named))}.`;
  if (invalid.length === listeners.length)
    return bothFalse({ reason: 'ListenersNotValid', message }, generation);
  const accepted =
    invalid.length > 0
      ? condition('Accepted', true, 'ListenersNotValid', message, generation)
      : condition('Accepted', true, 'Accepted', 'The ListenerSet is valid.', generation);
  return [accepted, programmedCondition(listeners, gateway, generation)];
}

function programmedCondition(
  listeners: readonly ListenerModel[],
  gateway: Pick<GatewayModel, 'conditions'>,
  generation: number,
): Condition {
  const ofGateway = gateway.conditions.find(({ type }) => type === 'Programmed');
  if (ofGateway?.status !== 'True') {
    const message = 'The Gateway is not programmed; see its status.';
    return condition('Programmed', false, 'ParentNotProgrammed', message, generation);
  }
  const message = listeners.some(({ bindings }) => bindings.length > 0)
    ? 'The listeners with TLS passthrough are configured in Envoy.'
    : 'No listener is for TLS passthrough: nothing is configured in Envoy.';
  return condition('Programmed', true, 'Programmed', message, generation);
}

export function bothFalse({ reason, message }: ListenerProblem, generation: number): readonly Condition[] {
  return [
    condition('Accepted', false, reason, message, generation),
    condition('Programmed', false, reason, message, generation),
  ];
}

/** What is wrong with its certificates leaves nothing of a listener, but a kind of routes does. */
function isValid(listener: ListenerModel): boolean {
  return isAccepted(listener) && badReferences(listener) === undefined;
}

function badReferences({ conditions }: ListenerModel): Condition | undefined {
  return conditions.find(
    ({ type, status, reason }) =>
      type === 'ResolvedRefs' && status === 'False' && reason !== 'InvalidRouteKinds',
  );
}

function named(listener: ListenerModel): string {
  const bad = isAccepted(listener) ? badReferences(listener) : listener.conditions[0];
  return `${listener.name} (${bad?.reason ?? ''})`;
}
