import { BUDGET_KINDS } from '../../../gateway/budgets/admission.ts';
import { type AdminPage, jsonPage } from '../admin-server.ts';
import type { AdminParts } from './admin-parts.ts';
import type { NamespacesReport } from './shapes.ts';

const LISTED = { usual: 100, most: 1_000 };

/** `/api/v1/namespaces?near=SHARE&limit=N`: those that use that share of a budget and more (all unless given), the fullest first. */
export function namespacesPage(parts: AdminParts, query: URLSearchParams): AdminPage {
  const near = Number(query.get('near') ?? 0);
  const limit = Math.min(Number(query.get('limit') ?? LISTED.usual), LISTED.most);
  const found = [...parts.engine.namespaces()]
    .map(({ namespace, use, budget }) => {
      const budgets = BUDGET_KINDS.map((kind) => ({ budget: kind, used: use[kind], of: budget[kind] }));
      return { namespace, budgets, fullness: Math.max(...budgets.map(({ used, of }) => used / of)) };
    })
    .filter(({ fullness }) => fullness >= near)
    .sort((a, b) => b.fullness - a.fullness || (a.namespace < b.namespace ? -1 : 1));
  const namespaces = found.slice(0, Math.max(0, limit)).map(({ namespace, budgets }) => ({
    namespace,
    budgets: budgets.filter(({ used, of }) => used > 0 && used / of >= near),
  }));
  return jsonPage({
    ...parts.answer('NamespacesReport'),
    namespaces,
    more: found.length - namespaces.length,
  } satisfies NamespacesReport);
}
