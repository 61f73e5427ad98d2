/**
 * The engine alone, no API server and no Envoy: N routes from objects in memory to encoded resources, and the
 * CPU of one route that is added or one endpoint that changes at N routes.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { DEFAULT_ENGINE_CONFIG } from '../../src/snapshot/config.ts';
import { Engine } from '../../src/snapshot/engine/engine.ts';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE } from '../../src/snapshot/resources/resource.ts';
import { gatewayObjects, tenantObjects, upserts } from '../../test/harness/tenants.ts';
import type { Report, ScenarioOptions } from '../scenario.ts';
import { cpuMs, median, quantile, threadCpuMs } from '../statistics.ts';

const CHANGES = 500;

export async function engine(options: ScenarioOptions): Promise<Report> {
  const largest = options.routes ?? 20_000;
  const sizes = [...new Set([1_000, 5_000, largest])].filter((size) => size <= largest);
  // The first round of a process is that of the compiler.
  measure(1_000, 1);
  const rows = sizes.map((routes) => {
    options.progress(`${routes} routes`);
    return measure(routes, options.repeats ?? 5);
  });
  const last = rows.at(-1);
  return {
    title: 'engine: objects in memory to encoded resources (no API server, no Envoy)',
    columns: [
      'routes',
      'all: ms',
      'all: CPU ms',
      'route added: p50 CPU ms',
      'p99',
      'endpoint changed: p50 CPU ms',
      'p99',
      'heap MB',
    ],
    rows: rows.map((row) => [
      row.routes,
      median(row.all),
      median(row.allCpu),
      median(row.added),
      quantile(row.added, 0.99),
      median(row.changed),
      quantile(row.changed, 0.99),
      row.heapMb,
    ]),
    figures: {
      translateMs: last === undefined ? 0 : median(last.all),
      addedCpuMs: last === undefined ? 0 : median(last.added),
      changedCpuMs: last === undefined ? 0 : median(last.changed),
    },
    samples: rows,
  };
}

function measure(routes: number, repeats: number) {
  const objects = [...gatewayObjects()];
  for (let index = 0; index < routes; index += 1) objects.push(...tenantObjects(index));
  const events = upserts(objects);
  const all: number[] = [];
  const allCpu: number[] = [];
  let built = new Engine(DEFAULT_ENGINE_CONFIG);
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    built = new Engine(DEFAULT_ENGINE_CONFIG);
    // What the round before left behind is not this one's to clean up.
    collectGarbage();
    const start = performance.now();
    const cpu = threadCpuMs();
    built.apply(events);
    encode(built);
    allCpu.push(threadCpuMs() - cpu);
    all.push(performance.now() - start);
  }
  const added = changes((index) => built.apply(upserts(tenantObjects(routes + index))));
  const changed = changes((index) => {
    const slice = tenantObjects(index, '100.65.255.1').at(-1);
    if (slice !== undefined) built.apply(upserts([slice]));
  });
  return { routes, all, allCpu, added, changed, heapMb: process.memoryUsage().heapUsed / 1e6 };
}

/** Endpoint sets are encoded when somebody wants them. */
function encode({ resources }: Engine): number {
  let bytes = 0;
  for (const type of [CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE])
    for (const resource of resources.all(type)) bytes += resource.bytes.length;
  return bytes;
}

/** Node.js hides the function unless it is started with a flag; a context of its own has it as soon as V8 is told. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

function changes(change: (index: number) => void): number[] {
  const samples: number[] = [];
  for (let index = 0; index < CHANGES; index += 1) {
    const before = cpuMs();
    change(index);
    samples.push(cpuMs() - before);
  }
  return samples;
}
