import { type Dashboard, graph, heatmap, row, stat, table } from './panels.ts';
import { JOB, OF_JOB, ofReplicas, quantiles } from './queries.ts';

export const OVERVIEW: Dashboard = {
  uid: 'sluice-overview',
  title: 'Sluice / Overview',
  description: 'Whether all hosts are served, and how long changes take.',
  variables: [JOB],
  panels: [
    stat('Replicas ready', `sum(sluice_ready${OF_JOB})`),
    stat('Leaders', `sum(sluice_leader${OF_JOB})`, { badFrom: 2 }),
    stat('Gateway nodes expected', `max(sluice_nodes_expected${OF_JOB})`),
    stat('Gateway nodes without Envoy', `max(sluice_nodes_missing${OF_JOB})`, { badFrom: 1 }),
    stat('Resources rejected', `sum(sluice_xds_node_held_resources${OF_JOB})`, { badFrom: 1 }),
    stat('Namespaces over budget', `max(sluice_namespaces_over_budget${OF_JOB})`, { badFrom: 1 }),
    table('Alerts', 'ALERTS{alertname=~"Sluice.*", alertstate="firing"}', {
      description: 'docs/alerts.md is the runbook.',
    }),
    row('Hosts'),
    graph('Hosts', [[ofReplicas(`sluice_hosts${OF_JOB}`, 'outcome'), '{{outcome}}']], { stacked: true }),
    graph('Hosts that are not served, or whose connections are closed', [
      [`${ofReplicas('sluice_hosts{job=~"$job", outcome!="Serving"}', 'outcome')} > 0`, '{{outcome}}'],
    ]),
    graph('Routes that do not serve all their hosts', [
      [
        `${ofReplicas('sluice_routes{job=~"$job", outcome!="Serving"}', 'kind, outcome')} > 0`,
        '{{kind}}: {{outcome}}',
      ],
    ]),
    graph('Objects', [[ofReplicas(`sluice_objects${OF_JOB}`, 'kind'), '{{kind}}']]),
    row('Changes'),
    graph(
      'Changes read',
      [[`sum by (instance) (rate(sluice_object_events_total${OF_JOB}[$__rate_interval]))`, '{{instance}}']],
      {
        unit: 'ops',
      },
    ),
    graph(
      'From a change until it is computed, sent, acknowledged',
      quantiles('sluice_propagation_seconds_bucket{job=~"$job"}', 'stage', '{{stage}}'),
      { unit: 's' },
    ),
    heatmap(
      'From a change until an Envoy has acknowledged it',
      'sum by (le) (rate(sluice_propagation_seconds_bucket{job=~"$job", stage="acknowledged"}[$__rate_interval]))',
    ),
    graph('Changes that wait', [[`sluice_events_pending${OF_JOB}`, '{{instance}}']]),
    row('Sources and statuses'),
    graph(
      'Since the API server said something',
      [[`time() - max by (kind) (sluice_source_heard_timestamp_seconds${OF_JOB} > 0)`, '{{kind}}']],
      { unit: 's' },
    ),
    graph(
      'Age of what is saved',
      [[`time() - (sluice_state_saved_timestamp_seconds${OF_JOB} > 0)`, '{{instance}}']],
      {
        unit: 's',
      },
    ),
    graph('Statuses', [
      [`sum by (result) (rate(sluice_status_writes_total${OF_JOB}[$__rate_interval]))`, '{{result}}'],
      [`sum(sluice_status_pending${OF_JOB})`, 'waiting'],
    ]),
    graph(
      'Budgets that are nearly used',
      [
        [
          ofReplicas(`sluice_namespace_budget_used${OF_JOB}`, 'tenant_namespace, budget'),
          '{{tenant_namespace}}: {{budget}}',
        ],
      ],
      { unit: 'percentunit' },
    ),
    row('Process'),
    graph(
      'CPU',
      [
        [
          `rate(process_cpu_seconds_total${OF_JOB}[$__rate_interval]) and on (job, instance) sluice_ready`,
          '{{instance}}',
        ],
      ],
      {
        unit: 'percentunit',
      },
    ),
    graph(
      'Memory, of what it may have',
      [
        [
          `process_resident_memory_bytes${OF_JOB} / on (job, instance) sluice_memory_limit_bytes`,
          '{{instance}}',
        ],
        [
          `nodejs_heap_size_used_bytes${OF_JOB} / on (job, instance) sluice_heap_limit_bytes`,
          '{{instance}}, heap',
        ],
      ],
      { unit: 'percentunit' },
    ),
    graph(
      'How long the event loop is held',
      [
        [
          `nodejs_eventloop_lag_p99_seconds${OF_JOB} and on (job, instance) sluice_ready`,
          '{{instance}}, 99 %',
        ],
        [
          `nodejs_eventloop_lag_max_seconds${OF_JOB} and on (job, instance) sluice_ready`,
          '{{instance}}, most',
        ],
      ],
      { unit: 's' },
    ),
    graph('Flushes', quantiles('sluice_flush_work_seconds_bucket{job=~"$job"}', 'instance', '{{instance}}'), {
      unit: 's',
    }),
    table('Versions', `sluice_build_info${OF_JOB}`),
  ],
};
