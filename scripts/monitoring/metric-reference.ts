import { tmpdir } from 'node:os';
import { pino } from 'pino';
import type { Registry } from 'prom-client';
import { NamespacePage } from '../../src/cli/admin/namespace-page.ts';
import { Metrics } from '../../src/cli/metrics/metrics.ts';
import { NodeMetrics } from '../../src/cli/node/node-metrics.ts';
import { StateService } from '../../src/cli/serve/state-service.ts';
import { tenantsRegistry } from '../../src/cli/tenants/tenants-metrics.ts';
import { NodeRelay } from '../../src/relay/node-relay.ts';
import { DEFAULT_ENGINE_CONFIG } from '../../src/snapshot/config.ts';
import { Engine } from '../../src/snapshot/engine/engine.ts';
import { FlushLoop } from '../../src/snapshot/engine/flush-loop.ts';
import { AdsServer } from '../../src/xds/server.ts';

/** A metric as its registry has it. */
export interface MetricFacts {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
}

/** Of everything that `sluice serve` may show, whatever its source and its flags. */
export function serveRegistry(): Registry {
  const metrics = new Metrics();
  const engine = new Engine(DEFAULT_ENGINE_CONFIG);
  const logger = pino({ enabled: false });
  metrics.observe({
    engine,
    server: new AdsServer({ view: engine.resources }),
    loop: new FlushLoop(engine),
    problems: () => 0,
    heard: () => [],
    nodes: () => ({ expected: [], missing: [] }),
    limitedNodes: () => 0,
    xdsTls: { notAfter: () => new Date(0) },
  });
  metrics.observeRoutes(engine);
  metrics.observeStatus({
    leading: false,
    pending: 0,
    withheld: new Set<never>(),
    eventsDropped: 0,
    counts: { written: 0, unchanged: 0, conflicts: 0, failed: 0 },
  });
  new NamespacePage(engine, logger).register(metrics.registry);
  new StateService({ path: tmpdir(), maxAgeMs: 0, sluice: '', logger }).register(
    metrics.registry,
    () => false,
  );
  return metrics.registry;
}

export function serveMetrics(): readonly MetricFacts[] {
  return factsOf(serveRegistry());
}

/** Everything that `sluice node` shows. */
export function nodeMetrics(): readonly MetricFacts[] {
  return factsOf(new NodeMetrics(new NodeRelay({ targets: [] }), () => undefined).registry);
}

/** Everything that `sluice tenants` shows. */
function tenantsMetrics(): readonly MetricFacts[] {
  const none = { Service: 0, EndpointSlice: 0, TLSRoute: 0 };
  return factsOf(
    tenantsRegistry({
      isLeading: false,
      backlog: 0,
      counts: { applied: none, removed: none, reports: 0, failures: 0 },
      names: { known: 0, failing: 0 },
      states: () => [],
    }),
  );
}

function factsOf(registry: Registry): readonly MetricFacts[] {
  const metrics = registry.getMetricsAsArray() as unknown as readonly {
    readonly name: string;
    readonly type: string;
    readonly help: string;
    readonly labelNames: readonly string[];
  }[];
  return metrics
    .map(({ name, type, help, labelNames }) => ({ name, type, help, labels: labelNames }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** docs/metrics.md. */
export function metricReference(): string {
  const isOwn = ({ name }: MetricFacts): boolean => name.startsWith('sluice_');
  const [serve, node] = [serveMetrics(), nodeMetrics()];
  const shared = serve.filter(({ name }) => node.some((each) => each.name === name));
  const isShared = ({ name }: MetricFacts): boolean => shared.some((each) => each.name === name);
  return `<!-- By "npm run generate" from the registries. Not to be edited. -->
# Metrics

Every metric of Sluice, as the registries of a running process have it. What to be woken by is in [alerts.md](alerts.md), which metrics of Envoy to look at in
[operations.md](operations.md#what-to-monitor), what each costs in [metrics](design/metrics.md).

How many series there are is bounded: \`gateway_node\` by the Envoys that are connected and the nodes with the gateway label (1,000 at most), \`tenant_namespace\`
by the 20 fullest of each budget, every other label by a fixed set. No series has the name of a host or a route.

## \`sluice serve\`

At \`:18001/metrics\` of each replica (\`--admin-address\`). Metrics of statuses and \`sluice_source_heard_…\` are there with the Kubernetes API as the source,
\`sluice_state_…\` with \`--state-dir\`,
\`sluice_xds_tls_…\` with TLS.

${tableOf(serve.filter((each) => isOwn(each) && !isShared(each)))}
## \`sluice node\`

At \`127.0.0.1:15004/metrics\` of each gateway node.

${tableOf(node.filter((each) => isOwn(each) && !isShared(each)))}
## \`sluice tenants\`

At \`127.0.0.1:18002/metrics\` (\`--admin-address\`). \`state\` is the reason of the condition \`sluice.dev/Exposed\` ([tenants.md](tenants.md#what-it-tells)).

${tableOf(tenantsMetrics().filter((each) => isOwn(each) && !isShared(each)))}
## All

${tableOf(shared.filter(isOwn))}
Of the process, by the client library:

${tableOf(shared.filter((each) => !isOwn(each)))}`;
}

function tableOf(metrics: readonly MetricFacts[]): string {
  const rows = metrics.map(
    ({ name, type, labels, help }) =>
      `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |\n`,
  );
  return `| metric | type | labels | meaning |\n| --- | --- | --- | --- |\n${rows.join('')}`;
}
