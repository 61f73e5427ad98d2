import { processTurns } from '../../event-loop/turns.ts';
import type { GatewayConfig } from '../../gateway/config.ts';
import { isValidHostname, normalizeHostname } from '../../gateway/values/hostname.ts';
import type { Engine } from '../../snapshot/engine/engine.ts';
import type { AdsServer } from '../../xds/server.ts';
import type { GatewayNodes } from '../serve/gateway-nodes.ts';
import { explainHost } from '../translate/explain.ts';
import { routeOutcome } from '../translate/outcome.ts';
import { explainRoute } from '../translate/route-report.ts';
import { type AdminPage, jsonPage, textPage } from './admin-server.ts';

/** `/debug/routes`: every route with its hosts and conditions, one a line; with `?host=NAME`, who serves that host. */
export async function debugRoutes(
  engine: Engine,
  config: GatewayConfig,
  query: URLSearchParams,
): Promise<AdminPage> {
  const asked = query.get('host');
  if (asked === null) return { contentType: 'application/json', body: await allRoutes(engine, config) };
  const host = normalizeHostname(asked);
  if (!isValidHostname(host) || host.startsWith('*'))
    return textPage('no host name; write it as ?host=demo.stage.example.com', 400);
  return jsonPage(explainHost(engine, host, config));
}

async function allRoutes(engine: Engine, config: GatewayConfig): Promise<string> {
  const lines: string[] = [];
  const refs = [...engine.world.all('TLSRoute'), ...engine.world.all('Ingress')].map(({ kind, meta }) => ({
    kind,
    namespace: meta.namespace,
    name: meta.name,
  }));
  const lane = processTurns.reports;
  for (const { kind, namespace, name } of refs) {
    // Envoys do not wait for who looks.
    if (lane.isSpent) await lane.rest();
    const route = engine.world.get(kind, namespace, name);
    if (route === undefined) continue;
    const outcome = routeOutcome(engine, kind, namespace, name);
    lines.push(JSON.stringify({ ...outcome, ...explainRoute(engine, route, config) }));
  }
  return `[${lines.length === 0 ? '' : `\n${lines.sort().join(',\n')}\n`}]\n`;
}

/** `/debug/nodes`: what each Envoy that is connected here has, and rejects. */
export function debugNodes(
  server: Pick<AdsServer, 'nodes' | 'rejections'>,
  nodes: Pick<GatewayNodes, 'problemsOf'>,
): AdminPage {
  return jsonPage(
    server.nodes().map(({ stream, behindSince: _, ...node }) => ({
      ...node,
      problems: nodes.problemsOf(node),
      current: stream.isCurrent,
      demandWindow: stream.window.isOpen,
      types: stream.state().map(({ typeUrl, ...counts }) => ({
        type: typeUrl,
        ...counts,
        held: Object.fromEntries(server.rejections.of(stream, typeUrl)),
      })),
    })),
  );
}
