/** What the dashboards' queries have in common. */
import type { Query, Variable } from './panels.ts';

export const JOB: Variable = {
  name: 'job',
  label: 'Job of Sluice',
  type: 'query',
  query: 'label_values(sluice_ready, job)',
};
export const OF_JOB = '{job=~"$job"}';

/** What each replica says alike: the most of them. */
export function ofReplicas(metric: string, by: string): string {
  return `max by (${by}) (${metric})`;
}

export function quantiles(metric: string, by: string, legend: string): Query[] {
  return [0.5, 0.99].map((quantile) => [
    `histogram_quantile(${quantile}, sum by (${by}, le) (rate(${metric}[$__rate_interval])))`,
    `${legend}, ${quantile === 0.5 ? 'median' : '99 %'}`,
  ]);
}
