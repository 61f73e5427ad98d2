import { Resource, toJson } from '../../proto/index.ts';
import type { Engine } from '../../snapshot/engine.ts';
import { CLUSTER_TYPE, ENDPOINT_TYPE } from '../../snapshot/resource.ts';
import type { Outcome } from './outcome.ts';
import { printable } from './table.ts';

/** Which route serves a host on each port, which others wanted to, and where its connections go. */
export function explainHost(
  engine: Engine,
  host: string,
  outcome: Outcome,
): { text: string; served: boolean } {
  const lines: string[] = [];
  for (const state of [...engine.bindings].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const entry = state.entryFor(host);
    if (entry === undefined) continue;
    const [winner, ...others] = entry.contenders;
    if (winner === undefined) continue;
    const name = ({ kind, namespace, name: own }: typeof winner.route.ref) => `${kind} ${namespace}/${own}`;
    lines.push(`${host} on ${state.name}: served by ${name(winner.route.ref)} as ${entry.host}`);
    for (const other of others)
      lines.push(`  also wanted by ${name(other.route.ref)}, which is younger or less specific`);
    lines.push(`  cluster ${entry.name}`, ...endpointLines(engine, entry.name));
  }
  const served = lines.length > 0;
  if (!served) lines.push(`${host}: no route serves it; connections that ask for it are closed`);
  for (const { route, parents } of served ? [] : outcome.routes) {
    const messages = parents.flatMap(({ conditions }) => conditions.map(({ message }) => message));
    const mine = messages.filter((message) => message.includes(host));
    for (const message of mine) lines.push(`  ${route}: ${printable(message)}`);
  }
  return { text: `${lines.join('\n')}\n`, served };
}

function endpointLines(engine: Engine, cluster: string): string[] {
  const [set] = engine.resources.get(CLUSTER_TYPE, cluster)?.references ?? [];
  const resource = set === undefined ? undefined : engine.resources.get(ENDPOINT_TYPE, set);
  if (resource === undefined) return [];
  const json = toJson(ENDPOINT_TYPE, Resource.decode(resource.bytes).resource?.value ?? new Uint8Array());
  const { endpoints = [] } = json as {
    endpoints?: { lb_endpoints?: unknown[]; load_balancing_weight?: number }[];
  };
  const lines = endpoints.flatMap(({ lb_endpoints = [], load_balancing_weight: weight }) =>
    lb_endpoints.map((each) => {
      const { endpoint } = each as {
        endpoint: { address: { socket_address: { address: string; port_value: number } } };
      };
      const { address, port_value } = endpoint.address.socket_address;
      return `    ${address} port ${port_value}${weight === undefined ? '' : `, weight ${weight}`}`;
    }),
  );
  return [`  endpoints ${set}${lines.length === 0 ? ': none, connections are closed' : ''}`, ...lines];
}
