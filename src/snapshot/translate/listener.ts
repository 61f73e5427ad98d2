import type { Binding } from '../../model/gateway.ts';
import { duration, Listener, TlsInspector, toAny } from '../../proto/index.ts';
import type { EngineConfig } from '../config.ts';
import type { BindingHosts } from '../hosts/binding-hosts.ts';
import { encodeResource } from '../resources/encode.ts';
import type { EncodedResource } from '../resources/resource.ts';
import { accessLog } from './access-log.ts';
import { BUFFER_LIMIT_BYTES, TCP_KEEPALIVE } from './cluster-settings.ts';
import { withDemandForms } from './demand-forms.ts';
import { chainOf, indexChains, onDemandChains, ownChains, reservedChain } from './filter-chain.ts';
import { translateMatcher } from './matcher.ts';
import { mostNewHosts, translateNewHosts } from './new-hosts-list.ts';

/**
 * One listener of Envoy. Of its fields only the matcher and the chains beside the index chain may ever differ
 * between two versions: Envoy updates a listener in place if nothing but filter chains changed and drains the
 * whole of it otherwise.
 */
export function translateListener(
  binding: Binding,
  state: BindingHosts,
  config: EngineConfig,
): EncodedResource | undefined {
  // Envoy rejects a listener without filter chains; the index chain is always there.
  if (config.sniMode === 'chain' && state.hosts.size === 0) return undefined;
  const [address, ...additional] = binding.addresses.map((ip) => ({
    socket_address: { address: ip, port_value: binding.port },
  }));
  const content = Listener.encode({
    name: binding.name,
    stat_prefix: binding.name,
    ...(address === undefined ? {} : { address }),
    additional_addresses: additional.map((other) => ({ address: other })),
    traffic_direction: 'INBOUND',
    // An address that moves between nodes is configured on all of them, and served wherever it is.
    freebind: { value: true },
    listener_filters: [
      { name: 'envoy.filters.listener.tls_inspector', typed_config: toAny(TlsInspector, {}) },
    ],
    listener_filters_timeout: duration(config.clientHelloTimeoutMs),
    per_connection_buffer_limit_bytes: { value: BUFFER_LIMIT_BYTES },
    tcp_keepalive: {
      keepalive_time: { value: TCP_KEEPALIVE.time },
      keepalive_interval: { value: TCP_KEEPALIVE.interval },
      keepalive_probes: { value: TCP_KEEPALIVE.probes },
    },
    ...(config.accessLog ? { access_log: [accessLog()] } : {}),
    ...(config.sniMode === 'index' ? indexed(binding, state, config) : chained(binding, state, config)),
  });
  const listener = encodeResource(Listener.typeUrl, binding.name, content);
  if (config.sniMode !== 'index') return listener;
  return withDemandForms(listener, {
    onDemand: onDemandChains(binding, config),
    clusters: [...state.ownChains.values()].map(({ name }) => name),
    newHosts: {
      log: state.newHosts,
      count: state.newHosts.count,
      otherChanges: state.otherChanges,
      most: mostNewHosts(state.wildcards.size),
      list: (clusters) => translateNewHosts(binding.name, clusters),
    },
  });
}

function indexed(binding: Binding, state: BindingHosts, config: EngineConfig) {
  const own = [...state.ownChains.keys()].sort().flatMap((host) => state.ownChains.get(host) ?? []);
  return {
    filter_chain_matcher: translateMatcher(state),
    filter_chains: [
      ...indexChains(binding, config),
      ...(state.reservedPatterns().length > 0 ? [reservedChain(binding, config)] : []),
      ...own.flatMap((entry) => ownChains(binding, entry, config)),
    ],
  };
}

/** `--sni-mode chain`: the obvious translation, one chain for each host, as the baseline and as an escape hatch. */
function chained(binding: Binding, state: BindingHosts, config: EngineConfig) {
  const hosts = [...state.hosts.keys()].sort().flatMap((host) => state.hosts.get(host) ?? []);
  // Two chains with an equal match would be refused: a host with a route has its own.
  const closed = [...state.isolatedPatterns(), ...state.reservedPatterns()].filter(
    (pattern) => !state.hosts.has(pattern),
  );
  return {
    filter_chains: [
      ...hosts.map((entry) => ({
        ...chainOf(binding, entry, config),
        // Without TLS there is no server name to match, and `*` must not take what is not TLS.
        filter_chain_match:
          entry.host === '*' ? { transport_protocol: 'tls' } : { server_names: [entry.host] },
      })),
      ...(closed.length === 0
        ? []
        : [
            {
              ...reservedChain(binding, config),
              filter_chain_match: { server_names: [...new Set(closed)].sort() },
            },
          ]),
    ],
  };
}
