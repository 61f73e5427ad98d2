import { type Condition, condition, SERVING_CONDITION } from '../../model/conditions.ts';
import type { Claim, LostClaim, RouteModel } from '../../model/gateway.ts';
import type { EndpointsProblem } from '../explain/explain-endpoints.ts';
import { clauses } from '../values/listing.ts';
import type { ParentStatus } from './status.ts';

/** What is missing of the endpoints that a claim's backends lead to. */
export interface Reach {
  /** Whether any of the backends has endpoints. */
  readonly reached: boolean;
  /** One for each Service that has none. */
  readonly problems: readonly EndpointsProblem[];
}

/** Why connections to a host are closed, all of them or the shares of some backends. */
export interface ClosedHost {
  /** Whether none is sent anywhere. */
  readonly isClosed: boolean;
  readonly problems: readonly { readonly reason: string; readonly text: string }[];
}

/** `undefined`: every backend of the claim has endpoints. */
export type ReachOf = (claim: Claim) => Reach | undefined;

const NO_BACKEND = { reason: 'NoBackends', text: 'there is no backend with a weight above 0' };
const OPEN: ClosedHost = { isClosed: false, problems: [] };

const SHARED_GENERATIONS = 16;

/** One object for the many routes of which there is nothing else to say. */
const shared: readonly Condition[] = Array.from({ length: SHARED_GENERATIONS }, (_, generation) =>
  serving(generation),
);

function serving(generation: number): Condition {
  const message = 'Connections are sent to the endpoints of the backends.';
  return condition(SERVING_CONDITION, true, 'Serving', message, generation);
}

/**
 * What becomes of the connections to a host by a claim on it that no other route won. `resolvedRefs` is that condition of the
 * route: where no reference is resolved, it says why.
 */
export function closedHost(
  claim: Claim,
  resolvedRefs: Condition | undefined,
  reach: Reach | undefined,
): ClosedHost {
  const { backends } = claim;
  if (backends.length === 0) return { isClosed: true, problems: [NO_BACKEND] };
  const unresolved = backends.filter(({ target }) => target === undefined).length;
  if (unresolved === 0 && reach === undefined) return OPEN;
  const { reason = 'BackendNotFound', message = 'A backend is not resolved.' } = resolvedRefs ?? {};
  const ofReference = unresolved === 0 ? [] : [{ reason, text: message.replace(/\.$/, '') }];
  const isClosed = unresolved === backends.length || reach?.reached === false;
  return { isClosed, problems: [...ofReference, ...(reach?.problems ?? [])] };
}

/** `Connections are closed: …`: the same for whoever asks. */
export function closedMessage({ problems }: Pick<ClosedHost, 'problems'>): string {
  return `Connections are closed: ${clauses([...new Set(problems.map(({ text }) => text))])}.`;
}

/** Adds to each parent of a route whether connections to the hosts that it has there are sent anywhere. */
export function withServing(
  statuses: readonly ParentStatus[],
  route: RouteModel,
  lost: readonly LostClaim[],
  reachOf: ReachOf,
): readonly ParentStatus[] {
  const lostClaims = new Set(lost.map(({ claim }) => claim));
  return statuses.map((status, index) => {
    const claims = route.claims.filter((claim) => claim.parents.includes(index) && !lostClaims.has(claim));
    const added = servingCondition(status, claims, reachOf, route.generation);
    return { ...status, conditions: [...status.conditions, added] };
  });
}

function servingCondition(
  { accepted, conditions }: ParentStatus,
  claims: readonly Claim[],
  reachOf: ReachOf,
  generation: number,
): Condition {
  const not = (reason: string, message: string): Condition =>
    condition(SERVING_CONDITION, false, reason, message, generation);
  const of = (type: string): Condition | undefined => conditions.find((each) => each.type === type);
  const acceptance = of('Accepted')?.message ?? '';
  // The same words: who reads both learns nothing new, and one Event tells it.
  if (!accepted) return not('NotAccepted', acceptance);
  if (claims.length === 0) return not('ListenersNotServed', acceptance);
  const resolvedRefs = of('ResolvedRefs');
  const partly: { readonly host: string; readonly closed: ClosedHost }[] = [];
  let closed = 0;
  for (const claim of claims) {
    const host = closedHost(claim, resolvedRefs, reachOf(claim));
    if (host.problems.length === 0) continue;
    if (host.isClosed) closed += 1;
    partly.push({ host: claim.host, closed: host });
  }
  const [first] = partly;
  if (first === undefined) return shared[generation] ?? serving(generation);
  const problems = partly.flatMap((each) => each.closed.problems);
  if (closed < claims.length) {
    const message = partlyMessage(partly, claims.length);
    return condition(SERVING_CONDITION, true, 'PartlyServing', message, generation);
  }
  const ofReference =
    resolvedRefs?.status === 'False' && problems.every(({ text }) => `${text}.` === resolvedRefs.message);
  const reason = first.closed.problems[0]?.reason ?? NO_BACKEND.reason;
  // The standard condition says it already.
  return not(reason, ofReference ? resolvedRefs.message : closedMessage({ problems }));
}

function partlyMessage(
  partly: readonly { readonly host: string; readonly closed: ClosedHost }[],
  hosts: number,
): string {
  const texts = partly.map(({ host, closed: { isClosed, problems } }) => {
    const which = isClosed ? `host ${host}` : 'shares of backends';
    return `${which}: ${[...new Set(problems.map(({ text }) => text))].join(', ')}`;
  });
  const distinct = [...new Set(texts)];
  const closed = partly.filter(({ closed: { isClosed } }) => isClosed).length;
  const count = closed === 0 ? '' : ` (${closed} of ${hosts} hosts)`;
  return `Some connections are closed${count}; ${clauses(distinct)}.`;
}
