import { refOf } from '../../model/events.ts';
import {
  DEFAULT_INGRESS_CLASS,
  type DependencyKey,
  grantsDependency,
  namespacedName,
  type ObjectKey,
  objectKey,
} from '../../model/key.ts';
import type { KubernetesObject } from '../../model/objects.ts';
import type { EndpointSetStage } from './endpoint-set-stage.ts';
import type { OwnAddresses } from './own-addresses.ts';
import type { Parents } from './parents.ts';
import type { RouteQueue } from './route-queue.ts';

/** The stages that a change of an object may reach directly. */
export interface MarkedStages {
  readonly parents: Parents;
  readonly routes: RouteQueue;
  readonly endpointSets: EndpointSetStage;
  readonly own: OwnAddresses;
  /** The status of an object, by its key, may differ. */
  readonly status: (key: ObjectKey) => void;
}

/** Marks what a changed object can reach; nothing is computed yet. `undefined`: it was, or is now, absent. */
export function markObject(
  before: KubernetesObject | undefined,
  after: KubernetesObject | undefined,
  stages: MarkedStages,
): void {
  const object = after ?? before;
  if (object === undefined) return;
  const { parents, routes, endpointSets, own, status } = stages;
  const ref = refOf(object);
  const { namespace, name } = ref;
  const key = objectKey(ref);
  switch (object.kind) {
    case 'Gateway':
      parents.markGateway(namespacedName(namespace, name));
      return;
    case 'ListenerSet':
      parents.markDependent(key);
      return;
    case 'TLSRoute':
    case 'HTTPRoute':
    case 'GRPCRoute':
    case 'TCPRoute':
    case 'UDPRoute':
    case 'Ingress':
      routes.mark(key);
      return;
    case 'EndpointSlice':
      for (const slice of [before, after])
        if (slice?.kind === 'EndpointSlice') endpointSets.markService(namespace, slice.serviceName);
      return;
    case 'Service':
      endpointSets.markService(namespace, name);
      break;
    case 'ReferenceGrant':
      markDependents(grantsDependency(namespace), stages);
      return;
    case 'IngressClass':
      markDependents(DEFAULT_INGRESS_CLASS, stages);
      break;
    case 'Node':
      own.mark();
      break;
    case 'GatewayClass':
      status(key);
      parents.markPool();
      break;
    default:
  }
  markDependents(key, stages);
}

/** Marks what has read the dependency when it was evaluated. */
export function markDependents(
  dependency: DependencyKey,
  { parents, routes }: Pick<MarkedStages, 'parents' | 'routes'>,
): void {
  for (const dependent of parents.evaluator.dependentsOf(dependency))
    if (!parents.markDependent(dependent)) routes.mark(dependent);
}
