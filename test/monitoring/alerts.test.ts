/** The alerts in Prometheus' own words: each fires where it should, and not where it should not; the runbook knows each. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { stringify } from 'yaml';
import { ALERTS, RUNBOOK, ruleGroups } from '../../scripts/monitoring/alerts.ts';
import { promtool } from '../harness/promtool.ts';
import type { FiringCase, QuietCase } from './alert-case.ts';
import { ALERT_CASES } from './alert-cases.ts';

const ROOT = join(import.meta.dirname, '..', '..');

let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-alerts-'));
  await writeFile(join(directory, 'rules.yaml'), stringify({ groups: ruleGroups() }));
});
after(async () => {
  await rm(directory, { recursive: true, force: true });
});

function testOf(name: string, { series, at }: QuietCase, expected: readonly object[]): object {
  return {
    interval: '1m',
    input_series: Object.entries(series).map(([each, values]) => ({ series: each, values })),
    alert_rule_test: [{ eval_time: at, alertname: name, exp_alerts: expected }],
  };
}

function expectation(name: string, severity: string, { labels, summary }: FiringCase): object {
  return {
    exp_labels: { severity, ...labels },
    exp_annotations: { summary, runbook_url: `${RUNBOOK}#${name.toLowerCase()}` },
  };
}

describe('alerts', () => {
  it('are rules that Prometheus reads', async () => {
    assert.match(await promtool(['check', 'rules', join(directory, 'rules.yaml')]), /SUCCESS/);
  });

  for (const { name, severity } of ALERTS) {
    it(`${name} fires, and does not without reason`, async () => {
      const cases = ALERT_CASES[name];
      assert.ok(cases, `no cases of ${name}`);
      const tests = [
        testOf(name, cases.fires, [expectation(name, severity, cases.fires)]),
        testOf(name, cases.quiet, []),
      ];
      const file = join(directory, `${name}.yaml`);
      await writeFile(file, stringify({ rule_files: ['rules.yaml'], evaluation_interval: '1m', tests }));
      await promtool(['test', 'rules', file]);
    });
  }

  it('have cases that are of an alert', () => {
    assert.deepEqual(Object.keys(ALERT_CASES).sort(), ALERTS.map(({ name }) => name).sort());
  });

  it('have a heading each in the runbook, which has no others', async () => {
    const headings = [...(await readFile(join(ROOT, RUNBOOK), 'utf8')).matchAll(/^### (Sluice\S+)$/gm)];
    assert.deepEqual(headings.map(([, name]) => name).sort(), ALERTS.map(({ name }) => name).sort());
  });
});
