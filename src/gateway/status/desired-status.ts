import { type Condition, condition } from '../../model/conditions.ts';
import type {
  DesiredGateway,
  DesiredGatewayClass,
  DesiredIngress,
  DesiredListenerSet,
  DesiredParent,
  DesiredRoute,
  DesiredStatus,
} from '../../model/desired-status.ts';
import type { ObjectRef } from '../../model/events.ts';
import type { FleetView, RejectedHost } from '../../model/fleet.ts';
import type { ParentListeners, RouteModel } from '../../model/gateway.ts';
import { type ObjectKey, objectKey } from '../../model/key.ts';
import { CONTROLLER_NAME } from '../../model/names.ts';
import type { ListenerSet } from '../../model/objects.ts';
import type { GatewayConfig } from '../config.ts';
import { ingressBindings } from '../parents/bindings.ts';
import { isGatewayRef } from '../parents/evaluate-listener-set.ts';
import { evaluateGatewayClass } from '../parents/gateway-class.ts';
import { NO_PASSTHROUGH } from '../routes/ingress-annotations.ts';
import { listing } from '../values/listing.ts';
import { publishedAddresses } from './addresses.ts';
import type { Evaluated } from './evaluated.ts';
import { type ProgrammedListeners, programmedStatus } from './programmed.ts';
import { withRejected } from './rejected.ts';
import { gatewayStatus, type ListenerSetStatus, listenerSetStatus } from './status.ts';

/** What statuses depend on besides the objects. */
export interface StatusInputs {
  readonly config: GatewayConfig;
  /** `--gateway-address` */
  readonly gatewayAddresses: readonly string[];
  /** The addresses of the gateway nodes whose Envoy serves. */
  readonly nodeAddresses: () => readonly string[];
  /** Gateway nodes without an Envoy. */
  readonly missingNodes: () => readonly string[];
  /** Version of the listener of a binding; `undefined` where there is none. */
  readonly listenerVersion: (binding: string) => string | undefined;
  /** Hosts of a route, by its object key, that Envoys rejected as they are now. */
  readonly rejectedHosts: (key: ObjectKey) => readonly RejectedHost[];
  readonly fleet: FleetView;
}

/** What was wanted of an object's status before: only we know, for the status does not say whose it is. */
export interface Published {
  /** A ListenerSet has a status of ours, an Ingress addresses of ours. */
  readonly isOurs: boolean;
  readonly programmed: ProgrammedListeners;
}

const NOT_PROGRAMMED: ProgrammedListeners = new Map();
export const UNPUBLISHED: Published = { isOurs: false, programmed: NOT_PROGRAMMED };
const OURS: Published = { isOurs: true, programmed: NOT_PROGRAMMED };

export interface Desired {
  readonly status: DesiredStatus;
  /** What was published of the object, for the next evaluation of its status. */
  readonly published: Published;
}

/** What the status of an object should say; `undefined` where it is none of ours or not there. */
export function desiredStatus(
  evaluated: Evaluated,
  { kind, namespace, name }: ObjectRef,
  inputs: StatusInputs,
  before: Published = UNPUBLISHED,
): Desired | undefined {
  switch (kind) {
    case 'GatewayClass':
      return unpublished(desiredGatewayClass(evaluated, name, inputs));
    case 'Gateway':
      return desiredGateway(evaluated, namespace, name, inputs, before);
    case 'ListenerSet':
      return desiredListenerSet(evaluated, namespace, name, inputs, before);
    case 'TLSRoute':
    case 'HTTPRoute':
    case 'GRPCRoute':
    case 'TCPRoute':
    case 'UDPRoute':
      return unpublished(desiredRoute(evaluated, kind, namespace, name, inputs));
    case 'Ingress':
      return desiredIngress(evaluated, namespace, name, inputs, before);
    default:
      return undefined;
  }
}

function unpublished(status: DesiredStatus | undefined): Desired | undefined {
  return status && { status, published: UNPUBLISHED };
}

function desiredGatewayClass(
  { world }: Evaluated,
  name: string,
  { config }: StatusInputs,
): DesiredGatewayClass | undefined {
  const object = world.get('GatewayClass', '', name);
  const evaluated = object && evaluateGatewayClass(object, config);
  if (object === undefined || evaluated === undefined) return undefined;
  return {
    kind: 'GatewayClass',
    uid: object.meta.uid,
    conditions: evaluated.conditions,
    supportedFeatures: supportedFeatures(config),
    isAdopted: object.controllerName !== CONTROLLER_NAME,
  };
}

