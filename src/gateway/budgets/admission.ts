/**
 * Which hosts of a namespace are within its budget: those of its oldest routes, in the order in which each names them. A
 * function of the routes of that one namespace; who wins a host that several claim is settled afterwards, among those admitted.
 */
import type { NamespaceBudget } from '../../model/budget.ts';
import type { Claim, RouteModel } from '../../model/gateway.ts';
import type { GatewayConfig } from '../config.ts';
import { compareAge, compareText } from '../values/order.ts';
import { cannotShareChain, needsOwnChain } from '../values/own-chain.ts';

/** Of which number a namespace asks for too many. */
export type BudgetKind = 'hosts' | 'wildcards' | 'chains';

/** How many of each kind the routes of a namespace claim. */
export type BudgetUse = Record<BudgetKind, number>;

/** A claim that is over the budget of its namespace. */
export interface RefusedClaim {
  readonly claim: Claim;
  readonly kind: BudgetKind;
  /**
   * The claim that contends in its place: without a chain of its own where only `closeOnDelete` needs one, which takes no host
   * out of service. `undefined`: the host is not served.
   */
  readonly instead: Claim | undefined;
}

export const NONE_REFUSED: readonly RefusedClaim[] = [];

/**
 * Of routes of which all is refused, as there are too many hosts or wildcards; and whether a wildcard is among it. A tenant may have
 * thousands of them with thousands of claims each: they are not looked at again while there is no room.
 */
const refusedWholly = new WeakMap<readonly RefusedClaim[], boolean>();

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
 * Admits the routes of one namespace, the oldest first (`compareRoutes`), as far as the budget goes. What still fits is admitted,
 * though an older claim of another kind was refused.
 */
export class Admission {
  readonly #use = noUse();
  readonly #budget: NamespaceBudget;

  constructor(budget: NamespaceBudget) {
    this.#budget = budget;
  }

  /** The claims of the next route that are refused: `before` itself where they are those. */
  admit(route: RouteModel, before: readonly RefusedClaim[] = NONE_REFUSED): readonly RefusedClaim[] {
    if (this.#hasNoRoomFor(before)) return before;
    const refused = this.#admitEach(route, before);
    if (refused.length > 0 && refused.length === route.claims.length && !refused.some(isForChain))
      refusedWholly.set(refused, refused.some(isOfWildcard));
    return refused;
  }

  #hasNoRoomFor(before: readonly RefusedClaim[]): boolean {
    const hasWildcard = refusedWholly.get(before);
    if (hasWildcard === undefined || this.#use.hosts < this.#budget.hosts) return false;
    return !hasWildcard || this.#use.wildcards >= this.#budget.wildcards;
  }

  #admitEach(route: RouteModel, before: readonly RefusedClaim[]): readonly RefusedClaim[] {
    let same = 0;
    let refused: RefusedClaim[] | undefined;
    for (const claim of route.claims) {
      const kind = exceeded(this.#use, claim, this.#budget);
      if (kind === undefined) {
        countClaim(this.#use, claim, 1);
        continue;
      }
      const isServed = kind === 'chains' && !cannotShareChain(claim.host, claim.policy);
      if (isServed) this.#use.hosts += 1;
      const known = before[same];
      if (refused === undefined && known?.claim === claim && known.kind === kind) {
        same += 1;
        continue;
      }
      refused ??= before.slice(0, same);
      refused.push({ claim, kind, instead: isServed ? withoutClosing(claim) : undefined });
    }
    if (refused !== undefined) return refused;
    if (same === before.length) return before;
    return same === 0 ? NONE_REFUSED : before.slice(0, same);
  }
}

/**
 * How many endpoints each host of a namespace uses: as many as one host may, or as many as leave every host the same and are
 * within the pairs; then a power of two, so that it changes rarely while hosts come and go.
 */
export function endpointLimit(use: BudgetUse, budget: NamespaceBudget): number {
  return part(hostsOf(use, budget), budget.endpoints, budget.pairs);
}

/**
 * The same of connections: how many each host of a namespace takes at once. Envoy counts them for each cluster, and for no group of
 * clusters: so that all hosts together stay within the budget, each has a fixed part. It is divided among `connectionShares` hosts at
 * most, so that many hosts do not leave each with fewer than one needs.
 */
export function connectionLimit(
  use: BudgetUse,
  budget: NamespaceBudget,
  { maxConnectionsPerHost, connectionShares }: ConnectionLimits,
): number {
  const hosts = Math.min(hostsOf(use, budget), connectionShares);
  return part(hosts, maxConnectionsPerHost, budget.connections);
}

/**
 * In how many parts the hosts of a namespace are divided, each with endpoint sets of its own: 1, or a power of two, so that of a
 * namespace that grows every other host is moved at a few numbers of hosts only.
 */
export function endpointShards(
  use: BudgetUse,
  budget: NamespaceBudget,
  { hostsOfEndpointSet }: Pick<GatewayConfig, 'hostsOfEndpointSet'>,
): number {
  const hosts = hostsOf(use, budget);
  return hosts <= hostsOfEndpointSet ? 1 : 2 ** Math.ceil(Math.log2(hosts / hostsOfEndpointSet));
}

type ConnectionLimits = Pick<GatewayConfig, 'maxConnectionsPerHost' | 'connectionShares'>;

function hostsOf(use: BudgetUse, budget: NamespaceBudget): number {
  return Math.min(use.hosts, budget.hosts) + Math.min(use.wildcards, budget.wildcards);
}

function part(hosts: number, mostOfHost: number, mostOfAll: number): number {
  if (Math.max(hosts, 1) * mostOfHost <= mostOfAll) return mostOfHost;
  const share = Math.floor(mostOfAll / Math.max(hosts, 1));
  if (hosts <= 1) return share;
  return share < 2 ? 1 : 2 ** Math.floor(Math.log2(share));
}

/** The oldest first, as `compareClaims` orders them: a total order over the routes of one namespace. */
export function compareRoutes(a: RouteModel, b: RouteModel): number {
  return (
    compareAge(a.creationTimestamp, b.creationTimestamp) ||
    compareText(a.ref.name, b.ref.name) ||
    compareText(b.ref.kind, a.ref.kind)
  );
}

function exceeded(use: BudgetUse, claim: Claim, budget: NamespaceBudget): BudgetKind | undefined {
  if (isWildcard(claim)) return use.wildcards < budget.wildcards ? undefined : 'wildcards';
  if (use.hosts >= budget.hosts) return 'hosts';
  return needsOwnChain(claim.host, claim.policy) && use.chains >= budget.chains ? 'chains' : undefined;
}

function countClaim(use: BudgetUse, claim: Claim, sign: 1 | -1): void {
  if (isWildcard(claim)) use.wildcards += sign;
  else {
    use.hosts += sign;
    if (needsOwnChain(claim.host, claim.policy)) use.chains += sign;
  }
}

function isForChain({ kind }: RefusedClaim): boolean {
  return kind === 'chains';
}

function isOfWildcard({ claim }: RefusedClaim): boolean {
  return isWildcard(claim);
}

function isWildcard({ host }: Claim): boolean {
  return host.startsWith('*');
}

function withoutClosing(claim: Claim): Claim {
  return { ...claim, policy: { ...claim.policy, closeOnDelete: false } };
}
