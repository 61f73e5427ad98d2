import type { ObjectRef } from '../../model/events.ts';
import type { Claim, RouteModel } from '../../model/gateway.ts';
import { compareSpecificity } from '../values/hostname.ts';
import { compareAge, compareText } from '../values/order.ts';

/** A claim and the route that makes it. */
export interface ClaimOfRoute {
  readonly claim: Claim;
  readonly route: RouteModel;
}

/**
 * Below 0 where `a` wins over `b`: a total order over all claims. "The most specific match as defined by the
 * Route type", then "the oldest Route based on creation timestamp", then "the Route appearing first in
 * alphabetical order (namespace/name)" (AllowedRoutes in the Gateway API). A TLSRoute and an Ingress of one
 * name and age are told apart by their kind, the TLSRoute first; the claims of one route by binding and host.
 */
export function compareClaims(a: ClaimOfRoute, b: ClaimOfRoute): number {
  return (
    compareSpecificity(a.claim.original, b.claim.original) ||
    compareAge(a.route.creationTimestamp, b.route.creationTimestamp) ||
    compareNames(a.route.ref, b.route.ref) ||
    // 'TLSRoute' sorts after 'Ingress', hence the exchange.
    compareText(b.route.ref.kind, a.route.ref.kind) ||
    compareText(a.claim.original, b.claim.original) ||
    compareText(a.claim.host, b.claim.host) ||
    compareText(a.claim.binding.name, b.claim.binding.name)
  );
}

/** By namespace, then by name, and not by the joined text: `-` and `.` sort before `/`. */
function compareNames(a: ObjectRef, b: ObjectRef): number {
  return compareText(a.namespace, b.namespace) || compareText(a.name, b.name);
}
