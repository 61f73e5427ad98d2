import { type AlertCases, ENVOY, node, OF_ENVOY, OURS } from './alert-case.ts';

/** Of the alerts about Envoys. */
export const ENVOY_ALERT_CASES: Readonly<Record<string, AlertCases>> = {
  SluiceEnvoyRefusesConnections: {
    fires: {
      series: {
        'envoy_listener_downstream_global_cx_overflow{job="envoy", instance="gw-1:15002", envoy_listener_address="0.0.0.0_443"}':
          '0x5 10+10x20',
        ...OURS,
      },
      at: '10m',
      labels: OF_ENVOY,
      summary: 'Envoy gw-1:15002 refuses new connections: it has as many as it may, or no memory left.',
    },
    // It did, long ago.
    quiet: {
      series: {
        'envoy_listener_downstream_global_cx_overflow{job="envoy", instance="gw-1:15002", envoy_listener_address="0.0.0.0_443"}':
          '500x20',
        [`envoy_overload_envoy_overload_actions_stop_accepting_connections_active${ENVOY}`]: '0x20',
        ...OURS,
      },
      at: '10m',
    },
  },
  SluiceEnvoyNearMaxConnections: {
    fires: {
      series: {
        'envoy_listener_downstream_cx_active{job="envoy", instance="gw-1:15002", gateway_node="gw-1", envoy_listener_address="0.0.0.0_443"}':
          '45000x30',
        'envoy_listener_downstream_cx_active{job="envoy", instance="gw-1:15003", gateway_node="gw-1", envoy_listener_address="0.0.0.0_443"}':
          '45000x30',
        [node('sluice_xds_node_max_connections')]: '100000x30',
      },
      at: '15m',
      labels: { gateway_node: 'gw-1' },
      summary: 'Gateway node gw-1 has 90% of the connections that its Envoy takes.',
    },
    quiet: {
      series: {
        'envoy_listener_downstream_cx_active{job="envoy", instance="gw-1:15002", gateway_node="gw-1", envoy_listener_address="0.0.0.0_443"}':
          '45000x30',
        [node('sluice_xds_node_max_connections')]: '100000x30',
      },
      at: '15m',
    },
  },
  SluiceEnvoyHeapNearLimit: {
    fires: {
      series: { [`envoy_overload_envoy_resource_monitors_fixed_heap_pressure${ENVOY}`]: '92x30', ...OURS },
      at: '15m',
      labels: OF_ENVOY,
      summary: 'The heap of Envoy gw-1:15002 is 92 % full; at 98 % it refuses connections.',
    },
    quiet: {
      series: { [`envoy_overload_envoy_resource_monitors_fixed_heap_pressure${ENVOY}`]: '60x30', ...OURS },
      at: '15m',
    },
  },
  SluiceEnvoyWithoutControlPlane: {
    fires: {
      series: { [`envoy_control_plane_connected_state${ENVOY}`]: '0x30', ...OURS },
      at: '15m',
      labels: OF_ENVOY,
      summary: 'Envoy gw-1:15002 has no stream to Sluice: it serves what it had.',
    },
    // It moves to another replica.
    quiet: {
      series: { [`envoy_control_plane_connected_state${ENVOY}`]: '1x5 0 1x20', ...OURS },
      at: '15m',
    },
  },
  SluiceEnvoyUpdatesRejected: {
    fires: {
      series: { [`envoy_listener_manager_lds_update_rejected${ENVOY}`]: '0x5 1x30', ...OURS },
      at: '15m',
      labels: OF_ENVOY,
      summary: 'Envoy gw-1:15002 has rejected clusters or listeners that Sluice, or "sluice node", sent.',
    },
    quiet: {
      series: {
        [`envoy_cluster_manager_cds_update_rejected${ENVOY}`]: '3x40',
        [`envoy_listener_manager_lds_update_rejected${ENVOY}`]: '1x40',
        ...OURS,
      },
      at: '30m',
    },
  },
};
