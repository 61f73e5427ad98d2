import type { RefusedEndpoint } from '../gateway/endpoints.ts';
import { objectKey } from '../model/events.ts';
import type { LostClaim, RouteModel } from '../model/gateway.ts';
import type { BindingState } from './hosts.ts';
import type { ResolvedEndpoints } from './resolved-endpoints.ts';

/** The claims of a route that another route won, each with the winner. */
export function lostClaimsOf(route: RouteModel, bindings: ReadonlyMap<string, BindingState>): LostClaim[] {
  const lost: LostClaim[] = [];
  const key = objectKey(route.ref);
  for (const claim of route.claims) {
    const winner = bindings.get(claim.binding.name)?.hosts.get(claim.host)?.contenders[0];
    if (winner !== undefined && winner.routeKey !== key) lost.push({ claim, winner: winner.route.ref });
  }
  return lost;
}

/** Endpoints of the hosts that a route claims to which Envoy is not sent. `setOfHost`: cluster name → endpoint set. */
export function refusedEndpointsOf(
  route: RouteModel,
  setOfHost: ReadonlyMap<string, string>,
  endpoints: ResolvedEndpoints,
): readonly RefusedEndpoint[] {
  if (!endpoints.hasRefused) return [];
  const refused = new Map<string, RefusedEndpoint>();
  for (const { binding, host } of route.claims) {
    const set = setOfHost.get(`${binding.name}/${host}`);
    if (set === undefined) continue;
    for (const endpoint of endpoints.refused(set)) refused.set(endpoint.address, endpoint);
  }
  return [...refused.values()];
}
