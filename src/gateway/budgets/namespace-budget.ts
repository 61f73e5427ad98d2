import { BUDGET_ANNOTATIONS } from '../../model/annotations.ts';
import { type NamespaceBudget, parseBudget } from '../../model/budget.ts';
import type { Namespace } from '../../model/objects.ts';
import type { GatewayConfig } from '../config.ts';

export interface ReadBudget {
  readonly budget: NamespaceBudget;
  /** Annotations whose value is none that a budget can have: they change nothing. */
  readonly invalid: readonly string[];
}

const FIELDS = Object.keys(BUDGET_ANNOTATIONS) as readonly (keyof NamespaceBudget)[];
const NONE: readonly string[] = [];

/** The budget of a namespace: the operator's for all of them, and what the Namespace's annotations set instead. */
export function namespaceBudget(
  namespace: Namespace | undefined,
  { namespaceBudget: common, budgetAnnotations }: GatewayConfig,
): ReadBudget {
  const annotations = budgetAnnotations ? namespace?.meta.annotations : undefined;
  const written = FIELDS.filter((field) => annotations?.[BUDGET_ANNOTATIONS[field].name] !== undefined);
  if (written.length === 0) return { budget: common, invalid: NONE };
  const own: Partial<Record<keyof NamespaceBudget, number>> = {};
  const invalid: string[] = [];
  for (const field of written) {
    const { name } = BUDGET_ANNOTATIONS[field];
    const value = parseBudget(annotations?.[name]);
    if (value === undefined) invalid.push(name);
    else own[field] = value;
  }
  return { budget: { ...common, ...own }, invalid };
}
