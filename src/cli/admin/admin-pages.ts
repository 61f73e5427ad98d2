import type { Registry } from 'prom-client';
import type { ManifestLog } from '../serve/manifest-log.ts';
import { type AdminPages, jsonPage, textPage } from './admin-server.ts';
import { type AdminParts, type AdminView, adminParts } from './api/admin-parts.ts';
import { changesPage } from './api/change-stream.ts';
import { hostPage } from './api/host-report.ts';
import { namespacesPage } from './api/namespaces.ts';
import { nodesPage, statusPage } from './api/node-states.ts';
import { resourcesPage } from './api/owed-resources.ts';
import { routesPage } from './api/route-list.ts';
import { probePage, verdictPage } from './api/verdict.ts';
import { debugNodes, debugRoutes } from './debug-routes.ts';
import { debugStatuses } from './debug-statuses.ts';
import { pageFiles } from './page/page-files.ts';

export interface AdminPagesOptions {
  readonly view: AdminView;
  readonly registry: Registry;
  readonly report: Pick<ManifestLog, 'problems' | 'conditionProblems'>;
}

/** All pages of the admin address, and what they know of names: to be told of objects that change. */
export function adminPages({ view, registry, report }: AdminPagesOptions): {
  readonly pages: AdminPages;
  readonly routeNames: AdminParts['routeNames'];
} {
  const parts = adminParts(view);
  const pages: AdminPages = {
    '/healthz': () => textPage('ok'),
    '/livez': () => textPage('ok'),
    '/readyz': () => {
      const isReady = view.isReady();
      const alone = view.nodes.present()?.size === 0 ? ['no Envoy is connected to any replica'] : [];
      const lines = [isReady ? 'ok' : 'not ready', ...view.saved(), ...alone, ...view.pending()];
      return textPage(lines.join('\n'), isReady ? 200 : 503);
    },
    '/metrics': async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
    '/problems': () => jsonPage([...report.problems, ...report.conditionProblems()]),
    '/debug/routes': (query) => debugRoutes(view.engine, view.config, query),
    '/debug/namespaces': (query) => view.namespaces.page(query),
    '/debug/statuses': (query) => debugStatuses(view.status, query),
    '/debug/nodes': (query) =>
      query.has('expected') ? jsonPage(view.nodes.expected()) : debugNodes(view.server, view.nodes),
    '/api/v1/explain': (query, request) => hostPage(parts, query, request),
    '/api/v1/verdict': (query, request) => verdictPage(parts, query, request),
    '/api/v1/probe': (query, request) => probePage(parts, query, request),
    '/api/v1/namespaces': (query) => namespacesPage(parts, query),
    '/api/v1/status': () => statusPage(parts),
    '/api/v1/nodes': () => nodesPage(parts),
    '/api/v1/routes': (query, request) => routesPage(parts, query, request),
    '/api/v1/resources': (query, request) => resourcesPage(parts, query, request),
    '/api/v1/changes': (_query, request) => changesPage(parts, request),
    ...pageFiles(),
  };
  return { pages, routeNames: parts.routeNames };
}
