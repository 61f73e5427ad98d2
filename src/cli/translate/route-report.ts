import type { GatewayConfig } from '../../gateway/config.ts';
import { type Classes, unclaimedGateway, unclaimedIngress } from '../../gateway/explain/explain-class.ts';
import { unservedListener } from '../../gateway/parents/unserved-listener.ts';
import { refOf } from '../../model/events.ts';
import type { Claim, RouteModel, ServiceTarget } from '../../model/gateway.ts';
import { objectKey } from '../../model/key.ts';
import { GATEWAY_GROUP } from '../../model/kinds.ts';
import type { Gateway, Ingress, TlsRoute, UnservedRoute } from '../../model/objects.ts';
import type { Engine } from '../../snapshot/engine/engine.ts';
import type { World } from '../../snapshot/world/world.ts';

/** What a route's table row says beside its conditions. */
export interface RouteExplanation {
  /** Why the route is none of ours; `undefined` where it is. */
  readonly unclaimed: string | undefined;
  /** Endpoints of all that the route serves; `undefined` where it serves nothing. */
  readonly endpoints: number | undefined;
  /** Why accepted parts of it are not served, beside what its conditions say. */
  readonly notes: readonly string[];
}

export function explainRoute(
  engine: Engine,
  route: TlsRoute | Ingress | UnservedRoute,
  config: GatewayConfig,
): RouteExplanation {
  const model = engine.route(objectKey(refOf(route)));
  if (model === undefined) {
    const unclaimed =
      route.kind === 'Ingress'
        ? unclaimedIngress(route, classesOf(engine.world), config)
        : unclaimedRoute(engine, route, config);
    return { unclaimed, endpoints: undefined, notes: [] };
  }
  const claims = engine.servedClaims(model);
  const { count, notes } = endpointsOf(engine, claims);
  return {
    unclaimed: undefined,
    endpoints: claims.length === 0 ? undefined : count,
    notes: [...unservedListeners(engine, model), ...notes],
  };
}

export function unclaimedReason(engine: Engine, gateway: Gateway, config: GatewayConfig): string | undefined {
  return unclaimedGateway(gateway, classesOf(engine.world), config);
}

/** The endpoints that claims lead to, of each Service once. */
function endpointsOf(
  engine: Engine,
  claims: readonly Claim[],
): { readonly count: number; readonly notes: readonly string[] } {
  const targets = new Map<string, ServiceTarget>();
  for (const { target } of claims.flatMap(({ backends }) => backends))
    if (target !== undefined) targets.set(`${target.namespace}/${target.service}/${target.port}`, target);
  const explained = [...targets.values()].map((target) => engine.explainTarget(target));
  return {
    count: explained.reduce((sum, { count }) => sum + count, 0),
    notes: explained.flatMap(({ note }) => note ?? []),
  };
}

function classesOf(world: World): Classes {
  return {
    gatewayClass: (name) => world.get('GatewayClass', '', name),
    ingressClass: (name) => world.get('IngressClass', '', name),
    defaultIngressClass: () => world.defaultIngressClass(),
    gatewayClasses: () => world.all('GatewayClass'),
    ingressClasses: () => world.all('IngressClass'),
  };
}

function unclaimedRoute(engine: Engine, route: TlsRoute | UnservedRoute, config: GatewayConfig): string {
  const reasons = route.parentRefs
    .filter(({ group, kind }) => group === GATEWAY_GROUP && (kind === 'Gateway' || kind === 'ListenerSet'))
    .map((ref) => {
      const namespace = ref.namespace ?? route.meta.namespace;
      if (ref.kind === 'ListenerSet') return unclaimedListenerSet(engine.world, namespace, ref.name);
      const gateway = engine.world.get('Gateway', namespace, ref.name);
      if (gateway === undefined) return `there is no Gateway ${namespace}/${ref.name}`;
      return `Gateway ${namespace}/${ref.name} is left alone: ${unclaimedReason(engine, gateway, config) ?? ''}`;
    });
  return reasons.length === 0
    ? 'no parentRef of it is a Gateway or a ListenerSet'
    : [...new Set(reasons)].join('; ');
}

function unclaimedListenerSet(world: World, namespace: string, name: string): string {
  const isThere = world.get('ListenerSet', namespace, name) !== undefined;
  return isThere
    ? `ListenerSet ${namespace}/${name} is for no Gateway of Sluice's`
    : `there is no ListenerSet ${namespace}/${name}`;
}

/** Listeners that take the route and are not served themselves, each with its own words, where no condition has them. */
function unservedListeners(engine: Engine, model: RouteModel): readonly string[] {
  const messages = model.parents.flatMap(({ conditions }) => conditions.map(({ message }) => message));
  const notes = new Set<string>();
  for (const { parent: ref, listener: name } of model.parents.flatMap(({ attached }) => attached)) {
    const parent =
      ref.kind === 'ListenerSet'
        ? engine.listenerSet(ref.namespace, ref.name)
        : engine.gateway(ref.namespace, ref.name);
    const listener = parent?.listeners.find((each) => each.name === name);
    if (parent === undefined || listener === undefined || listener.bindings.length > 0) continue;
    const note = unservedListener(listener, parent);
    if (!messages.some((message) => message.includes(note))) notes.add(note);
  }
  return [...notes];
}
