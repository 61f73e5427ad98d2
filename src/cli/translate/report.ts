import type { GatewayConfig } from '../../gateway/config.ts';
import { isGatewayRef } from '../../gateway/parents/evaluate-listener-set.ts';
import type { SourceProblem } from '../../model/events.ts';
import { KINDS } from '../../model/kinds.ts';
import type { Engine } from '../../snapshot/engine/engine.ts';
import { type Outcome, outcomeOf, type RouteOutcome, reportedRoutes } from './outcome.ts';
import { explainRoute, type RouteExplanation, unclaimedReason } from './route-report.ts';

export interface RouteReport extends RouteOutcome, RouteExplanation {}

/** What `sluice translate` says of manifests: what became of ours, and why the others are left alone. */
export interface TranslationReport extends Outcome {
  readonly routes: readonly RouteReport[];
  /** Gateways that are not ours, and ListenerSets without a Gateway of ours, sorted. */
  readonly unclaimed: readonly { readonly gateway: string; readonly reason: string }[];
  /** Why nothing at all is translated; `undefined` where something is. */
  readonly nothing: string | undefined;
}

export function reportOf(
  engine: Engine,
  problems: readonly SourceProblem[],
  config: GatewayConfig,
): TranslationReport {
  const outcome = outcomeOf(engine, problems);
  const objects = new Map(
    [...reportedRoutes(engine)].map((route) => [
      `${route.kind} ${route.meta.namespace}/${route.meta.name}`,
      route,
    ]),
  );
  const routes = outcome.routes.flatMap((each): RouteReport[] => {
    const object = objects.get(each.route);
    return object === undefined ? [] : [{ ...each, ...explainRoute(engine, object, config) }];
  });
  const unclaimed = [...engine.world.all('Gateway')]
    .flatMap((gateway) => {
      const reason = unclaimedReason(engine, gateway, config);
      return reason === undefined
        ? []
        : [{ gateway: `${gateway.meta.namespace}/${gateway.meta.name}`, reason }];
    })
    .concat(unclaimedListenerSets(engine))
    .sort((a, b) => (a.gateway < b.gateway ? -1 : 1));
  const nothing = whyNothing(engine, outcome, routes, unclaimed.length);
  return { ...outcome, routes, unclaimed, nothing, accepted: outcome.accepted && nothing === undefined };
}

function unclaimedListenerSets(engine: Engine) {
  return [...engine.world.all('ListenerSet')].flatMap(({ meta: { namespace, name }, parentRef }) => {
    if (engine.listenerSet(namespace, name) !== undefined) return [];
    const parent = `${parentRef.namespace ?? namespace}/${parentRef.name}`;
    const listenerSet = `ListenerSet ${namespace}/${name}`;
    if (!isGatewayRef(parentRef)) {
      const reason = `its parent ${parentRef.kind} ${parent} (${parentRef.group}) is no Gateway`;
      return [{ gateway: listenerSet, reason }];
    }
    const isThere =
      engine.world.get('Gateway', parentRef.namespace ?? namespace, parentRef.name) !== undefined;
    const reason = isThere ? `Gateway ${parent} is left alone` : `there is no Gateway ${parent}`;
    return [{ gateway: listenerSet, reason }];
  });
}

function whyNothing(
  engine: Engine,
  { gateways }: Outcome,
  routes: readonly RouteReport[],
  unclaimed: number,
): string | undefined {
  if (KINDS.every((kind) => engine.world.count(kind) === 0)) return 'there are no manifests here';
  if (routes.length === 0 && gateways.length === 0 && unclaimed === 0) return undefined;
  if (gateways.length > 0 || routes.some((route) => route.unclaimed === undefined)) return undefined;
  return 'nothing here is for Sluice';
}
