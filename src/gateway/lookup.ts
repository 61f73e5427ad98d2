import type { ObjectRef } from '../model/events.ts';
import type { GatewayModel, ListenerRef, ListenerSetModel } from '../model/gateway.ts';
import type {
  GatewayClass,
  IngressClass,
  Namespace,
  ReferenceGrant,
  Secret,
  Service,
} from '../model/objects.ts';

/**
 * How an evaluation reads other objects. The engine records each call as a dependency, found or not, and
 * evaluates again when that object changes; so nothing may be asked for that is not needed, and nothing that
 * was returned may be kept.
 */
export interface Lookup {
  gatewayClass(name: string): GatewayClass | undefined;
  ingressClass(name: string): IngressClass | undefined;
  /** The IngressClass of Ingresses that name none. */
  defaultIngressClass(): IngressClass | undefined;
  /** `undefined` where it does not exist or is not ours. */
  gateway(namespace: string, name: string): GatewayModel | undefined;
  /** `undefined` where it does not exist or its Gateway is not ours. */
  listenerSet(namespace: string, name: string): ListenerSetModel | undefined;
  /**
   * The listener whose this very hostname (`*`: none) is on a port of a Gateway: its own, or one of its ListenerSets'. Only
   * of a Gateway that allows those.
   */
  listenerOn(gateway: ObjectRef, port: number, hostname: string): ListenerRef | undefined;
  /** The address of the pool that is assigned to a Gateway; `undefined` where it asks for none, or none is left. */
  poolAddress(namespace: string, name: string): string | undefined;
  namespace(name: string): Namespace | undefined;
  service(namespace: string, name: string): Service | undefined;
  /** What is known of a Secret; `undefined` where nothing is. */
  secret(namespace: string, name: string): Secret | undefined;
  /** The grants that lie in `namespace`, the namespace that is referred to. */
  referenceGrants(namespace: string): readonly ReferenceGrant[];
}
