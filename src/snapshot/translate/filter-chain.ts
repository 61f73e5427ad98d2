import type { Binding } from '../../model/gateway.ts';
import { duration, type FilterChain, SetFilterState, TcpProxy, toAny } from '../../proto/index.ts';
import type { EngineConfig } from '../config.ts';
import { endpointSetOf } from '../hosts/endpoint-sets.ts';
import { type HostEntry, needsSingleAttempt } from '../hosts/host-entry.ts';
import { newHostsFilter } from './new-hosts-list.ts';

export const INDEX_CHAIN = 'index';

/** Added to the name of a chain that connects once, where there are shares that must be rejected. */
const ONCE = ' once';

/** Cluster that a tcp_proxy of the index names, as it must name one; there is none of this name, and filter state overrides it. */
const NO_CLUSTER = 'none';

/** A dead endpoint is listed as ready for some 40 s; with round robin the next attempt is another one. */
const CONNECT_ATTEMPTS = 3;

/**
 * The chains that serve every exact host of a binding: the SNI, behind the binding's name, is the cluster's name.
 * The prefix is a security boundary: the client chooses the SNI and must not be able to name any other cluster.
 *
 * There are two, always: a connection to a rejected share must not be tried again elsewhere, or the share would
 * be served after all. The matcher says which one a host gets.
 *
 * THE BYTES OF THESE CHAINS MUST NOT CHANGE. Envoy replaces a chain whose message differs and closes every
 * connection through the old one after its drain time, and these have those of all tenants. A golden holds them.
 */
export function indexChains(binding: Binding, config: EngineConfig): FilterChain[] {
  return twice(INDEX_CHAIN, binding, NO_CLUSTER, config.idleTimeoutMs).map((chain) =>
    indexed(chain, binding),
  );
}

/** How long a connection waits for a host that Envoy has not been told of: nearly always some 10 ms. */
const DEMAND_TIMEOUT_MS = 2_000;

/**
 * The same two for an Envoy that has not been told of all hosts: a connection to one that it lacks waits while Envoy asks for
 * it. These bytes must not change either, for those Envoys that have them.
 */
export function onDemandChains(binding: Binding, config: EngineConfig): FilterChain[] {
  const onDemand = {
    odcds_config: { ads: {}, resource_api_version: 'V3' as const },
    timeout: duration(DEMAND_TIMEOUT_MS),
  };
  return twice(INDEX_CHAIN, binding, NO_CLUSTER, config.idleTimeoutMs, onDemand).map((chain) => ({
    ...indexed(chain, binding),
    name: onDemandName(chain.name),
  }));
}

/** Of the chain that does what this one of the index does, and waits for hosts. */
export function onDemandName(chain: string): string {
  return `${chain} on demand`;
}

/** Whether a name is that of a chain of the index. */
export function isIndexChain(chain: string): boolean {
  return chain === INDEX_CHAIN || chain === INDEX_CHAIN + ONCE;
}

/** The cluster is named by the SNI. */
function indexed(chain: FilterChain, binding: Binding): FilterChain {
  const select = {
    name: 'envoy.filters.network.set_filter_state',
    typed_config: toAny(SetFilterState, {
      on_new_connection: [
        {
          object_key: 'envoy.tcp_proxy.cluster',
          format_string: { text_format_source: { inline_string: `${binding.name}/%REQUESTED_SERVER_NAME%` } },
        },
      ],
    }),
  };
  return { ...chain, filters: [select, ...(chain.filters ?? [])] };
}

/** Name of the chain that closes. */
export const RESERVED_CHAIN = 'reserved by a listener that is not served';

/**
 * The chain of hostnames whose listeners are not served. It closes as the index chain would, and tells why by its name in the
 * access log.
 */
export function reservedChain(binding: Binding, config: EngineConfig): FilterChain {
  return chain(RESERVED_CHAIN, binding, NO_CLUSTER, config.idleTimeoutMs, 1);
}

/** The chain of the index that serves a host. */
export function indexChainName(entry: HostEntry): string {
  return needsSingleAttempt(entry) ? INDEX_CHAIN + ONCE : INDEX_CHAIN;
}

/**
 * A host's own chains, one for each number of attempts; those of a wildcard look at the list of new hosts below it first. Their cluster is fixed: no change of backends touches them. Where such
 * a change is to end connections, there is only the one in use.
 */
export function ownChains(binding: Binding, entry: HostEntry, config: EngineConfig): readonly FilterChain[] {
  const chains: readonly FilterChain[] = closesOnDelete(entry)
    ? [chainOf(binding, entry, config)]
    : twice(baseName(entry), binding, entry.name, idleTimeoutOf(entry) ?? config.idleTimeoutMs);
  if (!entry.host.startsWith('*')) return chains;
  const filter = newHostsFilter(binding.name);
  return chains.map((each) => ({ ...each, filters: [filter, ...(each.filters ?? [])] }));
}

/** Which of its own chains a host is served through. */
export function ownChainName(entry: HostEntry): string {
  return needsSingleAttempt(entry) ? baseName(entry) + ONCE : baseName(entry);
}

/** The one chain of a host in use: all there are where each host has its own (`--sni-mode chain`). */
export function chainOf(binding: Binding, entry: HostEntry, config: EngineConfig): FilterChain {
  const attempts = needsSingleAttempt(entry) ? 1 : CONNECT_ATTEMPTS;
  return chain(
    ownChainName(entry),
    binding,
    entry.name,
    idleTimeoutOf(entry) ?? config.idleTimeoutMs,
    attempts,
  );
}

/**
 * The name tells all that is in the chain: one with other content is another chain, and closes nothing of this one. Where
 * connections end with the route or its backends, it tells those too: then a chain of another name takes its place.
 */
function baseName(entry: HostEntry): string {
  const winner = entry.contenders[0];
  const idleTimeoutMs = idleTimeoutOf(entry);
  const name = idleTimeoutMs === undefined ? entry.host : `${entry.host} idle ${idleTimeoutMs}ms`;
  if (winner === undefined || !closesOnDelete(entry)) return name;
  return `${name} of ${winner.routeKey} to ${endpointSetOf(winner).name}`;
}

function closesOnDelete(entry: HostEntry): boolean {
  return entry.contenders[0]?.claim.policy.closeOnDelete === true;
}

function idleTimeoutOf(entry: HostEntry): number | undefined {
  return entry.contenders[0]?.claim.policy.idleTimeoutMs;
}

type OnDemand = NonNullable<Parameters<typeof TcpProxy.encode>[0]['on_demand']>;

function twice(name: string, binding: Binding, cluster: string, idleTimeoutMs: number, onDemand?: OnDemand) {
  return [
    chain(name, binding, cluster, idleTimeoutMs, CONNECT_ATTEMPTS, onDemand),
    chain(name + ONCE, binding, cluster, idleTimeoutMs, 1, onDemand),
  ];
}

function chain(
  name: string,
  binding: Binding,
  cluster: string,
  idleTimeoutMs: number,
  attempts: number,
  onDemand?: OnDemand,
) {
  return {
    name,
    filters: [
      {
        name: 'envoy.filters.network.tcp_proxy',
        typed_config: toAny(TcpProxy, {
          stat_prefix: `tcp.${binding.name}`,
          cluster,
          // Zero switches it off; unset would be Envoy's one hour.
          idle_timeout: duration(idleTimeoutMs),
          max_connect_attempts: { value: attempts },
          ...(onDemand && { on_demand: onDemand }),
        }),
      },
    ],
  };
}
