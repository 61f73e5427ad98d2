/** The alerts of Sluice and its Envoys: what somebody should be woken for, and what can wait for the day. docs/alerts.md is the runbook. */

export interface Alert {
  readonly name: string;
  /** `page`: tenants are affected, or will be before the morning. `ticket`: for the day. */
  readonly severity: 'page' | 'ticket';
  readonly expr: string;
  /** How long it has to hold. */
  readonly for: string;
  /** One line, with labels as Prometheus' templates have them. */
  readonly summary: string;
}

/** Only Envoys that are told by Sluice: other gateways of the cluster have metrics of the same names. */
function ofOurs(expr: string): string {
  return `${expr} and on (job, instance) envoy_cluster_upstream_cx_total{envoy_cluster_name="sluice_xds"}`;
}

const WITHOUT_ENDPOINTS =
  'max by (job) (sum by (job, instance) (sluice_hosts{outcome=~"NoEndpoints|EndpointsNotReady"}))';

/** Sluice itself, from `/metrics` of each replica. */
const CONTROL_PLANE: readonly Alert[] = [
  {
    name: 'SluiceNotReady',
    severity: 'page',
    expr: 'absent(sluice_ready == 1)',
    for: '5m',
    summary: 'No replica of Sluice is ready, or none is scraped: no change reaches any gateway node.',
  },
  {
    name: 'SluiceNoEnvoyConnected',
    severity: 'page',
    expr: 'sum by (job) (sluice_xds_nodes) == 0 and max by (job) (sluice_nodes_expected) > 0',
    for: '2m',
    summary: 'No Envoy is connected to any replica: no change reaches any gateway node.',
  },
  {
    name: 'SluiceGatewayNodeMissing',
    severity: 'page',
    expr: 'max by (job, gateway_node) (sluice_xds_node_expected) unless max by (job, gateway_node) (sluice_xds_node_connected)',
    for: '10m',
    summary:
      'The Envoy of gateway node {{ $labels.gateway_node }} is connected to no replica: it is down, or serves what it had.',
  },
  {
    name: 'SluiceNodeLags',
    severity: 'page',
    expr: 'max by (job, gateway_node) (sluice_xds_node_lag_seconds) > 30',
    for: '5m',
    summary:
      'The Envoy of gateway node {{ $labels.gateway_node }} has not acknowledged changes for {{ $value | humanizeDuration }}.',
  },
  {
    name: 'SluiceListenerRejected',
    severity: 'page',
    expr: 'sum by (job, gateway_node) (sluice_xds_node_held_resources{type="listener"}) > 0',
    for: '2m',
    summary:
      'The Envoy of gateway node {{ $labels.gateway_node }} rejects a listener: a port is not served there, or not as it should be.',
  },
  {
    name: 'SluiceHostRejected',
    severity: 'ticket',
    expr: 'sum by (job, gateway_node) (sluice_xds_node_held_resources{type!="listener"}) > 0',
    for: '10m',
    summary:
      'The Envoy of gateway node {{ $labels.gateway_node }} rejects {{ $value }} clusters or endpoint sets: these hosts are not served there as they should be.',
  },
  {
    name: 'SluicePropagationSlow',
    severity: 'ticket',
    expr: 'histogram_quantile(0.99, sum by (job, le) (rate(sluice_propagation_seconds_bucket{stage="acknowledged"}[5m]))) > 2',
    for: '15m',
    summary:
      '1 of 100 changes takes {{ $value | humanizeDuration }} or longer until an Envoy has acknowledged it.',
  },
  {
    name: 'SluiceChangesStuck',
    severity: 'page',
    expr: 'sluice_events_oldest_seconds > 60 and on (job, instance) sluice_ready == 1',
    for: '2m',
    summary:
      'A change that {{ $labels.instance }} has read has not been computed for {{ $value | humanizeDuration }}.',
  },
  {
    name: 'SluiceSourceStale',
    severity: 'page',
    expr: 'time() - min by (job, instance) (sluice_source_heard_timestamp_seconds) > 900',
    for: '5m',
    summary:
      '{{ $labels.instance }} has heard nothing of a kind from the API server for a quarter of an hour: changes of it are not served.',
  },
  {
    name: 'SluiceStateOld',
    severity: 'ticket',
    expr: 'time() - (sluice_state_saved_timestamp_seconds > 0) > 600',
    for: '10m',
    summary:
      'What {{ $labels.instance }} has saved is {{ $value | humanizeDuration }} old: a start without an API server would serve that.',
  },
  {
    name: 'SluiceHostsWithoutEndpoints',
    severity: 'page',
    expr: `${WITHOUT_ENDPOINTS} - min_over_time(${WITHOUT_ENDPOINTS}[1h:1m]) > 10 and ${WITHOUT_ENDPOINTS} > 0.05 * max by (job) (sum by (job, instance) (sluice_hosts))`,
    for: '5m',
    summary:
      '{{ $value }} hosts more than an hour ago at the best have no ready endpoint: connections to them are closed.',
  },
  {
    name: 'SluiceNamespaceNearBudget',
    severity: 'ticket',
    expr: 'max by (job, tenant_namespace, budget) (sluice_namespace_budget_used) > 0.9',
    for: '30m',
    summary:
      'Namespace {{ $labels.tenant_namespace }} has {{ $value | humanizePercentage }} of its budget of {{ $labels.budget }}; beyond it hosts are not served.',
  },
  {
    name: 'SluiceCertificateExpires',
    severity: 'ticket',
    expr: `min by (job) (sluice_xds_tls_not_after_timestamp_seconds) - time() < 14 * 86400 or ${ofOurs('envoy_server_days_until_first_cert_expiring < 14')}`,
    for: '1h',
    summary: 'A certificate between Envoy and Sluice ends within two weeks: it is not being renewed.',
  },
  {
    name: 'SluiceCertificateExpiresSoon',
    severity: 'page',
    expr: `min by (job) (sluice_xds_tls_not_after_timestamp_seconds) - time() < 2 * 86400 or ${ofOurs('envoy_server_days_until_first_cert_expiring < 2')}`,
    for: '10m',
    summary: 'A certificate between Envoy and Sluice ends within two days; no Envoy connects after that.',
  },
  {
    name: 'SluiceNoLeader',
    severity: 'ticket',
    expr: 'sum by (job) (sluice_leader) == 0',
    for: '5m',
    summary: 'No replica of Sluice leads: statuses and Events are not written.',
  },
  {
    name: 'SluiceTwoLeaders',
    severity: 'ticket',
    expr: 'sum by (job) (sluice_leader) > 1',
    for: '2m',
    summary: '{{ $value }} replicas of Sluice lead: they may write different statuses.',
  },
  {
    name: 'SluiceEventLoopBlocked',
    severity: 'ticket',
    expr: 'nodejs_eventloop_lag_p99_seconds > 0.25 and on (job, instance) sluice_ready',
    for: '10m',
    summary:
      'The event loop of {{ $labels.instance }} is held for {{ $value | humanizeDuration }} at a time.',
  },
  {
    name: 'SluiceMemoryNearLimit',
    severity: 'ticket',
    expr: 'process_resident_memory_bytes / on (job, instance) sluice_memory_limit_bytes > 0.9 or nodejs_heap_size_used_bytes / on (job, instance) sluice_heap_limit_bytes > 0.9',
    for: '15m',
    summary: '{{ $labels.instance }} has {{ $value | humanizePercentage }} of the memory that it may have.',
  },
  {
    name: 'SluiceEnvoyLimitsLow',
    severity: 'ticket',
    expr: 'sluice_xds_nodes_limited > 0',
    for: '10m',
    summary:
      '{{ $value }} Envoys have too few file descriptors for their connections, or too few connections for a namespace.',
  },
];

