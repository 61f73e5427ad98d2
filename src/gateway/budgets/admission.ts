/**
 * Which hosts of a namespace are within its budget: those of its oldest routes, in the order in which each names them. A
 * function of the routes of that one namespace; who wins a host that several claim is settled afterwards, among those admitted.
 */
import type { NamespaceBudget } from '../../model/budget.ts';
import type { Claim, RouteModel } from '../../model/gateway.ts';
import { compareAge, compareText } from '../values/order.ts';

/** Of which number a namespace asks for too many. */
export type BudgetKind = 'hosts' | 'wildcards' | 'chains';

/** How many of each kind the routes of a namespace claim. */
export type BudgetUse = Record<BudgetKind, number>;

/** A claim that is over the budget of its namespace. */
export interface RefusedClaim {
  readonly claim: Claim;
  readonly kind: BudgetKind;
}

export const BUDGET_KINDS: readonly BudgetKind[] = ['hosts', 'wildcards', 'chains'];

export function noUse(): BudgetUse {
  return { hosts: 0, wildcards: 0, chains: 0 };
}

/** A route comes (1) or goes (-1). */
export function countUse(use: BudgetUse, route: RouteModel | undefined, sign: 1 | -1): void {
  for (const claim of route?.claims ?? []) countClaim(use, claim, sign);
}

export function isWithin(use: BudgetUse, budget: NamespaceBudget): boolean {
  return use.hosts <= budget.hosts && use.wildcards <= budget.wildcards && use.chains <= budget.chains;
}

/**
 * The claims over the budget, by the route that makes them, which has at least one. `routes` are those of one namespace. What
 * still fits is admitted, though an older claim of another kind was refused.
 */
export function refusedClaims(
  routes: readonly RouteModel[],
  budget: NamespaceBudget,
): ReadonlyMap<RouteModel, readonly RefusedClaim[]> {
  const refused = new Map<RouteModel, readonly RefusedClaim[]>();
  const use = noUse();
  for (const route of [...routes].sort(compareRoutes)) {
    const ofRoute: RefusedClaim[] = [];
    for (const claim of route.claims) {
      const kind = exceeded(use, claim, budget);
      if (kind === undefined) countClaim(use, claim, 1);
      else ofRoute.push({ claim, kind });
    }
    if (ofRoute.length > 0) refused.set(route, ofRoute);
  }
  return refused;
}

/**
 * How many endpoints each host of a namespace uses: as many as one host may, or as many as leave every host the same and are
 * within the pairs; then a power of two, so that it changes rarely while hosts come and go.
 */
export function endpointLimit(use: BudgetUse, budget: NamespaceBudget): number {
  const hosts = Math.min(use.hosts, budget.hosts) + Math.min(use.wildcards, budget.wildcards);
  if (hosts * budget.endpoints <= budget.pairs) return budget.endpoints;
  const share = Math.floor(budget.pairs / hosts);
  return share < 2 ? 1 : 2 ** Math.floor(Math.log2(share));
}

/** The oldest first, as `compareClaims` orders them. */
function compareRoutes(a: RouteModel, b: RouteModel): number {
  return (
    compareAge(a.creationTimestamp, b.creationTimestamp) ||
    compareText(a.ref.name, b.ref.name) ||
    compareText(b.ref.kind, a.ref.kind)
  );
}

function exceeded(use: BudgetUse, claim: Claim, budget: NamespaceBudget): BudgetKind | undefined {
  if (isWildcard(claim)) return use.wildcards < budget.wildcards ? undefined : 'wildcards';
  if (use.hosts >= budget.hosts) return 'hosts';
  return hasOwnChain(claim) && use.chains >= budget.chains ? 'chains' : undefined;
}

function countClaim(use: BudgetUse, claim: Claim, sign: 1 | -1): void {
  if (isWildcard(claim)) use.wildcards += sign;
  else {
    use.hosts += sign;
    if (hasOwnChain(claim)) use.chains += sign;
  }
}

function isWildcard({ host }: Claim): boolean {
  return host.startsWith('*');
}

function hasOwnChain({ policy }: Claim): boolean {
  return policy.idleTimeoutMs !== undefined;
}
