/** The dashboards: overview, gateway nodes, a tenant, the data plane. */
import { OVERVIEW } from './overview-dashboard.ts';
import { type Dashboard, graph, type Query, row, table, type Variable } from './panels.ts';
import { JOB, OF_JOB, ofReplicas, quantiles } from './queries.ts';

const NODE: Variable = {
  name: 'node',
  label: 'Gateway node',
  type: 'query',
  query: 'label_values(sluice_xds_node_expected, gateway_node)',
};
const ENVOY: Variable = {
  name: 'envoy',
  label: 'Envoy',
  type: 'query',
  query: 'label_values(envoy_cluster_upstream_cx_total{envoy_cluster_name="sluice_xds"}, instance)',
};

const OF_NODE = '{job=~"$job", gateway_node=~"$node"}';

const NODES: Dashboard = {
  uid: 'sluice-nodes',
  title: 'Sluice / Gateway nodes',
  description: 'What each Envoy has of what it should have.',
  variables: [JOB, NODE],
  panels: [
    table(
      'Without Envoy',
      `max by (gateway_node) (sluice_xds_node_expected${OF_NODE}) unless max by (gateway_node) (sluice_xds_node_connected${OF_NODE})`,
    ),
    graph('Envoys connected', [
      [`sum by (gateway_node) (sluice_xds_node_connected${OF_NODE})`, '{{gateway_node}}'],
    ]),
    graph(
      'Since when it has not acknowledged everything',
      [[`max by (gateway_node) (sluice_xds_node_lag_seconds${OF_NODE})`, '{{gateway_node}}']],
      {
        unit: 's',
        badFrom: 30,
      },
    ),
    graph('Resources that it rejected', [
      [
        `sum by (gateway_node, type) (sluice_xds_node_held_resources${OF_NODE})`,
        '{{gateway_node}}: {{type}}',
      ],
    ]),
    graph(
      'Streams opened',
      [[`sum by (instance) (rate(sluice_xds_connections_total${OF_JOB}[$__rate_interval]))`, '{{instance}}']],
      {
        unit: 'ops',
        description: 'Above 0 for long: Envoys come and go.',
      },
    ),
    graph(
      'From sending until acknowledged',
      quantiles('sluice_xds_ack_seconds_bucket{job=~"$job"}', 'type', '{{type}}'),
      {
        unit: 's',
      },
    ),
    graph(
      'Sent',
      [[`sum by (type) (rate(sluice_xds_sent_bytes_total${OF_JOB}[$__rate_interval]))`, '{{type}}']],
      { unit: 'Bps' },
    ),
    graph(
      'Answers',
      [
        [`sum by (type) (rate(sluice_xds_acks_total${OF_JOB}[$__rate_interval]))`, '{{type}}, accepted'],
        [`sum by (type) (rate(sluice_xds_nacks_total${OF_JOB}[$__rate_interval]))`, '{{type}}, rejected'],
      ],
      { unit: 'ops' },
    ),
    graph(
      'Connections, of those that it takes',
      [
        [
          'sum by (gateway_node) (envoy_listener_downstream_cx_active{gateway_node=~"$node"}) / max by (gateway_node) (sluice_xds_node_max_connections)',
          '{{gateway_node}}',
        ],
      ],
      { unit: 'percentunit', badFrom: 0.8 },
    ),
    graph('Envoys that have not been told of all hosts', [
      [`sluice_demand_windows${OF_JOB}`, '{{instance}}'],
    ]),
  ],
};

const OF_HOST = '{sluice_cluster=~".*/($host)"}';

function rateByHost(metric: string): string {
  return `sum by (sluice_cluster) (rate(${metric}${OF_HOST}[$__rate_interval]))`;
}

const TENANT: Dashboard = {
  uid: 'sluice-tenant',
  title: 'Sluice / A tenant',
  description:
    'Budgets of a namespace, and connections to hosts whose routes have the annotation sluice.dev/stats: of others Envoy keeps no statistics.',
  variables: [
    JOB,
    {
      name: 'tenant',
      label: 'Namespace',
      type: 'query',
      query: 'label_values(sluice_namespace_budget_used, tenant_namespace)',
    },
    { name: 'host', label: 'Hosts, a regular expression', type: 'textbox', query: '.*' },
  ],
  panels: [
    table(
      'Budgets',
      ofReplicas(
        'sluice_namespace_budget_used{job=~"$job", tenant_namespace=~"$tenant"}',
        'tenant_namespace, budget',
      ),
      {
        description: 'Of the 20 fullest namespaces, from 80 % on.',
        unit: 'percentunit',
      },
    ),
    graph('Connections', [
      [`sum by (sluice_cluster) (envoy_cluster_upstream_cx_active${OF_HOST})`, '{{sluice_cluster}}'],
    ]),
    graph('New connections', [[rateByHost('envoy_cluster_upstream_cx_total'), '{{sluice_cluster}}']], {
      unit: 'ops',
    }),
    graph(
      'Connections that failed',
      [
        [rateByHost('envoy_cluster_upstream_cx_connect_fail'), '{{sluice_cluster}}: refused, or no answer'],
        [rateByHost('envoy_cluster_upstream_cx_overflow'), '{{sluice_cluster}}: more than its part'],
        [rateByHost('envoy_cluster_upstream_cx_none_healthy'), '{{sluice_cluster}}: no endpoint'],
      ],
      { unit: 'ops' },
    ),
    graph('Endpoints', [
      [`max by (sluice_cluster) (envoy_cluster_membership_total${OF_HOST})`, '{{sluice_cluster}}'],
    ]),
    graph(
      'From endpoints',
      [[rateByHost('envoy_cluster_upstream_cx_rx_bytes_total'), '{{sluice_cluster}}']],
      { unit: 'Bps' },
    ),
    graph('To endpoints', [[rateByHost('envoy_cluster_upstream_cx_tx_bytes_total'), '{{sluice_cluster}}']], {
      unit: 'Bps',
    }),
  ],
};

