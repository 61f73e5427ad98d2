import type { Condition } from './conditions.ts';
import { UNSERVED_ROUTE_KINDS } from './kinds.ts';
import type { ParentReference, RouteGroupKind, UnservedRoute } from './objects.ts';

interface DesiredBase {
  /** `metadata.uid` of the object that was evaluated; a new object of the same name is another one. `''`: not known. */
  readonly uid: string;
  /** Its class is another controller's that Sluice has adopted, and that controller may write the same fields. */
  readonly isAdopted?: boolean;
}

export interface DesiredGatewayClass extends DesiredBase {
  readonly kind: 'GatewayClass';
  readonly conditions: readonly Condition[];
  /** Sorted by name, each once. */
  readonly supportedFeatures: readonly string[];
}

export interface DesiredListener {
  readonly name: string;
  readonly supportedKinds: readonly RouteGroupKind[];
  readonly attachedRoutes: number;
  readonly conditions: readonly Condition[];
}

export interface DesiredListenerSet extends DesiredBase {
  readonly kind: 'ListenerSet';
  readonly conditions: readonly Condition[];
  readonly listeners: readonly DesiredListener[];
  /** Not all Envoys have had the time to connect: nothing that was published is taken back yet. */
  readonly tentative: boolean;
}

export interface DesiredGateway extends Omit<DesiredListenerSet, 'kind'> {
  readonly kind: 'Gateway';
  /** `undefined`: those that are there stay. */
  readonly addresses: readonly string[] | undefined;
  readonly attachedListenerSets: number;
}

export interface DesiredParent {
  readonly parentRef: ParentReference;
  readonly controllerName: string;
  readonly conditions: readonly Condition[];
  /** As that of a Gateway, of the Gateway that is meant. */
  readonly isAdopted?: boolean;
}

export interface DesiredRoute extends DesiredBase {
  readonly kind: 'TLSRoute' | UnservedRoute['kind'];
  readonly parents: readonly DesiredParent[];
  /** Entries of these controllers are ours; one without a parent above is removed. */
  readonly controllerNames: readonly string[];
}

export interface DesiredIngress extends DesiredBase {
  readonly kind: 'Ingress';
  readonly addresses: readonly string[];
  readonly tentative: boolean;
}

/** What the status of an object should say, whatever it says now. */
export type DesiredStatus =
  | DesiredGatewayClass
  | DesiredGateway
  | DesiredListenerSet
  | DesiredRoute
  | DesiredIngress;

export type StatusKind = DesiredStatus['kind'];

/** In the order in which they are written after a start: Gateways first, for everything waits for them. */
export const STATUS_KINDS: readonly StatusKind[] = [
  'GatewayClass',
  'Gateway',
  'ListenerSet',
  'TLSRoute',
  'Ingress',
  ...UNSERVED_ROUTE_KINDS,
];
