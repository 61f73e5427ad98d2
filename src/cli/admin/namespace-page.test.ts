import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { gatewayObjects, tenantObjects, upserts } from '../../../test/harness/tenants.ts';
import type { KubernetesObject } from '../../model/objects.ts';
import { DEFAULT_ENGINE_CONFIG } from '../../snapshot/config.ts';
import { Engine } from '../../snapshot/engine/engine.ts';
import { type NamespaceOnPage, NamespacePage } from './namespace-page.ts';

const BUDGET = { hosts: 2, wildcards: 1, chains: 1, pairs: 100, endpoints: 10, connections: 100 };

/** Tenants of the harness whose numbers differ by 1,000 share a namespace. */
function reportOf(tenants: readonly number[]) {
  const gateway = { ...DEFAULT_ENGINE_CONFIG.gateway, namespaceBudget: BUDGET };
  const engine = new Engine({ ...DEFAULT_ENGINE_CONFIG, gateway });
  engine.apply(upserts([...gatewayObjects(), ...tenants.flatMap((index) => tenantObjects(index))]));
  const lines: string[] = [];
  const logger = pino({}, { write: (line: string) => void lines.push(line) });
  return { engine, lines, report: new NamespacePage(engine, logger) };
}

function pageOf(report: NamespacePage, query = ''): readonly NamespaceOnPage[] {
  return JSON.parse(String(report.page(new URLSearchParams(query)).body)) as readonly NamespaceOnPage[];
}

test('the page lists the fullest first, and one alone where it is asked for', () => {
  const { report } = reportOf([1, 2, 1002, 2002]);
  const [first, second] = pageOf(report);
  assert.deepEqual(first, {
    namespace: 'tenant-2',
    overBudget: true,
    use: { hosts: 3, wildcards: 0, chains: 0 },
    budget: BUDGET,
    endpointsPerHost: 10,
    connectionsPerHost: 32,
    invalid: [],
  });
  assert.equal(second?.overBudget, false);
  assert.deepEqual(
    pageOf(report, 'namespace=tenant-1').map(({ namespace }) => namespace),
    ['tenant-1'],
  );
  assert.deepEqual(pageOf(report, 'namespace=absent'), []);
});

test('metrics name those near a budget, and no more than twenty of them', async () => {
  const full = Array.from({ length: 30 }, (_, index) => [index, index + 1000]).flat();
  const { report } = reportOf([...full, 2007, 500]);
  const registry = new Registry();
  report.register(registry);
  const text = await registry.metrics();
  const series = text.split('\n').filter((line) => line.startsWith('sluice_namespace_budget_used{'));
  assert.equal(series.length, 20);
  assert.ok(series.includes('sluice_namespace_budget_used{tenant_namespace="tenant-7",budget="hosts"} 1.5'));
  assert.ok(!text.includes('tenant-500'));
  assert.match(text, /^sluice_namespaces_over_budget 1$/m);
});

test('an annotation that sets no budget is told once, with its code', () => {
  const { engine, lines, report } = reportOf([1]);
  const annotated = (value: string): KubernetesObject => ({
    kind: 'Namespace',
    meta: {
      namespace: '',
      name: 'tenant-1',
      uid: '',
      generation: 0,
      creationTimestamp: '',
      labels: {},
      annotations: { 'sluice.dev/budget-hosts': value },
    },
  });
  const tell = (value: string): void => {
    const events = upserts([annotated(value)]);
    engine.apply(events);
    report.objectsChanged(events);
  };
  tell('0');
  tell('many');
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /SLUICE_BUDGET_INVALID.*tenant-1.*sluice\.dev\/budget-hosts/);
  assert.deepEqual(pageOf(report)[0]?.invalid, ['sluice.dev/budget-hosts']);
  tell('3');
  tell('0');
  assert.equal(lines.length, 2);
});
