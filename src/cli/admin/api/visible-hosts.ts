import type { HostExplanation, OwnedHost } from '../../translate/explain.ts';
import type { Access } from '../access/admin-guard.ts';
import type { HostReport } from './shapes.ts';

/** `TLSRoute namespace/name` → `namespace`. */
function namespaceOf(route: string): string {
  return /^\S+ ([^/]*)\//.exec(route)?.[1] ?? '';
}

/**
 * A report as somebody may see it who may see some namespaces; `undefined` where none of its routes is in one. Of other namespaces' routes
 * nothing is told but that one has the host.
 */
export async function visibleTo(access: Access, report: HostReport): Promise<HostReport | undefined> {
  const { served, closed, notServed } = report.explanation;
  const routes = [
    ...[...served, ...closed].flatMap(({ route, others }) => [route, ...others.map((each) => each.route)]),
    ...notServed.map(({ route }) => route),
  ];
  const visible = new Set<string>();
  for (const namespace of new Set(routes.map(namespaceOf)))
    if (await access.mayReadRoutes(namespace)) visible.add(namespace);
  if (visible.size === 0) return undefined;
  const isVisible = (route: string): boolean => visible.has(namespaceOf(route));
  const anonymous = <Host extends OwnedHost>(host: Host): Host => ({
    ...host,
    others: host.others.filter(({ route }) => isVisible(route)),
    ...(!isVisible(host.route) && { route: 'a route of another namespace', endpoints: [], reasons: [] }),
  });
  const explanation: HostExplanation = {
    ...report.explanation,
    served: served.map(anonymous),
    closed: closed.map(anonymous),
    notServed: notServed.filter(({ route }) => isVisible(route)),
    hints: [],
  };
  return {
    ...report,
    explanation,
    // What Envoy said last may be about anybody's host.
    nodes: report.nodes.map(({ lastRejection: _, ...node }) => node),
  };
}