/**
 * Features of the Gateway API (sigs.k8s.io/gateway-api/pkg/features) that Sluice has as it is configured; sorted, as the
 * API wants it. The conformance suite tests what is claimed here.
 */
function supportedFeatures({ addressPool }: GatewayConfig): readonly string[] {
  return [
    'Gateway',
    ...(addressPool.length > 0 ? ['GatewayAddressEmpty'] : []),
    'GatewayRouteHostnameIntersectionPrecedence',
    'GatewayStaticAddresses',
    'ListenerSet',
    'ReferenceGrant',
    'TLSRoute',
  ];
}

function desiredGateway(
  evaluated: Evaluated,
  namespace: string,
  name: string,
  inputs: StatusInputs,
  before: Published,
): Desired | undefined {
  const object = evaluated.world.get('Gateway', namespace, name);
  const model = evaluated.gateway(namespace, name);
  if (object === undefined || model === undefined) return undefined;
  const status = gatewayStatus(model, (listener) => evaluated.attachedRoutes(model, listener));
  const { programmed, ...asProgrammed } = inForce(model, status, inputs, before);
  const desired: DesiredGateway = {
    kind: 'Gateway',
    uid: object.meta.uid,
    addresses: addressesOf(model.addresses, model.isMerged, inputs),
    ...asProgrammed,
    conditions: withMissingNodes(asProgrammed.conditions, inputs),
    attachedListenerSets: evaluated.attachedListenerSets(model),
    tentative: inputs.fleet.tentative,
    isAdopted: isAdopted(evaluated, object.gatewayClassName),
  };
  return { status: desired, published: { isOurs: true, programmed } };
}

function desiredListenerSet(
  evaluated: Evaluated,
  namespace: string,
  name: string,
  inputs: StatusInputs,
  before: Published,
): Desired | undefined {
  const object = evaluated.world.get('ListenerSet', namespace, name);
  if (object === undefined) return undefined;
  const model = evaluated.listenerSet(namespace, name);
  if (model === undefined) {
    const orphan = before.isOurs ? orphanedListenerSet(evaluated, object) : undefined;
    return orphan && { status: orphan, published: OURS };
  }
  const status = listenerSetStatus(model, (listener) => evaluated.attachedRoutes(model, listener));
  const { programmed, ...asProgrammed } = inForce(model, status, inputs, before);
  const desired: DesiredListenerSet = {
    kind: 'ListenerSet',
    uid: object.meta.uid,
    ...asProgrammed,
    tentative: inputs.fleet.tentative,
    isAdopted: isAdopted(evaluated, classOf(evaluated, { kind: 'ListenerSet', namespace, name })),
  };
  return { status: desired, published: { isOurs: true, programmed } };
}

/**
 * A ListenerSet whose Gateway has gone is nobody's, and what we said of it is not true any more. One that names a parent of
 * another kind now is another controller's, who writes its status.
 */
function orphanedListenerSet(
  { world }: Evaluated,
  { meta, parentRef }: ListenerSet,
): DesiredListenerSet | undefined {
  if (!isGatewayRef(parentRef)) return undefined;
  const namespace = parentRef.namespace ?? meta.namespace;
  if (world.get('Gateway', namespace, parentRef.name) !== undefined) return undefined;
  const message = `There is no Gateway ${namespace}/${parentRef.name}.`;
  return {
    kind: 'ListenerSet',
    uid: meta.uid,
    conditions: [
      condition('Accepted', false, 'ParentNotAccepted', message, meta.generation),
      condition('Programmed', false, 'ParentNotProgrammed', message, meta.generation),
    ],
    listeners: [],
    tentative: false,
  };
}

/** A status with `Programmed` as Envoy has it. */
function inForce(
  model: ParentListeners,
  status: ListenerSetStatus,
  { fleet, listenerVersion }: StatusInputs,
  { programmed }: Published,
) {
  const listeners = status.listeners.map((listener) => ({
    ...listener,
    bindings: bindingNames(model, listener.name),
  }));
  return programmedStatus(
    { conditions: status.conditions, listeners },
    (binding) => fleet.acknowledgementOf(binding, listenerVersion(binding)),
    fleet,
    programmed,
  );
}

