/**
 * Generates what is shown of Sluice's metrics: docs/metrics.md, the alerts and the dashboards, for kustomize, for the chart and as plain
 * files. `--check` tells whether all of it is as it would be written.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { stringify } from 'yaml';
import { ruleGroups } from './alerts.ts';
import { DASHBOARDS } from './dashboards.ts';
import { metricReference } from './metric-reference.ts';
import { type Dashboard, grafanaJson } from './panels.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const COMPONENTS = 'deploy/envoy-hostnetwork/components';
const CHART_FILES = 'deploy/helm/sluice/files';
const HEAD = '# By "npm run generate" from scripts/monitoring. Not to be edited.\n';
const LABELS = { 'app.kubernetes.io/name': 'sluice' };

function yaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, blockQuote: 'literal' });
}

/** One line for each panel, so that a difference can be read. */
export function dashboardText(dashboard: Dashboard): string {
  const { panels, ...rest } = grafanaJson(dashboard) as { panels: readonly object[] };
  const lines = panels.map((panel) => JSON.stringify(panel));
  return `${JSON.stringify(rest).slice(0, -1)},"panels":[\n${lines.join(',\n')}\n]}\n`;
}

function prometheusRule(): object {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'sluice', namespace: 'sluice-system', labels: LABELS },
    spec: { groups: ruleGroups() },
  };
}

function configMap(dashboard: Dashboard): object {
  const { uid } = dashboard;
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: uid.replace('sluice-', 'sluice-dashboard-'),
      namespace: 'sluice-system',
      labels: { ...LABELS, grafana_dashboard: '1' },
    },
    data: { [`${uid}.json`]: dashboardText(dashboard) },
  };
}

/** Text by path. */
function outputs(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/metrics.md', metricReference()],
    [`${COMPONENTS}/alerts/prometheus-rule.yaml`, HEAD + yaml(prometheusRule())],
    [`${CHART_FILES}/sluice-rules.yaml`, HEAD + yaml({ groups: ruleGroups() })],
    [
      `${COMPONENTS}/dashboards/config-maps.yaml`,
      HEAD + DASHBOARDS.map((each) => yaml(configMap(each))).join('---\n'),
    ],
    ...DASHBOARDS.map((each) => [`${CHART_FILES}/dashboards/${each.uid}.json`, dashboardText(each)] as const),
  ]);
}

if (import.meta.main) {
  for (const [path, text] of outputs()) {
    const before = await readFile(join(ROOT, path), 'utf8').catch(() => undefined);
    if (before === text) continue;
    if (process.argv.includes('--check')) {
      process.stderr.write(`${path} is out of date, or was edited: run "npm run generate"\n`);
      process.exitCode = 1;
      continue;
    }
    await mkdir(dirname(join(ROOT, path)), { recursive: true });
    await writeFile(join(ROOT, path), text);
    process.stdout.write(`wrote ${path}\n`);
  }
}
