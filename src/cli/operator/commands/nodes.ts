import type { ExpectedNode, NodeState, NodesReport } from '../../admin/api/shapes.ts';
import { type Answers, askAll } from '../find/ask.ts';
import type { StatusCommandConfig } from '../operator-flags.ts';
import { type Paint, paintFor, type Tone } from '../render/paint.ts';
import { notes, type Printed, rendered } from '../render/print.ts';
import { type Cell, span, textTable } from '../render/text-table.ts';

/** A gateway node as all replicas together see it. */
export interface FleetNode {
  readonly node: string;
  readonly addresses: readonly string[];
  /** Whether the cluster has a node of that name with the label of gateway nodes. */
  readonly expected: boolean;
  readonly state: 'current' | 'starting' | 'behind' | 'rejects' | 'not connected';
  readonly replica?: string;
  readonly envoy?: NodeState;
}

/** `sluice nodes` */
export async function nodes(config: StatusCommandConfig): Promise<Printed> {
  const answers = await askAll<NodesReport>(config, '/api/v1/nodes');
  const fleet = fleetOf(answers);
  const paint = paintFor(config);
  return {
    stdout: await rendered(config, { kind: 'NodeList', items: fleet }, () =>
      fleet.length === 0
        ? 'no Envoy is connected, and no node has the label node-role.kubernetes.io/gateway=true\n'
        : nodeTable(fleet, paint, config.output === 'wide'),
    ),
    stderr: notes(answers.failures, paint),
    exitCode: fleet.length > 0 && fleet.every(({ state }) => state === 'current') ? 0 : 2,
  };
}

export function fleetOf({
  answers,
}: Pick<Answers<Pick<NodesReport, 'nodes' | 'expected'>>, 'answers'>): readonly FleetNode[] {
  const expected = new Map<string, ExpectedNode>();
  const connected = new Map<string, { readonly replica: string; readonly envoy: NodeState }>();
  for (const { replica, answer } of answers) {
    for (const each of answer.expected) expected.set(each.node, each);
    for (const envoy of answer.nodes)
      if (connected.get(envoy.node)?.envoy.current !== true) connected.set(envoy.node, { replica, envoy });
  }
  return [...new Set([...expected.keys(), ...connected.keys()])].sort().map((node): FleetNode => {
    const addresses = expected.get(node)?.addresses ?? [];
    const found = connected.get(node);
    const state = found === undefined ? 'not connected' : stateOf(found.envoy);
    return { node, addresses, expected: expected.has(node), state, ...found };
  });
}

function stateOf({ current, rejected, demandWindow }: NodeState): FleetNode['state'] {
  if (rejected.length > 0) return 'rejects';
  if (demandWindow) return 'starting';
  return current ? 'current' : 'behind';
}

export const NODE_TONES: Readonly<Record<FleetNode['state'], Tone>> = {
  current: 'good',
  starting: 'odd',
  behind: 'odd',
  rejects: 'bad',
  'not connected': 'bad',
};

function nodeTable(fleet: readonly FleetNode[], paint: Paint, isWide: boolean): string {
  const head = ['NODE', 'STATE', 'ENVOY', 'REPLICA', 'CONNECTED', 'HOSTS', 'REJECTED'];
  const rows = fleet.map(({ node, state, replica = '-', envoy, addresses }): readonly Cell[] => {
    const behind = envoy?.behindMs === undefined ? '' : ` for ${span(envoy.behindMs)}`;
    return [
      node,
      { text: `${state}${state === 'behind' ? behind : ''}`, tone: NODE_TONES[state] },
      envoy?.envoy || '-',
      replica,
      envoy === undefined ? '-' : span(Date.now() - Date.parse(envoy.connectedAt)),
      envoy === undefined ? '-' : String(envoy.resources.clusters),
      envoy === undefined ? '-' : String(envoy.rejected.length),
      ...(isWide ? [addresses.join(' ') || '-', envoy?.peer ?? '-'] : []),
    ];
  });
  const table = textTable(isWide ? [...head, 'ADDRESSES', 'PEER'] : head, rows, paint);
  const remarks = fleet.flatMap(({ node, envoy, expected }) => [
    ...(envoy?.rejected ?? []).map(({ name, error }) => `${node} rejects ${name}: ${error}`),
    ...(envoy?.problems ?? []).map((problem) => `${node}: ${problem}`),
    ...(expected || fleet.every((each) => !each.expected)
      ? []
      : [`${node} is no gateway node of the cluster`]),
  ]);
  return table + remarks.map((remark) => `  ${paint('odd', remark)}\n`).join('');
}
