import { processTurns } from '../../../event-loop/turns.ts';
import { badConditions } from '../../../gateway/status/conditions-of.ts';
import { hostMatches } from '../../../gateway/values/hostname.ts';
import type { Condition } from '../../../model/conditions.ts';
import { refOf } from '../../../model/events.ts';
import type { Ingress, TlsRoute } from '../../../model/objects.ts';
import { hostnamesOf } from '../../translate/host-owners.ts';
import { routeOutcome } from '../../translate/outcome.ts';
import { explainRoute } from '../../translate/route-report.ts';
import { type AdminPage, type AdminRequest, errorPage, jsonPage } from '../admin-server.ts';
import type { AdminParts } from './admin-parts.ts';
import type { ListedRoute, RoutesReport } from './shapes.ts';

const USUAL_LIMIT = 500;
const MOST = 50_000;

/** `/api/v1/routes`: routes by namespace, host (or a wildcard), and condition; those that are asked for alone are looked into. */
export async function routesPage(
  parts: AdminParts,
  query: URLSearchParams,
  { access, signal }: AdminRequest,
): Promise<AdminPage> {
  const namespace = query.get('namespace') ?? undefined;
  const host = query.get('host')?.toLowerCase();
  const condition = query.get('condition') ?? undefined;
  const given = Number(query.get('limit') ?? USUAL_LIMIT);
  const limit = Number.isSafeInteger(given) && given > 0 ? Math.min(given, MOST) : USUAL_LIMIT;
  if (!access.isOperator && (namespace === undefined || !(await access.mayReadRoutes(namespace)))) {
    const which = namespace === undefined ? 'name a namespace' : `you may not get tlsroutes in ${namespace}`;
    return errorPage(403, 'SLUICE_ADMIN_FORBIDDEN', `routes of all namespaces are for operators; ${which}`);
  }
  const { engine } = parts;
  const lane = processTurns.reports;
  const routes: ListedRoute[] = [];
  let more = 0;
  for (const route of matching(parts, namespace, host)) {
    // Envoys do not wait for who looks.
    if (lane.isSpent) await lane.rest();
    if (signal.aborted) break;
    // Without a condition to look for, what is beyond the limit is only counted.
    if (routes.length >= limit && condition === undefined) more += 1;
    else {
      if (engine.world.get(route.kind, route.meta.namespace, route.meta.name) === undefined) continue;
      const listed = listedRoute(parts, route);
      if (condition !== undefined && !hasCondition(listed, condition)) continue;
      if (routes.length < limit) routes.push(listed);
      else more += 1;
    }
  }
  return jsonPage({ ...parts.answer('RoutesReport'), routes, more } satisfies RoutesReport);
}

function matching(
  { engine: { world } }: AdminParts,
  namespace: string | undefined,
  host: string | undefined,
): readonly (TlsRoute | Ingress)[] {
  return [...world.all('TLSRoute'), ...world.all('Ingress')]
    .filter((route) => namespace === undefined || route.meta.namespace === namespace)
    .filter((route) => host === undefined || hostnamesOf(route).some((name) => isMeant(name, host)))
    .sort((a, b) => compare(a.meta.namespace, b.meta.namespace) || compare(a.meta.name, b.meta.name));
}

function isMeant(name: string, host: string): boolean {
  const lower = name.toLowerCase();
  return lower === host || hostMatches(lower, host) || hostMatches(host, lower) || lower.includes(host);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function listedRoute({ engine, config }: AdminParts, route: TlsRoute | Ingress): ListedRoute {
  const { kind, meta } = route;
  const { hosts, route: name } = routeOutcome(engine, kind, meta.namespace, meta.name);
  const { unclaimed, endpoints, notes } = explainRoute(engine, route, config);
  if (unclaimed !== undefined)
    return { route: name, hosts: [], state: 'not for Sluice', reasons: [unclaimed] };
  const bad = badConditions(engine, refOf(route));
  return {
    route: name,
    hosts,
    ...(endpoints !== undefined && { endpoints }),
    state: bad.length === 0 ? 'ok' : bad.map(conditionText).join(', '),
    reasons: [...new Set([...bad.map(({ message }) => message), ...notes])],
  };
}

function conditionText({ type, status, reason }: Condition): string {
  return `${type}=${status} ${reason}`;
}

/** `bad`, a type, a reason, or `Type=Status`. */
function hasCondition({ state }: ListedRoute, condition: string): boolean {
  if (condition === 'bad') return state !== 'ok' && state !== 'not for Sluice';
  if (condition === 'ok') return state === 'ok';
  return state.split(', ').some((each) => {
    const [what = '', reason = ''] = each.split(' ');
    return [what, what.split('=')[0], reason].some((part) => part?.toLowerCase() === condition.toLowerCase());
  });
}
