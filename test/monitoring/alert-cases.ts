/** Of each alert what fires it, and what is near that and does not; in the words of `promtool test rules`. */

import { type AlertCases, ENVOY, node, OF_ENVOY, OURS } from './alert-case.ts';
import { ENVOY_ALERT_CASES } from './envoy-alert-cases.ts';

const SLUICE = '{job="sluice", instance="a:18001"}';
const OTHER = '{job="sluice", instance="b:18001"}';
const OF_SLUICE = { job: 'sluice' };
const OF_REPLICA = { job: 'sluice', instance: 'a:18001' };
const OF_NODE = { job: 'sluice', gateway_node: 'gw-1' };

function hosts(outcome: string): string {
  return `sluice_hosts{job="sluice", instance="a:18001", outcome="${outcome}"}`;
}

function acknowledged(le: string): string {
  return `sluice_propagation_seconds_bucket{job="sluice", instance="a:18001", stage="acknowledged", le="${le}"}`;
}

export const ALERT_CASES: Readonly<Record<string, AlertCases>> = {
  SluiceNotReady: {
    fires: {
      series: { [`sluice_ready${SLUICE}`]: '0x20', [`sluice_ready${OTHER}`]: '0x20' },
      at: '10m',
      labels: {},
      summary: 'No replica of Sluice is ready, or none is scraped: no change reaches any gateway node.',
    },
    quiet: { series: { [`sluice_ready${SLUICE}`]: '0x20', [`sluice_ready${OTHER}`]: '1x20' }, at: '10m' },
  },
  SluiceNoEnvoyConnected: {
    fires: {
      series: {
        [`sluice_xds_nodes${SLUICE}`]: '0x20',
        [`sluice_xds_nodes${OTHER}`]: '0x20',
        [`sluice_nodes_expected${SLUICE}`]: '3x20',
      },
      at: '5m',
      labels: OF_SLUICE,
      summary: 'No Envoy is connected to any replica: no change reaches any gateway node.',
    },
    quiet: {
      series: {
        [`sluice_xds_nodes${SLUICE}`]: '0x20',
        [`sluice_xds_nodes${OTHER}`]: '3x20',
        [`sluice_nodes_expected${SLUICE}`]: '3x20',
      },
      at: '5m',
    },
  },
  SluiceGatewayNodeMissing: {
    fires: {
      series: {
        [node('sluice_xds_node_expected')]: '1x30',
        'sluice_xds_node_expected{job="sluice", instance="a:18001", gateway_node="gw-2"}': '1x30',
        'sluice_xds_node_connected{job="sluice", instance="b:18001", gateway_node="gw-2"}': '1x30',
      },
      at: '15m',
      labels: OF_NODE,
      summary:
        'The Envoy of gateway node gw-1 is connected to no replica: it is down, or serves what it had.',
    },
    quiet: {
      series: {
        [node('sluice_xds_node_expected')]: '1x30',
        'sluice_xds_node_connected{job="sluice", instance="b:18001", gateway_node="gw-1"}': '1x30',
      },
      at: '15m',
    },
  },
  SluiceNodeLags: {
    fires: {
      series: { [node('sluice_xds_node_lag_seconds')]: '0+60x20' },
      at: '10m',
      labels: OF_NODE,
      summary: 'The Envoy of gateway node gw-1 has not acknowledged changes for 10m 0s.',
    },
    quiet: { series: { [node('sluice_xds_node_lag_seconds')]: '0 50 0.1 0 45 0.2 0 0.3 0 0 0' }, at: '10m' },
  },
  SluiceListenerRejected: {
    fires: {
      series: { [node('sluice_xds_node_held_resources', ', type="listener"')]: '1x20' },
      at: '5m',
      labels: OF_NODE,
      summary:
        'The Envoy of gateway node gw-1 rejects a listener: a port is not served there, or not as it should be.',
    },
    quiet: {
      series: {
        [node('sluice_xds_node_held_resources', ', type="listener"')]: '0x20',
        [node('sluice_xds_node_held_resources', ', type="cluster"')]: '1x20',
      },
      at: '5m',
    },
  },
  SluiceHostRejected: {
    fires: {
      series: {
        [node('sluice_xds_node_held_resources', ', type="cluster"')]: '2x20',
        [node('sluice_xds_node_held_resources', ', type="endpoint"')]: '1x20',
      },
      at: '15m',
      labels: OF_NODE,
      summary:
        'The Envoy of gateway node gw-1 rejects 3 clusters or endpoint sets: these hosts are not served there as they should be.',
    },
    quiet: {
      series: {
        [node('sluice_xds_node_held_resources', ', type="cluster"')]: '2 2 2 0 0 0 0 0 0 0 0 0 0 0 0 0',
      },
      at: '12m',
    },
  },
  SluicePropagationSlow: {
    fires: {
      series: {
        [acknowledged('2.5')]: '0+90x60',
        [acknowledged('5')]: '0+100x60',
        [acknowledged('+Inf')]: '0+100x60',
      },
      at: '40m',
      labels: OF_SLUICE,
      summary: '1 of 100 changes takes 4.75s or longer until an Envoy has acknowledged it.',
    },
    quiet: {
      series: {
        [acknowledged('0.1')]: '0+995x60',
        [acknowledged('5')]: '0+1000x60',
        [acknowledged('+Inf')]: '0+1000x60',
      },
      at: '40m',
    },
  },
  SluiceChangesStuck: {
    fires: {
      series: { [`sluice_events_oldest_seconds${SLUICE}`]: '0+60x20', [`sluice_ready${SLUICE}`]: '1x20' },
      at: '10m',
      labels: OF_REPLICA,
      summary: 'A change that a:18001 has read has not been computed for 10m 0s.',
    },
    // A start that waits for the API server is told by others.
    quiet: {
      series: { [`sluice_events_oldest_seconds${SLUICE}`]: '0+60x20', [`sluice_ready${SLUICE}`]: '0x20' },
      at: '10m',
    },
  },
  SluiceSourceStale: {
    fires: {
      series: {
        'sluice_source_heard_timestamp_seconds{job="sluice", instance="a:18001", kind="TLSRoute"}': '60x40',
        'sluice_source_heard_timestamp_seconds{job="sluice", instance="a:18001", kind="Service"}': '0+60x40',
      },
      at: '25m',
      labels: OF_REPLICA,
      summary:
        'a:18001 has heard nothing of a kind from the API server for a quarter of an hour: changes of it are not served.',
    },
    quiet: {
      series: {
        'sluice_source_heard_timestamp_seconds{job="sluice", instance="a:18001", kind="TLSRoute"}':
          '0x9 600x9 1200x9 1800x9',
      },
      at: '25m',
    },
  },
  SluiceStateOld: {
    fires: {
      series: { [`sluice_state_saved_timestamp_seconds${SLUICE}`]: '60x40' },
      at: '25m',
      labels: OF_REPLICA,
      summary: 'What a:18001 has saved is 24m 0s old: a start without an API server would serve that.',
    },
    // The other replica of a shared folder saves nothing.
    quiet: { series: { [`sluice_state_saved_timestamp_seconds${SLUICE}`]: '0x40' }, at: '25m' },
  },
  SluiceHostsWithoutEndpoints: {
    fires: {
      series: {
        [hosts('Serving')]: '990x30 490x60',
        [hosts('NoEndpoints')]: '5x90',
        [hosts('EndpointsNotReady')]: '5x30 505x60',
      },
      at: '40m',
      labels: OF_SLUICE,
      summary:
        '500 hosts more than an hour ago at the best have no ready endpoint: connections to them are closed.',
    },
    // Clusters that sleep, as always.
    quiet: { series: { [hosts('Serving')]: '500x90', [hosts('NoEndpoints')]: '500x90' }, at: '80m' },
  },
  SluiceNamespaceNearBudget: {
    fires: {
      series: {
        'sluice_namespace_budget_used{job="sluice", instance="a:18001", tenant_namespace="big", budget="hosts"}':
          '0.95x60',
      },
      at: '45m',
      labels: { job: 'sluice', tenant_namespace: 'big', budget: 'hosts' },
      summary: 'Namespace big has 95% of its budget of hosts; beyond it hosts are not served.',
    },
    quiet: {
      series: {
        'sluice_namespace_budget_used{job="sluice", instance="a:18001", tenant_namespace="big", budget="hosts"}':
          '0.85x60',
      },
      at: '45m',
    },
  },
  SluiceCertificateExpires: {
    fires: {
      series: { [`sluice_xds_tls_not_after_timestamp_seconds${SLUICE}`]: '864000x90' },
      at: '80m',
      labels: OF_SLUICE,
      summary: 'A certificate between Envoy and Sluice ends within two weeks: it is not being renewed.',
    },
    // The second Envoy is another gateway's.
    quiet: {
      series: {
        [`sluice_xds_tls_not_after_timestamp_seconds${SLUICE}`]: '2592000x90',
        'envoy_server_days_until_first_cert_expiring{job="envoy", instance="gw-1:15002"}': '29x90',
        'envoy_server_days_until_first_cert_expiring{job="other", instance="mesh:15090"}': '1x90',
        ...OURS,
      },
      at: '80m',
    },
  },
  SluiceCertificateExpiresSoon: {
    fires: {
      series: { [`envoy_server_days_until_first_cert_expiring${ENVOY}`]: '1x30', ...OURS },
      at: '20m',
      labels: OF_ENVOY,
      summary: 'A certificate between Envoy and Sluice ends within two days; no Envoy connects after that.',
    },
    quiet: { series: { [`sluice_xds_tls_not_after_timestamp_seconds${SLUICE}`]: '864000x30' }, at: '20m' },
  },
  SluiceNoLeader: {
    fires: {
      series: { [`sluice_leader${SLUICE}`]: '0x20', [`sluice_leader${OTHER}`]: '0x20' },
      at: '10m',
      labels: OF_SLUICE,
      summary: 'No replica of Sluice leads: statuses and Events are not written.',
    },
    quiet: { series: { [`sluice_leader${SLUICE}`]: '0x20', [`sluice_leader${OTHER}`]: '1x20' }, at: '10m' },
  },
  SluiceTwoLeaders: {
    fires: {
      series: { [`sluice_leader${SLUICE}`]: '1x20', [`sluice_leader${OTHER}`]: '1x20' },
      at: '5m',
      labels: OF_SLUICE,
      summary: '2 replicas of Sluice lead: they may write different statuses.',
    },
    quiet: { series: { [`sluice_leader${SLUICE}`]: '0x20', [`sluice_leader${OTHER}`]: '1x20' }, at: '5m' },
  },
  SluiceEventLoopBlocked: {
    fires: {
      series: { [`nodejs_eventloop_lag_p99_seconds${SLUICE}`]: '0.5x30', [`sluice_ready${SLUICE}`]: '1x30' },
      at: '15m',
      labels: OF_REPLICA,
      summary: 'The event loop of a:18001 is held for 500ms at a time.',
    },
    // Another program of Node.js.
    quiet: {
      series: {
        'nodejs_eventloop_lag_p99_seconds{job="shop", instance="c:80"}': '0.5x30',
        [`nodejs_eventloop_lag_p99_seconds${SLUICE}`]: '0.02x30',
        [`sluice_ready${SLUICE}`]: '1x30',
      },
      at: '15m',
    },
  },
  SluiceMemoryNearLimit: {
    fires: {
      series: {
        [`process_resident_memory_bytes${SLUICE}`]: '500x40',
        [`sluice_memory_limit_bytes${SLUICE}`]: '1000x40',
        [`nodejs_heap_size_used_bytes${SLUICE}`]: '700x40',
        [`sluice_heap_limit_bytes${SLUICE}`]: '750x40',
      },
      at: '30m',
      labels: OF_REPLICA,
      summary: 'a:18001 has 93.33% of the memory that it may have.',
    },
    quiet: {
      series: {
        [`process_resident_memory_bytes${SLUICE}`]: '800x40',
        [`sluice_memory_limit_bytes${SLUICE}`]: '1000x40',
        [`nodejs_heap_size_used_bytes${SLUICE}`]: '600x40',
        [`sluice_heap_limit_bytes${SLUICE}`]: '750x40',
      },
      at: '30m',
    },
  },
  SluiceEnvoyLimitsLow: {
    fires: {
      series: { [`sluice_xds_nodes_limited${SLUICE}`]: '2x30' },
      at: '15m',
      labels: OF_REPLICA,
      summary:
        '2 Envoys have too few file descriptors for their connections, or too few connections for a namespace.',
    },
    quiet: { series: { [`sluice_xds_nodes_limited${SLUICE}`]: '0x30' }, at: '15m' },
  },
  ...ENVOY_ALERT_CASES,
};
