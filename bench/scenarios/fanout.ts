/** What each further node costs the control plane: one real Envoy, and 10, 50, 200 simulated nodes. */
import { setTimeout as delay } from 'node:timers/promises';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE } from '../../src/snapshot/resources/resource.ts';
import { sampleHosts, untilAllServed } from '../clients/probe.ts';
import { monotonicMs } from '../clock.ts';
import { startBackend } from '../processes/backend.ts';
import { startEnvoy, untilLive } from '../processes/envoy.ts';
import { ANSWERED, type NodesAnswer, startNodes } from '../processes/nodes.ts';
import { SluiceProcess, XDS_PORT } from '../processes/sluice.ts';
import type { Report, ScenarioOptions } from '../scenario.ts';
import { median } from '../statistics.ts';
import { gateway, slice, tenant } from '../world/manifests.ts';
import { startWorld } from '../world/start-world.ts';
import type { World } from '../world/world.ts';

const NODES = [10, 50, 200];
const CHANGES = 10;
/** Until garbage has been collected and memory says what is held. */
const SETTLE_MS = 2_000;

interface FanoutSample {
  readonly nodes: number;
  /** All routes at once: API write → the last node has acknowledged the last response. */
  readonly allMs: number;
  readonly envoyServedMs: number;
  readonly cpuMs: number;
  readonly rssMb: number;
  readonly peakRssMb: number;
  readonly stallMs: number;
  /** One endpoint changes: API write acknowledged → the last node has acknowledged it. */
  readonly changeMs: readonly number[];
}

async function fanoutSample(world: World, nodes: number, options: ScenarioOptions): Promise<FanoutSample> {
  await using sluice = await SluiceProcess.start({ world, ...options });
  await sluice.untilReady();
  await using envoy = await startEnvoy(XDS_PORT);
  await untilLive(envoy);
  await using simulated = await startNodes(nodes);
  await simulated.ask<NodesAnswer>(ANSWERED);
  await sluice.longestStallMs();
  const cpuBefore = sluice.usage().cpuMs;
  // The tenant whose endpoint changes comes on top: a folder of manifests holds the others by the thousand.
  const routes = world.routes + 1;
  const served = untilAllServed(sampleHosts(world.routes));
  const start = monotonicMs();
  const last = simulated.ask<NodesAnswer>({
    resources: { [CLUSTER_TYPE]: routes, [ENDPOINT_TYPE]: routes, [LISTENER_TYPE]: 1 },
  });
  await world.create(gateway());
  const allMs = (await last).at - start;
  const envoyServedMs = (await served).at - start;
  const cpuMs = sluice.usage().cpuMs - cpuBefore;
  const stallMs = await sluice.longestStallMs();
  await delay(SETTLE_MS);
  const { rssMb, peakRssMb } = sluice.usage();
  const changeMs: number[] = [];
  for (let change = 1; change <= CHANGES; change += 1) {
    const shown = simulated.ask<NodesAnswer>({ resources: { [ENDPOINT_TYPE]: routes + change } });
    const acknowledged = await world.replace(slice(world.routes, `100.66.255.${change}`));
    changeMs.push((await shown).at - acknowledged);
  }
  if (options.profile !== undefined) await sluice.stop();
  await world.remove(gateway());
  return { nodes, allMs, envoyServedMs, cpuMs, rssMb, peakRssMb, stallMs, changeMs };
}

export async function fanout(options: ScenarioOptions): Promise<Report> {
  const routes = options.routes ?? 20_000;
  const samples: FanoutSample[] = [];
  await using _backend = await startBackend();
  await using world = await startWorld(options, routes);
  for (const object of tenant(routes)) await world.create(object);
  for (const nodes of NODES) {
    options.progress(`fanout: ${routes} routes to 1 Envoy and ${nodes} simulated nodes`);
    samples.push(await fanoutSample(world, nodes, options));
  }
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) throw new Error('fanout: no sample');
  const each = (pick: (sample: FanoutSample) => number) =>
    (pick(last) - pick(first)) / (last.nodes - first.nodes);
  const cpuMsPerNode = each(({ cpuMs }) => cpuMs);
  const mbPerNode = each(({ rssMb }) => rssMb);
  return {
    title: `fanout: ${routes} routes live at once on many nodes (source: ${options.source})`,
    columns: [
      ...['nodes', 'last node has all: ms', 'Envoy serves all: ms', 'Sluice CPU ms', 'MB after', 'peak MB'],
      ...['longest stall ms', 'one change, last node: ms'],
    ],
    rows: samples.map((sample) => [
      ...[`1 + ${sample.nodes}`, sample.allMs, sample.envoyServedMs, sample.cpuMs, sample.rssMb],
      ...[sample.peakRssMb, sample.stallMs, median(sample.changeMs)],
    ]),
    figures: { routes, cpuMsPerNode, mbPerNode },
    goals: [
      {
        goal: `each further node at ${routes} ≤ 0.1 s CPU`,
        measured: `${(cpuMsPerNode / 1e3).toFixed(3)} s`,
        met: cpuMsPerNode <= 100,
      },
      {
        goal: `each further node at ${routes} ≤ 2 MB`,
        measured: `${mbPerNode.toFixed(1)} MB`,
        met: mbPerNode <= 2,
      },
    ],
    notes: ['Simulated nodes run on the cores that are measured: times are upper bounds.'],
    versions: world.versions,
    samples,
  };
}
