import { CLOSE_ON_DELETE_ANNOTATION } from '../../model/annotations.ts';
import type { NamespaceBudget } from '../../model/budget.ts';
import { listing } from '../values/listing.ts';
import { compareText } from '../values/order.ts';
import {
  BUDGET_KINDS,
  type BudgetKind,
  type BudgetUse,
  NONE_REFUSED,
  type RefusedClaim,
} from './admission.ts';

export const OVER_BUDGET = 'OverBudget';

/** What of a route is over the budget of its namespace. */
export interface OverBudget {
  readonly refused: readonly RefusedClaim[];
  readonly use: BudgetUse;
  readonly budget: NamespaceBudget;
}

const WORDS: Readonly<Record<BudgetKind, string>> = {
  hosts: 'hosts',
  wildcards: 'wildcard hosts',
  chains: 'hosts with a filter chain of their own',
};

/** What is refused and not served, not even in another way. */
export function unserved(over: OverBudget | undefined): readonly RefusedClaim[] {
  return over?.refused.filter(({ instead }) => instead === undefined) ?? NONE_REFUSED;
}

/** Part of a sentence where hosts of the route are served though their connections stay open when they are deleted. */
export function notClosingText(claims: readonly RefusedClaim[], { use, budget }: OverBudget): string {
  const names = listing([...new Set(claims.map(({ claim }) => claim.host))].sort(compareText));
  return `${CLOSE_ON_DELETE_ANNOTATION} is not followed for hosts beyond what the namespace may have (${WORDS.chains}: ${use.chains} of ${budget.chains}): ${names}`;
}

/** Part of a sentence: the budgets with what is asked for, and the hosts that are not served. */
export function overBudgetText({ refused, use, budget }: OverBudget): string {
  const kinds = BUDGET_KINDS.filter((kind) => refused.some((each) => each.kind === kind));
  const budgets = kinds.map((kind) => `${WORDS[kind]}: ${use[kind]} of ${budget[kind]}`);
  const hosts = refused.map(({ claim }) => `${claim.host} on port ${claim.binding.port}`);
  const names = listing([...new Set(hosts)].sort(compareText));
  return `the namespace asks for more than it may have (${budgets.join('; ')}), and its oldest routes come first; not served: ${names}`;
}
