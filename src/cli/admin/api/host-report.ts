import { processTurns } from '../../../event-loop/turns.ts';
import { nearestHosts } from '../../../gateway/explain/explain-host.ts';
import { publishedAddresses } from '../../../gateway/status/addresses.ts';
import { hostNameProblem, readHostName } from '../../../gateway/values/host-name-input.ts';
import {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  type EncodedResource,
  LISTENER_TYPE,
} from '../../../snapshot/resources/resource.ts';
import type { ConnectedNode } from '../../../xds/server.ts';
import { explainHost, type HostExplanation, hostsOf, isTaken } from '../../translate/explain.ts';
import { type AdminPage, type AdminRequest, errorPage, jsonPage } from '../admin-server.ts';
import type { AdminParts } from './admin-parts.ts';
import { lastRejectionOf } from './node-states.ts';
import type { HostListener, HostOnNode, HostReport } from './shapes.ts';
import { visibleTo } from './visible-hosts.ts';

/** `/api/v1/explain?host=NAME`: who serves a host and why, and what each Envoy here has of it. */
export async function hostPage(
  parts: AdminParts,
  query: URLSearchParams,
  request: AdminRequest,
): Promise<AdminPage> {
  const found = await visibleReport(parts, query, request);
  return 'report' in found ? jsonPage(found.report) : found.refused;
}

/** What whoever asks may see of the host that the query names, or why it is not shown. */
export async function visibleReport(
  parts: AdminParts,
  query: URLSearchParams,
  { access }: AdminRequest,
): Promise<{ readonly report: HostReport } | { readonly refused: AdminPage }> {
  const asked = query.get('host') ?? '';
  const host = readHostName(asked);
  if (host === undefined) return { refused: errorPage(400, 'SLUICE_HOST_INVALID', hostNameProblem(asked)) };
  const report = await hostReport(parts, host);
  if (access.isOperator) return { report };
  const visible = await visibleTo(access, report);
  if (visible !== undefined) return { report: visible };
  const message = `no route that names ${host} is in a namespace whose TLSRoutes you may get`;
  return { refused: errorPage(403, 'SLUICE_ADMIN_FORBIDDEN', message) };
}

async function hostReport(parts: AdminParts, host: string): Promise<HostReport> {
  const { engine, config, server, nodes } = parts;
  const routes = await parts.routeNames.naming(host);
  const nearest = isTaken(engine, host) ? [] : await nearestInTurns(parts, host);
  const explanation = explainHost(engine, host, config, { routes, nearest });
  const owned = [...explanation.served, ...explanation.closed];
  const listeners = owned.flatMap(({ binding, cluster }) => listenerOf(parts, binding, cluster) ?? []);
  const expected = nodes.addresses();
  return {
    ...parts.answer('HostReport'),
    explanation,
    listeners,
    nodes: server.nodes().map((node) => onNode(parts, node, explanation)),
    expected,
    ...(parts.status !== undefined && { statusMode: parts.status.mode }),
    gatewayAddresses: publishedAddresses(
      listeners.flatMap(({ addresses }) => addresses),
      true,
      { configured: parts.gatewayAddresses, nodes: expected.flatMap(({ addresses }) => addresses) },
    ),
  };
}

/** Names are compared a few thousand at a time. */
const NAMES_AT_ONCE = 1_000;

async function nearestInTurns({ engine }: AdminParts, host: string): Promise<readonly string[]> {
  const lane = processTurns.reports;
  let nearest: readonly string[] = [];
  let some: string[] = [];
  for (const name of hostsOf(engine)) {
    some.push(name);
    if (some.length < NAMES_AT_ONCE) continue;
    if (lane.isSpent) await lane.rest();
    nearest = nearestHosts(host, [...nearest, ...some]);
    some = [];
  }
  return nearestHosts(host, [...nearest, ...some]);
}

function listenerOf({ engine }: AdminParts, name: string, cluster: string): HostListener | undefined {
  const binding = [...engine.bindings].find((each) => each.name === name)?.binding;
  if (binding === undefined) return undefined;
  const { addresses, port } = binding;
  const version = engine.resources.get(CLUSTER_TYPE, cluster)?.version ?? '';
  const since = new Date(changedAtMs({ engine }, CLUSTER_TYPE, cluster)).toISOString();
  return { binding: name, addresses, port, cluster, version, since };
}

function changedAtMs({ engine }: Pick<AdminParts, 'engine'>, typeUrl: string, name: string): number {
  const slots = engine.resources.slots(typeUrl);
  return slots.changedAt(slots.slotOf(name)) * 1000;
}

interface Part {
  readonly name: string;
  readonly cluster: string;
  readonly typeUrl: string;
  readonly resource: EncodedResource | undefined;
}

/** What Envoy has to have for the host. */
function partsOf({ engine }: AdminParts, { served, closed }: HostExplanation): readonly Part[] {
  return [...served, ...closed].flatMap(({ binding, cluster }): readonly Part[] => {
    const resource = engine.resources.get(CLUSTER_TYPE, cluster);
    const [set] = resource?.references ?? [];
    const part = (name: string, typeUrl: string, of: string): Part => {
      return { name, cluster, typeUrl, resource: engine.resources.get(typeUrl, of) };
    };
    return [
      part('listener', LISTENER_TYPE, binding),
      part('cluster', CLUSTER_TYPE, cluster),
      ...(set === undefined ? [] : [part('endpoints', ENDPOINT_TYPE, set)]),
    ];
  });
}

function onNode(parts: AdminParts, node: ConnectedNode, explanation: HostExplanation): HostOnNode {
  const { engine, server } = parts;
  const { stream, connectedAt, behindSince } = node;
  const wanted = partsOf(parts, explanation);
  const lacking = wanted.filter(({ typeUrl, resource, cluster }) => {
    if (resource === undefined) return true;
    // Served from the list of new hosts until the listener comes.
    if (typeUrl === LISTENER_TYPE && stream.newHosts.serves(resource.name, cluster)) return false;
    return !stream.isAcknowledged(typeUrl, resource.name, resource.version);
  });
  const [rejection] = wanted.flatMap(({ typeUrl, resource }) => {
    const held = resource && server.rejections.of(stream, typeUrl).get(resource.name);
    return held === undefined ? [] : [{ resource: resource?.name ?? '', error: held.error }];
  });
  const isLive = wanted.length > 0 && lacking.length === 0;
  const clusters = wanted.flatMap(({ typeUrl, resource }) =>
    typeUrl === CLUSTER_TYPE && resource !== undefined ? [resource] : [],
  );
  const [cluster] = clusters;
  const sinceMs = Math.max(
    connectedAt.getTime(),
    ...clusters.map(({ name }) => changedAtMs({ engine }, CLUSTER_TYPE, name)),
  );
  const last = lastRejectionOf(parts, stream);
  return {
    node: node.id,
    connectedAt: connectedAt.toISOString(),
    state: rejection !== undefined ? 'rejected' : isLive ? 'live' : 'waiting',
    lacks: [...new Set(lacking.map(({ name }) => name))],
    ...(isLive && cluster !== undefined && { version: cluster.version }),
    ...(isLive && { since: new Date(sinceMs).toISOString() }),
    ...(behindSince !== undefined && { behindMs: Math.round(performance.now() - behindSince) }),
    ...(rejection !== undefined && { rejection }),
    ...(last !== undefined && { lastRejection: last }),
  };
}
