import { type OverBudget, unserved } from '../../gateway/budgets/over-budget.ts';
import type { EndpointNews, RefusedEndpoint } from '../../gateway/endpoints/endpoints.ts';
import type { Reach } from '../../gateway/status/serving.ts';
import type { Claim, LostClaim, RouteModel } from '../../model/gateway.ts';
import { objectKey } from '../../model/key.ts';
import type { BindingHosts } from '../hosts/binding-hosts.ts';
import { CLUSTER_TYPE } from '../resources/resource.ts';
import type { ResourceTable } from '../resources/resource-table.ts';
import { NO_NEWS, type ResolvedEndpoints } from './resolved-endpoints.ts';

/** The claims that are none of the others. */
export function claimsWithout(
  claims: readonly Claim[],
  others: readonly { readonly claim: Claim }[],
): readonly Claim[] {
  if (others.length === 0) return claims;
  const left = new Set(others.map(({ claim }) => claim));
  return claims.filter((claim) => !left.has(claim));
}

/** The claims of a route that another route won, each with the winner; those that are over the budget contend for nothing. */
export function lostClaimsOf(
  route: RouteModel,
  bindings: ReadonlyMap<string, BindingHosts>,
  over: OverBudget | undefined,
): LostClaim[] {
  const lost: LostClaim[] = [];
  const key = objectKey(route.ref);
  const refused = over && new Set(unserved(over).map(({ claim }) => claim));
  for (const claim of route.claims) {
    if (refused?.has(claim) === true) continue;
    const winner = bindings.get(claim.binding.name)?.hosts.get(claim.host)?.contenders[0];
    if (winner !== undefined && winner.routeKey !== key) lost.push({ claim, winner: winner.route.ref });
  }
  return lost;
}

/** Name of the endpoint set that a cluster points at; `undefined` where there is no such cluster. */
export function endpointSetOfCluster(resources: ResourceTable, cluster: string): string | undefined {
  return resources.latest(CLUSTER_TYPE, cluster)?.references?.[0];
}

/** Endpoints of the hosts that a route has to which Envoy is not sent, and how many of those that there are it is sent. */
export function endpointNewsOf(
  claims: readonly Claim[],
  resources: ResourceTable,
  endpoints: ResolvedEndpoints,
): EndpointNews {
  if (!endpoints.hasNotes) return NO_NEWS;
  const refused = new Map<string, RefusedEndpoint>();
  let limit: number | undefined;
  for (const { binding, host } of claims) {
    const set = endpointSetOfCluster(resources, `${binding.name}/${host}`);
    if (set === undefined) continue;
    const news = endpoints.news(set);
    for (const endpoint of news.refused) refused.set(endpoint.address, endpoint);
    if (news.limit !== undefined) limit = Math.min(limit ?? Infinity, news.limit);
  }
  return { refused: [...refused.values()], limit };
}

/** What the endpoints of a host lack that a route has; `undefined` where each of its backends has some. */
export function reachOfHost(
  { binding, host }: Claim,
  resources: ResourceTable,
  endpoints: ResolvedEndpoints,
): Reach | undefined {
  if (!endpoints.hasNotes) return undefined;
  const set = endpointSetOfCluster(resources, `${binding.name}/${host}`);
  return set === undefined ? undefined : endpoints.reach(set);
}
