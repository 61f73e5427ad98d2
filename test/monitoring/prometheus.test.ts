/** What alerts and dashboards ask for is what a real Sluice and a real Envoy show, as a real Prometheus reads it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ALERTS } from '../../scripts/monitoring/alerts.ts';
import { DASHBOARDS } from '../../scripts/monitoring/dashboards.ts';
import { nodeMetrics, serveMetrics } from '../../scripts/monitoring/metric-reference.ts';
import { NodeMetrics } from '../../src/cli/node/node-metrics.ts';
import { NodeRelay } from '../../src/relay/node-relay.ts';
import { freePorts, GatewayNode, serviceOf } from '../e2e/gateway-node.ts';
import { gateway, gatewayClass, tlsRoute } from '../harness/manifests.ts';
import { Prometheus } from '../harness/prometheus.ts';
import { promtool } from '../harness/promtool.ts';
import { until } from '../harness/until.ts';

const RULES = join(import.meta.dirname, '..', '..', 'deploy/helm/sluice/files/sluice-rules.yaml');
const HOST = 'one.stage.example.com';
/** What neither the folder source nor a node without a quarrel shows. */
const ONLY_WITH_KUBERNETES = /^sluice_(?:leader|status_|state_|source_heard|xds_tls_)/;

interface Installation extends AsyncDisposable {
  readonly node: GatewayNode;
  readonly prometheus: Prometheus;
  /** As each says it. */
  readonly sluice: string;
  readonly envoy: string;
}

/** A host that has been connected to, and counts on its own. */
async function install(): Promise<Installation> {
  await using stack = new AsyncDisposableStack();
  const [port = 0, adminPort = 0, metricsPort = 0, prometheusPort = 0] = await freePorts(4);
  const listener = { name: 'tls', port, hostname: '*.stage.example.com' };
  const node = stack.use(
    await GatewayNode.start(
      { 'gateway.yaml': [gatewayClass(), gateway('gw', [listener])] },
      {
        bootstrap: {
          envoyAdminAddress: [`127.0.0.1:${adminPort}`],
          metricsAddress: [`127.0.0.1:${metricsPort}`],
        },
      },
    ),
  );
  const backend = await node.backend('one');
  const route = tlsRoute({
    name: 'one',
    hosts: [HOST],
    backends: [{ name: 'one' }],
    annotations: { 'sluice.dev/stats': 'true' },
  });
  await node.write('one.yaml', [...serviceOf('one', backend), route]);
  await node.untilServedBy('one', HOST, port);
  const text = async (address: string): Promise<string> => await (await fetch(`http://${address}`)).text();
  const [sluice, envoy] = [`127.0.0.1:${node.plane.adminPort}`, `127.0.0.1:${metricsPort}`];
  const targets = [
    { job: 'sluice', address: sluice, path: '/metrics' },
    { job: 'envoy', address: envoy, path: '/stats/prometheus', labels: { gateway_node: 'test-node' } },
  ];
  const prometheus = stack.use(await Prometheus.start(prometheusPort, targets, RULES));
  await prometheus.scraped(targets.length);
  const all = stack.move();
  return {
    node,
    prometheus,
    sluice: await text(`${sluice}/metrics`),
    envoy: await text(`${envoy}/stats/prometheus`),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

let installed: Installation;
before(async () => {
  installed = await install();
});
after(async () => {
  await installed?.[Symbol.asyncDispose]();
});

/** Names of metrics in an expression, those of a histogram's parts without their endings. */
function named(expr: string): readonly string[] {
  const withoutLabels = expr.replaceAll(/\{[^}]*\}|\b(?:by|on) \([^)]*\)/g, '');
  const names = withoutLabels.match(/\b(?:sluice|envoy|nodejs|process)_[a-z0-9_]+/g) ?? [];
  return names.map((name) => name.replace(/_bucket$/, ''));
}

function exposed(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name = '']) => name));
}

