/** A case of an alert, in the words of `promtool test rules`, and what cases have in common. */

export interface QuietCase {
  /** Series with a value each minute. */
  readonly series: Readonly<Record<string, string>>;
  /** When to look. */
  readonly at: string;
}

export interface FiringCase extends QuietCase {
  /** Besides the severity. */
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
}

export interface AlertCases {
  readonly fires: FiringCase;
  readonly quiet: QuietCase;
}

export const ENVOY = '{job="envoy", instance="gw-1:15002"}';
export const OF_ENVOY = { job: 'envoy', instance: 'gw-1:15002' };
/** This Envoy is told by Sluice. */
export const OURS = {
  'envoy_cluster_upstream_cx_total{job="envoy", instance="gw-1:15002", envoy_cluster_name="sluice_xds"}':
    '1x90',
};

/** Of one node, on one replica. */
export function node(metric: string, more = ''): string {
  return `${metric}{job="sluice", instance="a:18001", gateway_node="gw-1"${more}}`;
}
