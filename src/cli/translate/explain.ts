import type { GatewayConfig } from '../../gateway/config.ts';
import { whyLost } from '../../gateway/explain/explain-claim.ts';
import { hintsOf, keptByListeners, nearestHosts, objectName } from '../../gateway/explain/explain-host.ts';
import { badConditions } from '../../gateway/status/conditions-of.ts';
import { closedHost } from '../../gateway/status/serving.ts';
import { hostMatches, normalizeHostname } from '../../gateway/values/hostname.ts';
import { clauses } from '../../gateway/values/listing.ts';
import type { Condition } from '../../model/conditions.ts';
import { refOf } from '../../model/events.ts';
import type { RouteModel } from '../../model/gateway.ts';
import { objectKey } from '../../model/key.ts';
import type { Ingress, TlsRoute } from '../../model/objects.ts';
import { Resource, toJson } from '../../proto/index.ts';
import type { Engine } from '../../snapshot/engine/engine.ts';
import { CLUSTER_TYPE, ENDPOINT_TYPE, type EncodedResource } from '../../snapshot/resources/resource.ts';
import { isRejecting } from '../../snapshot/translate/endpoint-set.ts';
import { hostnamesOf, keepersOf, listenersTaking, shadowsOf } from './host-owners.ts';
import { explainRoute } from './route-report.ts';
import { printable } from './table.ts';

/** Routes that want a host and do not have it, in one answer. */
const MAX_OTHERS = 50;

/** A host, or the wildcard above it, that a route has on a binding. */
export interface OwnedHost {
  readonly binding: string;
  readonly route: string;
  /** The host or wildcard of the route that the host is taken as. */
  readonly as: string;
  readonly cluster: string;
  /** Routes that want it too, and the rule that decided. */
  readonly others: readonly { readonly route: string; readonly reason: string }[];
}

export interface ServedHost extends OwnedHost {
  readonly endpoints: readonly {
    readonly address: string;
    readonly port: number;
    readonly weight?: number;
  }[];
  /** Why the shares of some backends are closed; empty where all have endpoints. */
  readonly reasons: readonly string[];
}

/** Its connections are sent nowhere. */
export interface ClosedHostOfRoute extends OwnedHost {
  readonly reasons: readonly string[];
}

/** Which route serves a host on each binding, which others wanted to, and where its connections go. */
export interface HostExplanation {
  readonly host: string;
  readonly served: readonly ServedHost[];
  readonly closed: readonly ClosedHostOfRoute[];
  /** Bindings whose listeners keep the host from a wildcard. */
  readonly kept: readonly { readonly binding: string; readonly reason: string }[];
  /** Routes that name the host and serve it nowhere. */
  readonly notServed: readonly { readonly route: string; readonly reasons: readonly string[] }[];
  /** What could be done, where no route has it. */
  readonly hints: readonly string[];
}

/** What has been looked up already, so that not all routes have to be looked through. */
export interface KnownOfHost {
  /** Routes that may name the host: some more do no harm. */
  readonly routes: Iterable<TlsRoute | Ingress>;
  /** See `nearestHosts`. */
  readonly nearest: readonly string[];
}

/** Whether a route has the host, or a listener keeps it, on any binding: then no other names are of interest. */
export function isTaken(engine: Engine, host: string): boolean {
  return [...engine.bindings].some(
    (state) => state.entryFor(host) !== undefined || keepersOf(engine, state, host) !== undefined,
  );
}