const VARIABLES: Readonly<Record<string, string>> = {
  $__rate_interval: '1m',
  $job: '.*',
  $node: '.*',
  $tenant: '.*',
  $envoy: '.*',
  $host: '.*',
};

const QUERIES = DASHBOARDS.flatMap(({ uid, panels }) =>
  panels.flatMap(({ title, queries }) =>
    queries.map(([query]) => ({
      where: `${uid}, ${title}`,
      expr: query.replaceAll(/\$\w+/g, (name) => VARIABLES[name] ?? name),
    })),
  ),
);

/** Panels that are empty while all is well, or without the Kubernetes API. */
const EMPTY_WHILE_WELL =
  /ALERTS|budget_used|> 0|unless|sluice_(?:leader|status|state|source_heard)|sluice_xds_(?:node_expected|nacks)|cert_expiring/;

describe('metrics', () => {
  it('of sluice serve and sluice node are what promtool has nothing to say against', async () => {
    assert.equal(await promtool(['check', 'metrics'], installed.sluice), '');
    const ofNode = new NodeMetrics(new NodeRelay({ targets: [] }), () => undefined);
    assert.equal(await promtool(['check', 'metrics'], await ofNode.registry.metrics()), '');
  });

  it('are all in the reference', () => {
    const known = new Set([...serveMetrics(), ...nodeMetrics()].map(({ name }) => name));
    assert.deepEqual(
      [...exposed(installed.sluice)].filter((name) => !known.has(name)),
      [],
    );
    const missing = serveMetrics()
      .map(({ name }) => name)
      .filter((name) => !exposed(installed.sluice).has(name) && !ONLY_WITH_KUBERNETES.test(name));
    assert.deepEqual(missing, []);
  });

  it('that alerts and dashboards name exist', () => {
    const known = new Set([
      ...exposed(installed.sluice),
      ...exposed(installed.envoy),
      ...serveMetrics().map(({ name }) => name),
    ]);
    const unknown = [...ALERTS.map(({ name, expr }) => ({ where: name, expr })), ...QUERIES].flatMap(
      ({ where, expr }) => named(expr).flatMap((name) => (known.has(name) ? [] : [`${where}: ${name}`])),
    );
    assert.deepEqual(unknown, []);
  });
});

describe('Prometheus', () => {
  it('reads every query of the dashboards, and those of a node that is well give something', async () => {
    const { prometheus } = installed;
    const empty: string[] = [];
    for (const { where, expr } of QUERIES) {
      const { status, error } = await prometheus.query(expr);
      assert.equal(status, 'success', `${where}: ${expr}: ${error}`);
      if (EMPTY_WHILE_WELL.test(expr)) continue;
      const what = `${where}: ${expr}`;
      const isThere = async (): Promise<boolean> => (await prometheus.count(expr)) > 0;
      await until(isThere, { what, timeoutMs: 5_000 }).catch(() => empty.push(what));
    }
    assert.deepEqual(empty, []);
  });

  it('evaluates every alert', async () => {
    const { prometheus } = installed;
    const isLooked = async (): Promise<boolean> =>
      (await prometheus.rules()).every(({ health }) => health !== 'unknown');
    await until(isLooked, { what: 'all rules are evaluated' });
    const rules = await prometheus.rules();
    assert.deepEqual(rules.map(({ name }) => name).sort(), ALERTS.map(({ name }) => name).sort());
    assert.deepEqual(
      rules.filter(({ health }) => health !== 'ok').map(({ name, lastError }) => `${name}: ${lastError}`),
      [],
    );
  });

  it('joins what Sluice and Envoy say of a node', async () => {
    const { prometheus } = installed;
    const used =
      'sum by (gateway_node) (envoy_listener_downstream_cx_active) / max by (gateway_node) (sluice_xds_node_max_connections)';
    assert.equal(await prometheus.count(used), 1);
  });
});
