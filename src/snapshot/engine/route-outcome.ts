import type { RefusedEndpoint } from '../../gateway/endpoints/endpoints.ts';
import type { Reach } from '../../gateway/status/serving.ts';
import { objectKey } from '../../model/events.ts';
import type { Claim, LostClaim, RouteModel } from '../../model/gateway.ts';
import type { BindingHosts } from '../hosts/binding-hosts.ts';
import { CLUSTER_TYPE } from '../resources/resource.ts';
import type { ResourceTable } from '../resources/resource-table.ts';
import type { ResolvedEndpoints } from './resolved-endpoints.ts';

/** The claims of a route that another route won, each with the winner. */
export function lostClaimsOf(route: RouteModel, bindings: ReadonlyMap<string, BindingHosts>): LostClaim[] {
  const lost: LostClaim[] = [];
  const key = objectKey(route.ref);
  for (const claim of route.claims) {
    const winner = bindings.get(claim.binding.name)?.hosts.get(claim.host)?.contenders[0];
    if (winner !== undefined && winner.routeKey !== key) lost.push({ claim, winner: winner.route.ref });
  }
  return lost;
}

/** The claims of a route without those that another route won. */
export function wonClaims(route: RouteModel, lost: readonly LostClaim[]): readonly Claim[] {
  if (lost.length === 0) return route.claims;
  const claims = new Set(lost.map(({ claim }) => claim));
  return route.claims.filter((claim) => !claims.has(claim));
}

/** Name of the endpoint set that a cluster points at; `undefined` where there is no such cluster. */
export function endpointSetOfCluster(resources: ResourceTable, cluster: string): string | undefined {
  return resources.latest(CLUSTER_TYPE, cluster)?.references?.[0];
}

/** Endpoints of the hosts that a route has to which Envoy is not sent. */
export function refusedEndpointsOf(
  claims: readonly Claim[],
  resources: ResourceTable,
  endpoints: ResolvedEndpoints,
): readonly RefusedEndpoint[] {
  if (!endpoints.hasNotes) return [];
  const refused = new Map<string, RefusedEndpoint>();
  for (const { binding, host } of claims) {
    const set = endpointSetOfCluster(resources, `${binding.name}/${host}`);
    if (set === undefined) continue;
    for (const endpoint of endpoints.refused(set)) refused.set(endpoint.address, endpoint);
  }
  return [...refused.values()];
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