export function explainHost(
  engine: Engine,
  host: string,
  config: GatewayConfig,
  known?: KnownOfHost,
): HostExplanation {
  const served: ServedHost[] = [];
  const closed: ClosedHostOfRoute[] = [];
  const kept: { binding: string; reason: string }[] = [];
  const contenders = new Set<string>();
  for (const state of [...engine.bindings].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const entry = state.entryFor(host);
    const [winner, ...others] = entry?.contenders ?? [];
    if (entry === undefined || winner === undefined) {
      const keepers = keepersOf(engine, state, host);
      if (keepers === undefined) continue;
      const reason = keptByListeners(keepers.hostname, keepers.listeners);
      kept.push({ binding: state.name, reason });
      continue;
    }
    for (const { routeKey } of entry.contenders) contenders.add(routeKey);
    const owned: OwnedHost = {
      binding: state.name,
      route: objectName(winner.route.ref),
      as: entry.host,
      cluster: entry.name,
      others: others
        .slice(0, MAX_OTHERS)
        .map((other) => ({ route: objectName(other.route.ref), reason: whyLost(winner, other) })),
    };
    const { isClosed, problems } = closedHost(
      winner.claim,
      resolvedRefsOf(winner.route),
      engine.reachOf(winner.claim),
    );
    const reasons = [...new Set(problems.map(({ text }) => text))];
    if (isClosed) closed.push({ ...owned, reasons });
    else served.push({ ...owned, endpoints: endpointsOfCluster(engine, entry.name), reasons });
  }
  const notServed: { route: string; reasons: readonly string[] }[] = [];
  for (const route of known?.routes ?? [...engine.world.all('TLSRoute'), ...engine.world.all('Ingress')]) {
    if (notServed.length === MAX_OTHERS) break;
    if (contenders.has(objectKey(refOf(route))) || !namesHost(route, host)) continue;
    notServed.push({ route: objectName(refOf(route)), reasons: whyNotServed(engine, route, host, config) });
  }
  const isOwned = served.length > 0 || closed.length > 0;
  return {
    host,
    served,
    closed,
    kept,
    notServed: notServed.sort((a, b) => (a.route < b.route ? -1 : 1)),
    hints:
      isOwned || kept.length > 0
        ? []
        : hintsOf(known?.nearest ?? nearestHosts(host, hostsOf(engine)), listenersTaking(engine, host)),
  };
}

export function explanationText(explanation: HostExplanation): string {
  const { host, served, closed, kept, notServed, hints } = explanation;
  const lines: string[] = [];
  for (const { binding, route, as, cluster, others, endpoints, reasons } of served) {
    lines.push(`${host} on ${binding}: served by ${route} as ${as}`);
    lines.push(...others.map(alsoWanted), `  cluster ${cluster}`, '  endpoints');
    for (const { address, port, weight } of endpoints)
      lines.push(
        `    ${isRejecting({ address, port }) ? 'closed' : `${address} port ${port}`}${weight === undefined ? '' : `, weight ${weight}`}`,
      );
    if (reasons.length > 0) lines.push(`  some connections are closed: ${clauses(reasons)}`);
  }
  for (const { binding, route, as, cluster, others, reasons } of closed) {
    lines.push(`${host} on ${binding}: closed, though ${route} has it as ${as}`);
    lines.push(...others.map(alsoWanted), `  cluster ${cluster}`);
    for (const reason of reasons) lines.push(`  ${reason}`);
  }
  for (const { binding, reason } of kept) lines.push(`${host} on ${binding}: closed, ${reason}`);
  if (lines.length === 0) lines.push(`${host}: no route serves it; connections that ask for it are closed`);
  for (const { route, reasons } of notServed)
    for (const reason of reasons) lines.push(`  ${route} names it and is not served: ${reason}`);
  for (const hint of hints) lines.push(`  ${hint}`);
  return `${lines.map(printable).join('\n')}\n`;
}

function alsoWanted({ route, reason }: OwnedHost['others'][number]): string {
  return `  also wanted by ${route}, ${reason}`;
}

function resolvedRefsOf({ parents }: RouteModel): Condition | undefined {
  return parents[0]?.conditions.find(({ type }) => type === 'ResolvedRefs');
}

export function* hostsOf(engine: Engine): Generator<string> {
  for (const { hosts } of engine.bindings) yield* hosts.keys();
}

/** Also where the name is written in a way that is not valid: just then it is asked for. */
function namesHost(route: TlsRoute | Ingress, host: string): boolean {
  return hostnamesOf(route).some((name) => {
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

function whyNotServed(
  engine: Engine,
  route: TlsRoute | Ingress,
  host: string,
  config: GatewayConfig,
): readonly string[] {
  const { unclaimed, notes } = explainRoute(engine, route, config);
  if (unclaimed !== undefined) return [unclaimed];
  const model = engine.route(objectKey(refOf(route)));
  const shadows = model === undefined ? [] : shadowsOf(engine, model, host);
  // What else is wrong with the route is not why it does not have this host.
  if (shadows.length > 0) return shadows;
  const messages = badConditions(engine, refOf(route)).map(({ message }) => message);
  const reasons = [...new Set([...messages, ...notes])];
  return reasons.length > 0 ? reasons : ['no listener that the route is attached to has this host'];
}

function endpointsOfCluster(engine: Engine, cluster: string): ServedHost['endpoints'] {
  const [set] = engine.resources.get(CLUSTER_TYPE, cluster)?.references ?? [];
  const resource = set === undefined ? undefined : engine.resources.get(ENDPOINT_TYPE, set);
  return resource === undefined ? [] : endpointsOfSet(resource);
}

/** The endpoints in an endpoint set as it is encoded. */
export function endpointsOfSet(resource: EncodedResource): ServedHost['endpoints'] {
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
