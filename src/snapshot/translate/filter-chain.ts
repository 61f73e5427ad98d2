import type { Binding } from '../../model/gateway.ts';
import { duration, type FilterChain, SetFilterState, TcpProxy, toAny } from '../../proto/index.ts';
import type { EngineConfig } from '../config.ts';
import type { HostEntry } from '../hosts.ts';

export const INDEX_CHAIN = 'index';

/** Never the name of a cluster: a tcp_proxy must name one, and the index chain's is always overridden. */
const NO_CLUSTER = 'none';

/**
 * The chain that serves every exact host of a binding: the SNI, behind the binding's name, is the cluster's name.
 * The prefix is a security boundary: the client chooses the SNI and must not be able to name any other cluster.
 *
 * THE BYTES OF THIS CHAIN MUST NOT CHANGE. Envoy replaces a chain whose message differs and closes every
 * connection through the old one after its drain time, and this one has those of all tenants. A golden holds them.
 */
export function indexChain(binding: Binding, config: EngineConfig): FilterChain {
  return {
    name: INDEX_CHAIN,
    filters: [
      {
        name: 'envoy.filters.network.set_filter_state',
        typed_config: toAny(SetFilterState, {
          on_new_connection: [
            {
              object_key: 'envoy.tcp_proxy.cluster',
              format_string: {
                text_format_source: { inline_string: `${binding.name}/%REQUESTED_SERVER_NAME%` },
              },
            },
          ],
        }),
      },
      tcpProxy(binding, NO_CLUSTER, config.idleTimeoutMs),
    ],
  };
}

/** The name of a host's own chain tells all that is in it: a chain with other content is another chain. */
export function ownChainName(entry: HostEntry): string {
  const idleTimeoutMs = entry.contenders[0]?.claim.policy.idleTimeoutMs;
  return idleTimeoutMs === undefined ? entry.host : `${entry.host} idle ${idleTimeoutMs}ms`;
}

/** A chain for one host. Its cluster is fixed by the host's name, so that no change of backends touches it. */
export function ownChain(binding: Binding, entry: HostEntry, config: EngineConfig): FilterChain {
  const idleTimeoutMs = entry.contenders[0]?.claim.policy.idleTimeoutMs ?? config.idleTimeoutMs;
  return { name: ownChainName(entry), filters: [tcpProxy(binding, entry.name, idleTimeoutMs)] };
}

function tcpProxy(binding: Binding, cluster: string, idleTimeoutMs: number) {
  return {
    name: 'envoy.filters.network.tcp_proxy',
    typed_config: toAny(TcpProxy, {
      stat_prefix: `tcp.${binding.name}`,
      cluster,
      // Zero switches it off; unset would be Envoy's one hour.
      idle_timeout: duration(idleTimeoutMs),
    }),
  };
}
