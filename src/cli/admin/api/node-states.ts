import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE } from '../../../snapshot/resources/resource.ts';
import type { ConnectedNode } from '../../../xds/server.ts';
import { type AdminPage, jsonPage } from '../admin-server.ts';
import type { AdminParts } from './admin-parts.ts';
import type { NodeState, NodesReport, StatusReport } from './shapes.ts';

/** Rejected resources of one Envoy that are listed. */
const MOST_REJECTED = 20;
const MOST_NAMES = 5;
const LONGEST_ERROR = 1_000;
const MOST_OVER_BUDGET = 20;

/** `/api/v1/nodes` */
export function nodesPage(parts: AdminParts): AdminPage {
  return jsonPage({ ...parts.answer('NodesReport'), ...nodesOf(parts) } satisfies NodesReport);
}

/** `/api/v1/status`: all in one screen. Counts that are kept, and no walk through routes. */
export function statusPage(parts: AdminParts): AdminPage {
  const { engine, status } = parts;
  let hosts = 0;
  for (const binding of engine.bindings) hosts += binding.hosts.size;
  const notAfter = parts.certificateNotAfter();
  const lastChangeMs = parts.sinceLastChangeMs();
  return jsonPage({
    ...parts.answer('StatusReport'),
    ...nodesOf(parts),
    objects: parts.objectCounts(),
    hosts,
    overBudget: parts.namespaces.overBudget().slice(0, MOST_OVER_BUDGET),
    ...(status !== undefined && {
      statusesPending: status.pending,
      statusMode: status.mode,
      statusesWithheld: status.withheld.size,
    }),
    problems: parts.problemCount(),
    ...(notAfter !== undefined && { certificateNotAfter: notAfter.toISOString() }),
    ...(lastChangeMs !== undefined && { lastChangeMs }),
  } satisfies StatusReport);
}

function nodesOf(parts: AdminParts): Pick<NodesReport, 'nodes' | 'expected' | 'missing' | 'resources'> {
  const { resources } = parts.engine;
  return {
    nodes: parts.server.nodes().map((node) => stateOf(parts, node)),
    expected: parts.nodes.addresses(),
    missing: parts.nodes.expected().missing,
    resources: {
      clusters: resources.count(CLUSTER_TYPE),
      endpoints: resources.count(ENDPOINT_TYPE),
      listeners: resources.count(LISTENER_TYPE),
    },
  };
}

function stateOf(parts: AdminParts, node: ConnectedNode): NodeState {
  const { id, version, peer, connectedAt, stream, behindSince } = node;
  const state = stream.state();
  const count = (type: string): number => state.find(({ typeUrl }) => typeUrl === type)?.resources ?? 0;
  const rejected = [LISTENER_TYPE, CLUSTER_TYPE, ENDPOINT_TYPE].flatMap((type) =>
    [...parts.server.rejections.of(stream, type)].map(([name, { error }]) => ({
      name,
      error: error.slice(0, LONGEST_ERROR),
    })),
  );
  const last = lastRejectionOf(parts, stream);
  return {
    node: id,
    envoy: version,
    peer,
    connectedAt: connectedAt.toISOString(),
    current: stream.isCurrent && rejected.length === 0,
    ...(behindSince !== undefined && { behindMs: Math.round(performance.now() - behindSince) }),
    demandWindow: stream.window.isOpen,
    resources: {
      clusters: count(CLUSTER_TYPE),
      endpoints: count(ENDPOINT_TYPE),
      listeners: count(LISTENER_TYPE),
    },
    unanswered: state.reduce((sum, { unanswered }) => sum + unanswered, 0),
    rejected: rejected.slice(0, MOST_REJECTED),
    ...(last !== undefined && { lastRejection: last }),
    problems: parts.nodes.problemsOf(node).map(({ message }) => message),
  };
}

export function lastRejectionOf(
  { server }: AdminParts,
  stream: ConnectedNode['stream'],
): NodeState['lastRejection'] {
  const last = server.rejections.lastOf(stream);
  return (
    last && {
      at: last.at.toISOString(),
      names: last.names.slice(0, MOST_NAMES),
      error: last.error.slice(0, LONGEST_ERROR),
    }
  );
}
