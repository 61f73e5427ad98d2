import type { GatewayModel, ListenerSetModel, ParentListeners, RouteModel } from '../../model/gateway.ts';
import type { ObjectKey } from '../../model/key.ts';
import type { Kind, ObjectOfKind } from '../../model/objects.ts';
import type { ParentStatus } from './status.ts';

/** What statuses are made of: the objects of the world, and what the evaluation made of them. The engine has it. */
export interface Evaluated {
  readonly world: {
    get<K extends Kind>(kind: K, namespace: string, name: string): ObjectOfKind<K> | undefined;
  };
  /** `undefined` where it does not exist or is not ours; so are the next two. */
  gateway(namespace: string, name: string): GatewayModel | undefined;
  listenerSet(namespace: string, name: string): ListenerSetModel | undefined;
  /** By object key. */
  route(key: ObjectKey): RouteModel | undefined;
  /** By object key: once it is known which hosts other routes won. */
  routeStatus(key: ObjectKey): readonly ParentStatus[];
  /** Accepted routes that are attached to a listener. */
  attachedRoutes(parent: ParentListeners, listener: string): number;
  attachedListenerSets(gateway: GatewayModel): number;
}
