/** What one namespace may take of every Envoy. Whole numbers from 1 on; see docs/design/budgets.md. */
export interface NamespaceBudget {
  /** Exact hosts, each counted once for each route, address and port. */
  readonly hosts: number;
  /** Wildcard hosts. */
  readonly wildcards: number;
  /** Exact hosts with a filter chain of their own. */
  readonly chains: number;
  /** Endpoints over all hosts, those of one Service once for each host of it. */
  readonly pairs: number;
  /** Endpoints that one host uses. */
  readonly endpoints: number;
  /** Connections at once over all hosts, of each Envoy. */
  readonly connections: number;
}

/** What an operator may set with an annotation. */
export const MAX_BUDGET = 10_000_000;

/** The number that an annotation of a Namespace sets; `undefined` where it is none from 1 to `MAX_BUDGET`. */
export function parseBudget(text: unknown): number | undefined {
  if (typeof text !== 'string' || !/^[1-9][0-9]{0,7}$/.test(text)) return undefined;
  const value = Number(text);
  return value <= MAX_BUDGET ? value : undefined;
}
