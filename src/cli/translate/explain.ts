import type { GatewayConfig } from '../../gateway/config.ts';
import { whyLost } from '../../gateway/explain/explain-claim.ts';
import { badConditions } from '../../gateway/status/conditions-of.ts';
import { hostMatches, normalizeHostname } from '../../gateway/values/hostname.ts';
import { clauses } from '../../gateway/values/listing.ts';
import { type ObjectRef, objectKey, refOf } from '../../model/events.ts';
import type { Ingress, TlsRoute } from '../../model/objects.ts';
import { Resource, toJson } from '../../proto/index.ts';
import type { Engine } from '../../snapshot/engine/engine.ts';
import { CLUSTER_TYPE, ENDPOINT_TYPE } from '../../snapshot/resources/resource.ts';
import { endpointsOf, explainRoute } from './route-report.ts';
import { printable } from './table.ts';

/** Routes that want a host and do not have it, in one answer. */
const MAX_OTHERS = 50;

export interface ServedHost {
  readonly binding: string;
  readonly route: string;
  /** The host or wildcard of the route that the host is served as. */
  readonly as: string;
  readonly cluster: string;
  /** Routes that want it too, and the rule that decided. */
  readonly others: readonly { readonly route: string; readonly reason: string }[];
  readonly endpoints: readonly {
    readonly address: string;
    readonly port: number;
    readonly weight?: number;
  }[];
  /** Why there are no endpoints; empty where there are any. */
  readonly reasons: readonly string[];
}

/** Which route serves a host on each binding, which others wanted to, and where its connections go. */
export interface HostExplanation {
  readonly host: string;
  readonly served: readonly ServedHost[];
  /** Routes that name the host and serve it nowhere. */
  readonly notServed: readonly { readonly route: string; readonly reasons: readonly string[] }[];
}

export function explainHost(engine: Engine, host: string, config: GatewayConfig): HostExplanation {
  const served: ServedHost[] = [];
  const contenders = new Set<string>();
  for (const state of [...engine.bindings].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const entry = state.entryFor(host);
    const [winner, ...others] = entry?.contenders ?? [];
    if (entry === undefined || winner === undefined) continue;
    for (const { routeKey } of entry.contenders) contenders.add(routeKey);
    const endpoints = endpointsOfCluster(engine, entry.name);
    served.push({
      binding: state.name,
      route: routeName(winner.route.ref),
      as: entry.host,
      cluster: entry.name,
      others: others
        .slice(0, MAX_OTHERS)
        .map((other) => ({ route: routeName(other.route.ref), reason: whyLost(winner, other) })),
      endpoints,
      reasons: endpoints.length > 0 ? [] : endpointsOf(engine, [winner.claim], config).reasons,
    });
  }
  const notServed: { route: string; reasons: readonly string[] }[] = [];
  for (const route of [...engine.world.all('TLSRoute'), ...engine.world.all('Ingress')]) {
    if (notServed.length === MAX_OTHERS) break;
    if (contenders.has(objectKey(refOf(route))) || !namesHost(route, host)) continue;
    notServed.push({ route: routeName(refOf(route)), reasons: whyNotServed(engine, route, config) });
  }
  return { host, served, notServed: notServed.sort((a, b) => (a.route < b.route ? -1 : 1)) };
}

export function explanationText({ host, served, notServed }: HostExplanation): string {
  const lines: string[] = [];
  for (const { binding, route, as, cluster, others, endpoints, reasons } of served) {
    lines.push(`${host} on ${binding}: served by ${route} as ${as}`);
    for (const other of others) lines.push(`  also wanted by ${other.route}, ${other.reason}`);
    lines.push(`  cluster ${cluster}`);
    const none = reasons.length === 0 ? '' : `: ${clauses(reasons)}`;
    lines.push(endpoints.length === 0 ? `  no endpoints, connections are closed${none}` : '  endpoints');
    for (const { address, port, weight } of endpoints)
      lines.push(`    ${address} port ${port}${weight === undefined ? '' : `, weight ${weight}`}`);
  }
  if (served.length === 0) lines.push(`${host}: no route serves it; connections that ask for it are closed`);
  for (const { route, reasons } of notServed)
    for (const reason of reasons) lines.push(`  ${route} names it and is not served: ${reason}`);
  return `${lines.map(printable).join('\n')}\n`;
}

function routeName({ kind, namespace, name }: ObjectRef): string {
  return `${kind} ${namespace}/${name}`;
}

/** Also where the name is written in a way that is not valid: just then it is asked for. */
function namesHost(route: TlsRoute | Ingress, host: string): boolean {
  const written =
    route.kind === 'TLSRoute' ? route.hostnames : route.rules.flatMap((rule) => rule.host ?? []);
  return written.some((name) => {
    const pattern = normalizeHostname(name);
    return (pattern !== '*' && hostMatches(pattern, host)) || mentionsHost(pattern, host);
  });
}

/** `https://host/`, `host:443`. */
function mentionsHost(text: string, host: string): boolean {
  const at = text.indexOf(host);
  if (at < 0) return false;
  return !/[\w.-]/.test(text[at - 1] ?? ' ') && !/[\w.-]/.test(text[at + host.length] ?? ' ');
}

function whyNotServed(engine: Engine, route: TlsRoute | Ingress, config: GatewayConfig): readonly string[] {
  const { unclaimed, notes } = explainRoute(engine, route, config);
  if (unclaimed !== undefined) return [unclaimed];
  const messages = badConditions(engine, refOf(route)).map(({ message }) => message);
  const reasons = [...new Set([...messages, ...notes])];
  return reasons.length > 0 ? reasons : ['no listener that the route is attached to has this host'];
}

function endpointsOfCluster(engine: Engine, cluster: string): ServedHost['endpoints'] {
  const [set] = engine.resources.get(CLUSTER_TYPE, cluster)?.references ?? [];
  const resource = set === undefined ? undefined : engine.resources.get(ENDPOINT_TYPE, set);
  if (resource === undefined) return [];
  const json = toJson(ENDPOINT_TYPE, Resource.decode(resource.bytes).resource?.value ?? new Uint8Array());
  const { endpoints = [] } = json as {
    endpoints?: { lb_endpoints?: unknown[]; load_balancing_weight?: number }[];
  };
  return endpoints.flatMap(({ lb_endpoints = [], load_balancing_weight: weight }) =>
    lb_endpoints.map((each) => {
      const { endpoint } = each as {
        endpoint: { address: { socket_address: { address: string; port_value: number } } };
      };
      const { address, port_value: port } = endpoint.address.socket_address;
      return { address, port, ...(weight === undefined ? {} : { weight }) };
    }),
  );
}
