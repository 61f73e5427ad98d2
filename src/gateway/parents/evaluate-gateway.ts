import type { Condition } from '../../model/conditions.ts';
import { condition } from '../../model/conditions.ts';
import { refOf } from '../../model/events.ts';
import type { GatewayModel, ListenerModel } from '../../model/gateway.ts';
import type { Gateway } from '../../model/objects.ts';
import type { GatewayConfig } from '../config.ts';
import type { Lookup } from '../lookup.ts';
import { listing } from '../values/listing.ts';
import type { GatewayAddresses } from './bindings.ts';
import { gatewayAddresses, portBindings } from './bindings.ts';
import { referencedSecrets } from './certificate-refs.ts';
import { isOurGatewayClass, parametersProblem } from './gateway-class.ts';
import { gatewayPolicy } from './gateway-policy.ts';
import { evaluateListener } from './listener.ts';
import { listenerConflicts, overlappingTlsListeners } from './listener-conflicts.ts';

/**
 * What a Gateway means: its listeners, where each is bound, and all conditions. `undefined` where its class is
 * not ours. Programmed says "would be programmed"; whoever writes status adds what Envoy acknowledged.
 */
export function evaluateGateway(
  gateway: Gateway,
  lookup: Lookup,
  config: GatewayConfig,
): GatewayModel | undefined {
  if (!isOurGatewayClass(gateway.gatewayClassName, lookup, config)) return undefined;
  const ref = refOf(gateway);
  const refusal = refusalOf(gateway, lookup, config);
  const addresses =
    refusal === undefined
      ? gatewayAddresses(gateway, config, lookup.poolAddress(ref.namespace, ref.name))
      : NOWHERE;
  const conflicts = listenerConflicts(gateway.listeners);
  const overlapping = overlappingTlsListeners(gateway.listeners);
  const bindings = portBindings(addresses.groups);
  const policy = gatewayPolicy(gateway, config);
  const listeners = gateway.listeners.map((listener, index) => {
    return evaluateListener(listener, {
      parent: ref,
      generation: gateway.meta.generation,
      conflict: conflicts.get(index),
      overlapsTls: overlapping.has(index),
      bindings: bindings.of(listener.port),
      lookup,
    });
  });
  return {
    ref,
    gateway: ref,
    isShared: gateway.allowedListeners.from !== 'None',
    notAllowed: undefined,
    wildcardClaims: policy.wildcardClaims,
    closeOnDelete: policy.closeOnDelete,
    generation: gateway.meta.generation,
    listeners,
    conditions: [
      ...gatewayConditions(gateway, refusal, addresses, listeners, config),
      ...(policy.condition === undefined ? [] : [policy.condition]),
    ],
    secrets: referencedSecrets(gateway.listeners, ref, lookup),
    allowedListeners: gateway.allowedListeners,
    addressGroups: addresses.groups,
    addresses: addresses.groups.flat(),
    isMerged: addresses.isMerged,
  };
}

const NOWHERE: GatewayAddresses = {
  groups: [],
  unsupported: [],
  unusable: [],
  unassigned: false,
  isMerged: false,
};
const NOT_ALLOWED =
  'The operator serves Gateways of certain namespaces only (--gateway-namespace), not of this one.';

/** Whether Gateways of the namespace are served at all. */
export function isServedNamespace(namespace: string, { gatewayNamespaces }: GatewayConfig): boolean {
  return gatewayNamespaces.length === 0 || gatewayNamespaces.includes(namespace);
}

/** Why the Gateway is not served as a whole. */
function refusalOf(gateway: Gateway, lookup: Lookup, config: GatewayConfig): Condition | undefined {
  const { generation, namespace } = gateway.meta;
  if (!isServedNamespace(namespace, config))
    return condition('Accepted', false, 'NamespaceNotAllowed', NOT_ALLOWED, generation);
  const problem = parametersProblem(gateway, lookup);
  return problem === undefined
    ? undefined
    : condition('Accepted', false, 'InvalidParameters', problem, generation);
}

function gatewayConditions(
  gateway: Gateway,
  refusal: Condition | undefined,
  addresses: GatewayAddresses,
  listeners: readonly ListenerModel[],
  config: GatewayConfig,
): readonly Condition[] {
  const generation = gateway.meta.generation;
  const accepted = refusal ?? acceptedCondition(addresses, listeners, generation);
  return [accepted, programmedCondition(accepted, addresses, listeners, generation, config)];
}

/**
 * "At least one distinct Listener MUST be present, or else the Gateway ... must be rejected from processing as a
 * whole"; with some bad listeners it is accepted with the reason ListenersNotValid.
 */
function acceptedCondition(
  addresses: GatewayAddresses,
  listeners: readonly ListenerModel[],
  generation: number,
): Condition {
  if (addresses.unsupported.length > 0) {
    const message = `Only addresses of type IPAddress are supported, not ${listing(addresses.unsupported)}.`;
    return condition('Accepted', false, 'UnsupportedAddress', message, generation);
  }
  const refused = listeners.filter((listener) => !isAccepted(listener));
  if (refused.length > 0 || listeners.length === 0) {
    const reasons = refused.map((listener) => `${listener.name} (${listener.conditions[0]?.reason ?? ''})`);
    const message =
      listeners.length === 0 ? 'The Gateway has no listener.' : `Not accepted: ${listing(reasons)}.`;
    return condition('Accepted', refused.length < listeners.length, 'ListenersNotValid', message, generation);
  }
  return condition('Accepted', true, 'Accepted', 'The Gateway is valid.', generation);
}

function programmedCondition(
  accepted: Condition,
  addresses: GatewayAddresses,
  listeners: readonly ListenerModel[],
  generation: number,
  config: GatewayConfig,
): Condition {
  if (accepted.status !== 'True')
    return condition('Programmed', false, 'Invalid', accepted.message, generation);
  if (addresses.unassigned) {
    const message =
      config.addressPool.length === 0
        ? 'An address without a value asks for one to be assigned, and there is no --address-pool.'
        : 'No address is left in the --address-pool.';
    return condition('Programmed', false, 'AddressNotAssigned', message, generation);
  }
  if (addresses.unusable.length > 0 || addresses.groups.length === 0) {
    const message = `No listener can be bound to ${listing(addresses.unusable)}: not an IP address of a host.`;
    return condition('Programmed', false, 'AddressNotUsable', message, generation);
  }
  const isServed = listeners.some(({ bindings }) => bindings.length > 0);
  const message = isServed
    ? 'The listeners with TLS passthrough are configured in Envoy.'
    : 'No listener is for TLS passthrough: nothing is configured in Envoy.';
  return condition('Programmed', true, 'Programmed', message, generation);
}

export function isAccepted({ conditions }: Pick<ListenerModel, 'conditions'>): boolean {
  return conditions.some(({ type, status }) => type === 'Accepted' && status === 'True');
}
