import { missingParents } from '../../gateway/status/missing-parents.ts';
import {
  gatewayStatus,
  type ListenerStatus,
  listenerSetStatus,
  type ParentStatus,
} from '../../gateway/status/status.ts';
import { type Condition, isBadNews, SERVING_CONDITION } from '../../model/conditions.ts';
import type { DesiredRoute } from '../../model/desired-status.ts';
import { type ObjectRef, refOf, type SourceProblem } from '../../model/events.ts';
import { objectKey } from '../../model/key.ts';
import { UNSERVED_ROUTE_KINDS } from '../../model/kinds.ts';
import type { Ingress, TlsRoute, UnservedRoute } from '../../model/objects.ts';
import type { Engine } from '../../snapshot/engine/engine.ts';

export interface GatewayOutcome {
  readonly gateway: string;
  readonly conditions: readonly Condition[];
  readonly listeners: readonly ListenerStatus[];
  /** Where there are any. */
  readonly attachedListenerSets?: number;
}

export interface ListenerSetOutcome {
  readonly listenerSet: string;
  /** The Gateway that it is for, `namespace/name`. */
  readonly gateway: string;
  readonly conditions: readonly Condition[];
  readonly listeners: readonly ListenerStatus[];
}

export interface RouteOutcome {
  /** `TLSRoute namespace/name`, or of another kind. */
  readonly route: string;
  /** What it serves, lost hosts left out. */
  readonly hosts: readonly string[];
  /** Empty where it is not for Sluice: of another class, or an Ingress that does not ask for passthrough. */
  readonly parents: readonly {
    /** `namespace/name`, behind `ListenerSet` for one, with `/section` and `:port` where given; `-` for an Ingress. */
    readonly parent: string;
    readonly accepted: boolean;
    readonly conditions: readonly Condition[];
  }[];
}

/** What manifests became: everything with conditions, in a stable order. */
export interface Outcome {
  readonly problems: readonly SourceProblem[];
  readonly gateways: readonly GatewayOutcome[];
  /** Of Gateways of ours. */
  readonly listenerSets: readonly ListenerSetOutcome[];
  readonly routes: readonly RouteOutcome[];
  /** Whether all of it is accepted, resolved and without a problem. */
  readonly accepted: boolean;
}

export function outcomeOf(engine: Engine, problems: readonly SourceProblem[]): Outcome {
  const gateways = [...engine.gateways()]
    .map((model): GatewayOutcome => {
      const { conditions, listeners } = gatewayStatus(model, (name) => engine.attachedRoutes(model, name));
      const attached = engine.attachedListenerSets(model);
      const more = attached > 0 ? { attachedListenerSets: attached } : {};
      return { gateway: nameOf(model.ref), conditions, listeners, ...more };
    })
    .sort((a, b) => (a.gateway < b.gateway ? -1 : 1));
  const listenerSets = [...engine.listenerSets()]
    .map((model): ListenerSetOutcome => {
      const status = listenerSetStatus(model, (name) => engine.attachedRoutes(model, name));
      return { listenerSet: nameOf(model.ref), gateway: nameOf(model.gateway), ...status };
    })
    .sort((a, b) => (a.listenerSet < b.listenerSet ? -1 : 1));
  const routes = [...reportedRoutes(engine)]
    .map((route) => routeOutcome(engine, route.kind, route.meta.namespace, route.meta.name))
    .sort((a, b) => (a.route < b.route ? -1 : 1));
  const conditions = [
    ...[...gateways, ...listenerSets].flatMap((each) => [
      each.conditions,
      ...each.listeners.map((listener) => listener.conditions),
    ]),
    ...routes.flatMap(({ parents }) => parents.map((parent) => parent.conditions)),
  ].flat();
  const accepted =
    problems.length === 0 &&
    // Manifests may well be without the endpoints that only a cluster has.
    !conditions.some((each) => each.type !== SERVING_CONDITION && isBadNews(each)) &&
    routes.every(({ parents }) => parents.every((parent) => parent.accepted));
  return { problems, gateways, listenerSets, routes, accepted };
}

/** All of the kinds that Sluice serves; of the others those that are on a Gateway of ours. */
export function* reportedRoutes(engine: Engine): Generator<TlsRoute | Ingress | UnservedRoute> {
  yield* engine.world.all('TLSRoute');
  yield* engine.world.all('Ingress');
  for (const kind of UNSERVED_ROUTE_KINDS)
    for (const route of engine.world.all(kind))
      if (engine.route(objectKey(refOf(route))) !== undefined) yield route;
}

function nameOf({ namespace, name }: ObjectRef): string {
  return `${namespace}/${name}`;
}

export function routeOutcome(
  engine: Engine,
  kind: DesiredRoute['kind'] | 'Ingress',
  namespace: string,
  name: string,
): RouteOutcome {
  const route = `${kind} ${namespace}/${name}`;
  const object = kind === 'TLSRoute' ? engine.world.get(kind, namespace, name) : undefined;
  const parentOf = ({ parentRef, accepted, conditions }: ParentStatus): RouteOutcome['parents'][number] => ({
    parent: parentName(parentRef, namespace),
    accepted,
    conditions,
  });
  const missing = object === undefined ? [] : missingParents(engine, object).map(parentOf);
  const model = engine.route(objectKey({ kind, namespace, name }));
  if (model === undefined) return { route, hosts: [], parents: missing };
  const served = engine.servedClaims(model);
  const parents = engine.routeStatus(objectKey(model.ref)).map(parentOf);
  return {
    route,
    hosts: [...new Set(served.map(({ host, binding }) => `${host}:${binding.port}`))].sort(),
    parents: [...parents, ...missing],
  };
}

function parentName(ref: ParentStatus['parentRef'], ownNamespace: string): string {
  if (ref === undefined) return '-';
  const section = ref.sectionName === undefined ? '' : `/${ref.sectionName}`;
  const port = ref.port === undefined ? '' : `:${ref.port}`;
  const kind = ref.kind === 'Gateway' ? '' : `${ref.kind} `;
  return `${kind}${ref.namespace ?? ownNamespace}/${ref.name}${section}${port}`;
}