/** What is programmed on some nodes is not on those without an Envoy, and clients may be sent there. */
function withMissingNodes(
  conditions: readonly Condition[],
  { fleet, missingNodes }: StatusInputs,
): readonly Condition[] {
  const missing = fleet.tentative ? [] : missingNodes();
  if (missing.length === 0) return conditions;
  const text = `No Envoy is connected of these gateway nodes: ${listing(missing)}.`;
  return conditions.map((each) =>
    each.type === 'Programmed' ? { ...each, message: `${each.message} ${text}` } : each,
  );
}

/** Of several listeners of one name the first counts, as in the status. */
function bindingNames(model: ParentListeners, listener: string): readonly string[] {
  const found = model.listeners.find(({ name }) => name === listener);
  return found?.bindings.map(({ name }) => name) ?? [];
}

function desiredRoute(
  evaluated: Evaluated,
  kind: DesiredRoute['kind'],
  namespace: string,
  name: string,
  { config, rejectedHosts }: StatusInputs,
): DesiredRoute | undefined {
  const object = evaluated.world.get(kind, namespace, name);
  if (object === undefined) return undefined;
  const key = objectKey({ kind, namespace, name });
  const parents = withRejected(evaluated.routeStatus(key), rejectedHosts(key), object.meta.generation);
  return {
    kind,
    uid: object.meta.uid,
    parents: parents.flatMap(({ parentRef, conditions }): DesiredParent | readonly [] => {
      if (parentRef === undefined) return [];
      const className = classOf(evaluated, { ...parentRef, namespace: parentRef.namespace ?? namespace });
      return {
        parentRef,
        controllerName: controllerName(evaluated, className, config),
        conditions,
        isAdopted: isAdopted(evaluated, className),
      };
    }),
    controllerNames: config.controllerNames,
  };
}

/** The class of a Gateway, or of a ListenerSet's. */
function classOf(
  evaluated: Evaluated,
  { kind, namespace, name }: { readonly kind: string; readonly namespace: string; readonly name: string },
): string {
  const gateway =
    kind === 'ListenerSet' ? evaluated.listenerSet(namespace, name)?.gateway : { namespace, name };
  const object = gateway && evaluated.world.get('Gateway', gateway.namespace, gateway.name);
  return object?.gatewayClassName ?? '';
}

/** "ControllerName is a domain/path string that indicates the name of the controller that wrote this status": the class's. */
function controllerName({ world }: Evaluated, className: string, { controllerNames }: GatewayConfig): string {
  // A class that was adopted by its name has no object.
  return world.get('GatewayClass', '', className)?.controllerName ?? controllerNames[0] ?? '';
}

/** A class that was adopted by its name has no object; whose it is nobody knows. */
function isAdopted({ world }: Evaluated, className: string): boolean {
  return world.get('GatewayClass', '', className)?.controllerName !== CONTROLLER_NAME;
}

function desiredIngress(
  evaluated: Evaluated,
  namespace: string,
  name: string,
  inputs: StatusInputs,
  before: Published,
): Desired | undefined {
  const key = objectKey({ kind: 'Ingress', namespace, name });
  const object = evaluated.world.get('Ingress', namespace, name);
  const isRoute = isAsking(evaluated.route(key));
  if (object === undefined || (!isRoute && !before.isOurs)) return undefined;
  const isServed = evaluated.routeStatus(key).some(({ accepted }) => accepted);
  const bound = ingressBindings(inputs.config).flatMap((binding) => binding.addresses);
  const addresses = isServed ? addressesOf(bound, true, inputs) : [];
  const desired: DesiredIngress = {
    kind: 'Ingress',
    uid: object.meta.uid,
    addresses,
    tentative: isServed && inputs.fleet.tentative,
  };
  return { status: desired, published: addresses.length > 0 ? OURS : before };
}

/** One that asks for no passthrough may have the address of a controller that serves it. */
function isAsking(route: RouteModel | undefined): boolean {
  return route?.parents.some(({ conditions }) => conditions[0]?.reason !== NO_PASSTHROUGH) ?? false;
}

function addressesOf(
  bound: readonly string[],
  isMerged: boolean,
  { gatewayAddresses: configured, nodeAddresses }: StatusInputs,
): readonly string[] {
  return publishedAddresses(bound, isMerged, { configured, nodes: nodeAddresses() });
}
