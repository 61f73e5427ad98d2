import { isIP } from 'node:net';
import { stringify } from 'yaml';
import type { BootstrapOptions } from './bootstrap-flags.ts';
import { type EnvoyLimits, envoyLimits } from './bootstrap-limits.ts';
import { adminCluster, metricsListener } from './bootstrap-metrics.ts';
import { bootstrapTls, tlsTransportSocket } from './bootstrap-tls.ts';
import type { SocketAddress } from './flag-values.ts';

/** The cluster that Envoy reaches Sluice through. No client can name it: host clusters begin with their binding. */
const XDS_CLUSTER = 'sluice_xds';
const TCP_KEEPALIVE = { keepalive_time: 60, keepalive_interval: 20, keepalive_probes: 3 };

const HEADER = `# Envoy's bootstrap for a Sluice gateway node, made by "sluice bootstrap". Run it with
#   envoy -c envoy.yaml --drain-time-s 60
# --drain-time-s: how long connections live on whose listener or filter chain was removed.
`;

/** The bootstrap as YAML for people and for \`envoy -c\`. */
export function bootstrapYaml(options: BootstrapOptions, limits = envoyLimits(options)): string {
  return HEADER + stringify(bootstrapConfig(options, limits), { lineWidth: 0 });
}

/**
 * An Envoy bootstrap (envoy.config.bootstrap.v3.Bootstrap as JSON). Limits of listeners and clusters come with them
 * over xDS; what is here is what has to be known before, and what protects the process.
 */
export function bootstrapConfig(
  options: BootstrapOptions,
  limits = envoyLimits(options),
): Record<string, unknown> {
  const { metricsAddress } = options;
  // "0s": wait for the control plane for ever. An Envoy that starts without it must not report ready with nothing to serve.
  const ads = { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '0s' };
  return {
    node: { id: options.nodeId, cluster: 'sluice', metadata: nodeMetadata(limits) },
    admin: {
      address: socketAddress(options.envoyAdminAddress),
      // To be looked at just when the node is full.
      ignore_global_conn_limit: true,
    },
    dynamic_resources: {
      ads_config: {
        api_type: 'DELTA_GRPC',
        transport_api_version: 'V3',
        set_node_on_first_message_only: true,
        grpc_services: [
          {
            envoy_grpc: {
              cluster_name: XDS_CLUSTER,
              // Envoy's own limit is 30 s. With ours, a replica that is back has its Envoys within a second; while none is, each
              // Envoy tries some twice a second.
              retry_policy: { retry_back_off: { base_interval: '0.2s', max_interval: '1s' } },
            },
          },
        ],
      },
      cds_config: ads,
      lds_config: ads,
    },
    static_resources: {
      ...(metricsAddress && { listeners: [metricsListener(metricsAddress)] }),
      clusters: [xdsCluster(options), ...(metricsAddress ? [adminCluster(options.envoyAdminAddress)] : [])],
    },
    // Most of 20,000 hosts are silent on any one node: without these, 1.3 GB and 28 s instead of 0.5 GB and 2 s.
    cluster_manager: { enable_deferred_cluster_creation: true },
    deferred_stat_options: { enable_deferred_creation_stats: true },
    // Nothing collects statistics unless it asks for them.
    stats_flush_on_admin: true,
    layered_runtime: {
      layers: [
        // Percent of connections in the access log; also by POST /runtime_modify?sluice.access_log=10 while it runs.
        { name: 'sluice', static_layer: { 'sluice.access_log': options.accessLogPercent } },
        { name: 'admin', admin_layer: {} },
      ],
    },
    overload_manager: overloadManager(limits),
    stats_config: { stats_tags: STATS_TAGS },
  };
}

/**
 * Envoy ends the name of a cluster, or of a TCP proxy, at its first dot, so that each host would have metrics of its own names: their
 * names become labels. The first group is what is taken out of the name of a statistic, the second the value of the label.
 */
const STATS_TAGS = [
  {
    tag_name: 'sluice_cluster',
    regex: String.raw`^cluster\.(([^/]+/.+?)\.)(?:circuit_breakers\.\w+\.)?\w+$`,
  },
  { tag_name: 'sluice_listener', regex: String.raw`^tcp\.(tcp\.(.+)\.)\w+$` },
];

/** What Sluice tells operators of each Envoy, see `limitsOf` of src/xds/node-identity.ts. */
function nodeMetadata({ maxConnections, descriptors }: EnvoyLimits): Record<string, unknown> {
  return {
    'sluice.dev/max-connections': maxConnections,
    ...(descriptors !== undefined && { 'sluice.dev/descriptors': descriptors }),
  };
}

function xdsCluster(options: BootstrapOptions): Record<string, unknown> {
  const addresses = options.xdsAddresses;
  const isSocket = addresses.some((address) => 'path' in address);
  // On one machine the kernel tells who has died; and an Envoy that takes 20,000 hosts on a busy one may be late with its own pings.
  const pings = isSocket ? '30s' : '5s';
  const tls = bootstrapTls(options);
  return {
    name: XDS_CLUSTER,
    type: addresses.every((address) => 'path' in address || isIP(address.host) !== 0)
      ? 'STATIC'
      : 'STRICT_DNS',
    dns_lookup_family: 'ALL',
    connect_timeout: '5s',
    per_connection_buffer_limit_bytes: 1_048_576,
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        explicit_http_config: {
          http2_protocol_options: {
            // A half-open stream would leave this Envoy on old configuration for good.
            connection_keepalive: { interval: pings, timeout: pings },
          },
        },
      },
    },
    ...(tls && { transport_socket: tlsTransportSocket(tls) }),
    ...(!isSocket && { upstream_connection_options: { tcp_keepalive: TCP_KEEPALIVE } }),
    load_assignment: {
      cluster_name: XDS_CLUSTER,
      endpoints: [
        {
          lb_endpoints: addresses.map((address) => ({
            endpoint: { address: 'path' in address ? { pipe: address } : socketAddress(address) },
          })),
        },
      ],
    },
  };
}

/** Refuses connections before the kernel kills the process, and with it every tenant's. */
function overloadManager({ maxHeapBytes, maxConnections }: EnvoyLimits): Record<string, unknown> {
  const heap = 'envoy.resource_monitors.fixed_heap';
  const connections = 'envoy.resource_monitors.global_downstream_max_connections';
  const config = (name: string, type: string, fields: object) => ({
    name,
    typed_config: { '@type': `type.googleapis.com/envoy.extensions.resource_monitors.${type}`, ...fields },
  });
  const action = (name: string, threshold: number) => ({
    name: `envoy.overload_actions.${name}`,
    triggers: [{ name: heap, threshold: { value: threshold } }],
  });
  return {
    refresh_interval: '0.25s',
    resource_monitors: [
      config(heap, 'fixed_heap.v3.FixedHeapConfig', { max_heap_size_bytes: maxHeapBytes }),
      config(connections, 'downstream_connections.v3.DownstreamConnectionsConfig', {
        max_active_downstream_connections: maxConnections,
      }),
    ],
    actions: [action('shrink_heap', 0.9), action('stop_accepting_connections', 0.98)],
  };
}

function socketAddress({ host, port }: SocketAddress): Record<string, unknown> {
  return { socket_address: { address: host, port_value: port } };
}
