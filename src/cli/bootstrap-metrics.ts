import type { SocketAddress } from './flag-values.ts';

/** Of the listener for Prometheus; `sluice drain` does not wait for who is connected there. */
export const METRICS_STAT_PREFIX = 'sluice_metrics';
/** No client of a tenant's port can name it: host clusters begin with their binding. */
const ADMIN_CLUSTER = 'sluice_envoy_admin';
/** The pages that may be seen from outside; of the others one stops Envoy, and one shows all of its configuration. */
const PAGES = ['/stats/prometheus', '/ready'];

const HTTP_MANAGER =
  'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const ROUTER = 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router';

/** A listener that answers GET on a few pages of Envoy's admin interface, and nothing else. */
export function metricsListener(address: SocketAddress): Record<string, unknown> {
  const match = (path: string) => ({
    path,
    headers: [{ name: ':method', string_match: { exact: 'GET' } }],
  });
  return {
    name: METRICS_STAT_PREFIX,
    stat_prefix: METRICS_STAT_PREFIX,
    address: { socket_address: { address: address.host, port_value: address.port } },
    // To be looked at just when the node is full.
    ignore_global_conn_limit: true,
    filter_chains: [
      {
        filters: [
          {
            name: 'envoy.filters.network.http_connection_manager',
            typed_config: {
              '@type': HTTP_MANAGER,
              stat_prefix: METRICS_STAT_PREFIX,
              common_http_protocol_options: { idle_timeout: '120s' },
              request_headers_timeout: '10s',
              route_config: {
                virtual_hosts: [
                  {
                    name: METRICS_STAT_PREFIX,
                    domains: ['*'],
                    routes: PAGES.map((path) => ({ match: match(path), route: { cluster: ADMIN_CLUSTER } })),
                  },
                ],
              },
              http_filters: [{ name: 'envoy.filters.http.router', typed_config: { '@type': ROUTER } }],
            },
          },
        ],
      },
    ],
  };
}

/** Envoy's own admin interface, for that listener. */
export function adminCluster({ host, port }: SocketAddress): Record<string, unknown> {
  return {
    name: ADMIN_CLUSTER,
    type: 'STATIC',
    connect_timeout: '1s',
    load_assignment: {
      cluster_name: ADMIN_CLUSTER,
      endpoints: [
        {
          lb_endpoints: [{ endpoint: { address: { socket_address: { address: host, port_value: port } } } }],
        },
      ],
    },
  };
}