const OF_ENVOY = '{instance=~"$envoy"}';

function byEnvoy(metric: string): Query {
  return [`sum by (instance) (rate(${metric}${OF_ENVOY}[$__rate_interval]))`, '{{instance}}'];
}

const DATA_PLANE: Dashboard = {
  uid: 'sluice-data-plane',
  title: 'Sluice / Data plane',
  description: 'Connections, and what limits them, of each Envoy.',
  variables: [ENVOY],
  panels: [
    graph('Connections', [
      [
        `sum by (instance, envoy_listener_address) (envoy_listener_downstream_cx_active${OF_ENVOY})`,
        '{{instance}} {{envoy_listener_address}}',
      ],
    ]),
    graph('New connections', [byEnvoy('envoy_listener_downstream_cx_total')], { unit: 'ops' }),
    graph(
      'Connections refused',
      [
        [
          `sum by (instance) (rate(envoy_listener_downstream_global_cx_overflow${OF_ENVOY}[$__rate_interval]))`,
          '{{instance}}: as many as it may have',
        ],
        [
          `sum by (instance) (rate(envoy_listener_downstream_cx_overload_reject${OF_ENVOY}[$__rate_interval]))`,
          '{{instance}}: no memory',
        ],
      ],
      { unit: 'ops' },
    ),
    graph(
      'Connections of no host',
      [
        [
          `sum by (instance) (rate(envoy_listener_no_filter_chain_match${OF_ENVOY}[$__rate_interval]))`,
          '{{instance}}: no chain',
        ],
        [
          `sum by (instance) (rate(envoy_tls_inspector_sni_not_found${OF_ENVOY}[$__rate_interval]))`,
          '{{instance}}: no server name',
        ],
        [
          `sum by (instance) (rate(envoy_listener_downstream_pre_cx_timeout${OF_ENVOY}[$__rate_interval]))`,
          '{{instance}}: said nothing',
        ],
      ],
      { unit: 'ops' },
    ),
    graph('From clients', [byEnvoy('envoy_tcp_downstream_cx_rx_bytes_total')], { unit: 'Bps' }),
    graph('To clients', [byEnvoy('envoy_tcp_downstream_cx_tx_bytes_total')], { unit: 'Bps' }),
    graph(
      'Heap, of what it may have',
      [[`envoy_overload_envoy_resource_monitors_fixed_heap_pressure${OF_ENVOY}`, '{{instance}}']],
      { unit: 'percent', badFrom: 85 },
    ),
    graph('Memory', [[`envoy_server_memory_allocated${OF_ENVOY}`, '{{instance}}']], { unit: 'bytes' }),
    row('What it is told'),
    graph('Connected to Sluice', [[`envoy_control_plane_connected_state${OF_ENVOY}`, '{{instance}}']]),
    graph('Clusters', [[`envoy_cluster_manager_active_clusters${OF_ENVOY}`, '{{instance}}']]),
    graph('Updates rejected', [
      byEnvoy('envoy_cluster_manager_cds_update_rejected'),
      byEnvoy('envoy_listener_manager_lds_update_rejected'),
    ]),
    graph('Days until a certificate ends', [
      [`envoy_server_days_until_first_cert_expiring${OF_ENVOY} < 10000`, '{{instance}}'],
    ]),
    graph('Uptime', [[`envoy_server_uptime${OF_ENVOY}`, '{{instance}}']], { unit: 'dtdurations' }),
    graph('Listeners that drain', [
      [`envoy_listener_manager_total_listeners_draining${OF_ENVOY}`, '{{instance}}'],
    ]),
  ],
};

export const DASHBOARDS: readonly Dashboard[] = [OVERVIEW, NODES, TENANT, DATA_PLANE];
