import type { Registry } from 'prom-client';
import type { ConnectedNode } from '../../xds/server.ts';
import { gauges, type Series } from './gauges.ts';

/** Series of each metric at most: node ids come from the Envoys. */
const MOST_NODES = 1_000;

export interface NodeSeriesParts {
  readonly connected: () => readonly ConnectedNode[];
  /** Names of the nodes that should run an Envoy. */
  readonly expected: () => readonly string[];
  /** In seconds. */
  readonly lagOf: (node: ConnectedNode) => number;
  /** How many resources of the type an Envoy rejected. */
  readonly heldCount: (node: ConnectedNode, typeUrl: string) => number;
  /** Types by their label. */
  readonly types: ReadonlyMap<string, string>;
}

/**
 * Metrics of each gateway node, of those that are connected to this replica and those that should be to one. The label is not
 * `node`, which is what Prometheus says of where it found the target.
 */
export function registerNodeSeries(registry: Registry, parts: NodeSeriesParts): void {
  const { connected, expected, lagOf, heldCount, types } = parts;
  gauges(
    registry,
    'sluice_xds_node_expected',
    'Always 1: a node with the label of gateway nodes; the same on every replica.',
    ['gateway_node'],
    () => limited(expected().map((name) => [{ gateway_node: name }, 1])),
  );
  gauges(
    registry,
    'sluice_xds_node_connected',
    'Envoys of a gateway node that are connected to this replica.',
    ['gateway_node'],
    () => limited(byNode(connected(), () => 1, sum)),
  );
  gauges(
    registry,
    'sluice_xds_node_lag_seconds',
    'For how long an Envoy has owed the acknowledgement of a change; 0: it has acknowledged all there is.',
    ['gateway_node'],
    () => limited(byNode(connected(), lagOf, Math.max)),
  );
  gauges(
    registry,
    'sluice_xds_node_max_connections',
    'Most connections that an Envoy takes, as it said when it connected.',
    ['gateway_node'],
    () => {
      const known = connected().filter(({ limits }) => limits !== undefined);
      return limited(byNode(known, ({ limits }) => limits?.maxConnections ?? 0, sum));
    },
  );
  gauges(
    registry,
    'sluice_xds_node_held_resources',
    'Resources that an Envoy rejected and that are held back; see /debug/nodes.',
    ['gateway_node', 'type'],
    () =>
      [...types].flatMap(([typeUrl, type]) =>
        limited(byNode(connected(), (node) => heldCount(node, typeUrl), sum)).map(
          ([labels, value]) => [{ ...labels, type }, value] as const,
        ),
      ),
  );
}

/** A node may have two Envoys. */
function byNode(
  nodes: readonly ConnectedNode[],
  value: (node: ConnectedNode) => number,
  join: (a: number, b: number) => number,
): Series<'gateway_node'> {
  const values = new Map<string, number>();
  for (const node of nodes) {
    const before = values.get(node.id);
    values.set(node.id, before === undefined ? value(node) : join(before, value(node)));
  }
  return [...values].map(([id, joined]) => [{ gateway_node: id }, joined]);
}

function sum(a: number, b: number): number {
  return a + b;
}

function limited<L extends string>(series: Series<L>): Series<L> {
  return series.slice(0, MOST_NODES);
}