/** Envoy, from `/stats/prometheus` of each gateway node. */
const DATA_PLANE: readonly Alert[] = [
  {
    name: 'SluiceEnvoyRefusesConnections',
    severity: 'page',
    expr: `${ofOurs('sum by (job, instance) (increase(envoy_listener_downstream_global_cx_overflow[5m])) > 0')} or ${ofOurs('envoy_overload_envoy_overload_actions_stop_accepting_connections_active == 1')}`,
    for: '1m',
    summary:
      'Envoy {{ $labels.instance }} refuses new connections: it has as many as it may, or no memory left.',
  },
  {
    name: 'SluiceEnvoyNearMaxConnections',
    severity: 'ticket',
    expr: 'sum by (gateway_node) (envoy_listener_downstream_cx_active) / max by (gateway_node) (sluice_xds_node_max_connections) > 0.8',
    for: '10m',
    summary:
      'Gateway node {{ $labels.gateway_node }} has {{ $value | humanizePercentage }} of the connections that its Envoy takes.',
  },
  {
    name: 'SluiceEnvoyHeapNearLimit',
    severity: 'ticket',
    expr: ofOurs('envoy_overload_envoy_resource_monitors_fixed_heap_pressure > 85'),
    for: '10m',
    summary:
      'The heap of Envoy {{ $labels.instance }} is {{ $value }} % full; at 98 % it refuses connections.',
  },
  {
    name: 'SluiceEnvoyWithoutControlPlane',
    severity: 'ticket',
    expr: ofOurs('envoy_control_plane_connected_state == 0'),
    for: '10m',
    summary: 'Envoy {{ $labels.instance }} has no stream to Sluice: it serves what it had.',
  },
  {
    name: 'SluiceEnvoyUpdatesRejected',
    severity: 'ticket',
    expr: `${ofOurs('increase(envoy_cluster_manager_cds_update_rejected[15m]) > 0')} or ${ofOurs('increase(envoy_listener_manager_lds_update_rejected[15m]) > 0')}`,
    for: '5m',
    summary:
      'Envoy {{ $labels.instance }} has rejected clusters or listeners that Sluice, or "sluice node", sent.',
  },
];

export const ALERT_GROUPS: readonly { readonly name: string; readonly alerts: readonly Alert[] }[] = [
  { name: 'sluice', alerts: CONTROL_PLANE },
  { name: 'sluice-envoy', alerts: DATA_PLANE },
];

export const ALERTS: readonly Alert[] = ALERT_GROUPS.flatMap(({ alerts }) => alerts);

/** Where the runbook stands; whoever installs the rules may say another place. */
export const RUNBOOK = 'docs/alerts.md';

/** As a file of rules has it. */
export function ruleGroups(): readonly object[] {
  return ALERT_GROUPS.map(({ name, alerts }) => ({ name, rules: alerts.map(ruleOf) }));
}

function ruleOf({ name, severity, expr, for: duration, summary }: Alert): object {
  return {
    alert: name,
    expr,
    for: duration,
    labels: { severity },
    annotations: { summary, runbook_url: `${RUNBOOK}#${name.toLowerCase()}` },
  };
}
