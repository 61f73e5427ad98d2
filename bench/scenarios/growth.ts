/** How burst, one change and memory grow with the number of routes. */
import { startBackend } from '../processes/backend.ts';
import { deploy } from '../processes/deployment.ts';
import { usageOf } from '../processes/usage.ts';
import type { Goal, Report, ScenarioOptions } from '../scenario.ts';
import { quantile } from '../statistics.ts';
import { startWorld } from '../world/start-world.ts';
import type { SourceType } from '../world/world.ts';
import { type BurstSample, burstSample } from './burst.ts';
import { type ChangeSample, changeSamples } from './change.ts';
import { type FloorSample, floorSample } from './floor.ts';

const SIZES = [1_000, 5_000, 20_000, 30_000, 50_000];
/** Without the API server, whose seeding would take longer than all the rest. */
const FROM_DIRECTORY = 100_000;
const REPEATS = 2;
const TENANTS_CHANGED = 25;

interface GrowthSample {
  readonly routes: number;
  readonly source: SourceType;
  readonly floors: readonly FloorSample[];
  readonly bursts: readonly BurstSample[];
  readonly changes: readonly ChangeSample[];
  /** Of Sluice and Envoy once all is served and has been changed now and then. */
  readonly sluiceRssMb: number;
  readonly envoyRssMb: number;
}

async function growthSample(routes: number, options: ScenarioOptions): Promise<GrowthSample> {
  const { progress, source } = options;
  await using world = await startWorld(options, routes);
  const floors: FloorSample[] = [];
  const bursts: BurstSample[] = [];
  for (let repeat = 1; repeat <= (options.repeats ?? REPEATS); repeat += 1) {
    progress(`growth: ${routes} routes: floor, then burst`);
    floors.push(await floorSample(routes));
    bursts.push(await burstSample(world, options));
  }
  progress(`growth: ${routes} routes: change`);
  await using deployment = await deploy(world, options);
  const { samples: changes } = await changeSamples(deployment, world, TENANTS_CHANGED, progress);
  return {
    routes,
    source,
    floors,
    bursts,
    changes,
    sluiceRssMb: deployment.sluice.usage().rssMb,
    envoyRssMb: usageOf(deployment.envoy.pid).rssMb,
  };
}

export async function growth(options: ScenarioOptions): Promise<Report> {
  const largest = options.routes ?? FROM_DIRECTORY;
  const samples: GrowthSample[] = [];
  await using _backend = await startBackend();
  for (const routes of SIZES.filter((size) => size <= largest)) {
    samples.push(await growthSample(routes, options));
  }
  if (largest >= FROM_DIRECTORY) {
    samples.push(await growthSample(FROM_DIRECTORY, { ...options, source: 'directory' }));
  }
  const rows = samples.map(rowOf);
  return {
    title: `growth: burst, one change and memory by the number of routes`,
    columns: [
      ...['routes', 'source', 'burst: ms', 'floor ms', 'ratio', 'one change, p50: ms', 'p99'],
      ...['Sluice peak MB', 'Sluice MB', 'Envoy MB'],
    ],
    rows: rows.map((row) => [
      ...[row.routes, row.source, row.burstMs, row.floorMs, row.burstMs / row.floorMs, row.p50Ms],
      ...[row.p99Ms, row.peakMb, row.sluiceMb, row.envoyMb],
    ]),
    figures: Object.fromEntries(rows.map(({ routes, burstMs }) => [`burst${routes}Ms`, burstMs])),
    goals: goalsOf(rows),
    notes: ['The best of the bursts; a folder of manifests is read only when it has been quiet for 50 ms.'],
    samples,
  };
}

interface Row {
  readonly routes: number;
  readonly source: SourceType;
  readonly burstMs: number;
  readonly floorMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly peakMb: number;
  readonly sluiceMb: number;
  readonly envoyMb: number;
}

function rowOf({ routes, source, floors, bursts, changes, sluiceRssMb, envoyRssMb }: GrowthSample): Row {
  const times = changes.map(({ servedMs }) => servedMs);
  return {
    routes,
    source,
    burstMs: Math.min(...bursts.map(({ servedMs }) => servedMs)),
    floorMs: Math.min(...floors.map(({ servedMs }) => servedMs)),
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    peakMb: Math.max(...bursts.map(({ sluicePeakRssMb }) => sluicePeakRssMb)),
    sluiceMb: sluiceRssMb,
    envoyMb: envoyRssMb,
  };
}

function goalsOf(rows: readonly Row[]): Goal[] {
  const at = (routes: number) => rows.find((row) => row.routes === routes && row.source === 'kubernetes');
  const [small, middle, more, large] = [1_000, 20_000, 30_000, 50_000].map(at);
  const goals: Goal[] = [];
  if (more !== undefined)
    goals.push({
      goal: 'burst at 30,000 under 3.0 s',
      measured: `${(more.burstMs / 1e3).toFixed(2)} s`,
      met: more.burstMs < 3_000,
    });
  if (small !== undefined && large !== undefined)
    goals.push({
      goal: 'change: p50 at 50,000 at most 1.3 × that at 1,000',
      measured: `${(large.p50Ms / small.p50Ms).toFixed(2)} ×`,
      met: large.p50Ms <= 1.3 * small.p50Ms,
    });
  if (middle !== undefined && large !== undefined) {
    const kilobytes = ((large.peakMb - middle.peakMb) * 1e3) / (large.routes - middle.routes);
    goals.push({
      goal: 'control plane: peak RSS ≤ 5 kB for each further route',
      measured: `${kilobytes.toFixed(1)} kB`,
      met: kilobytes <= 5,
    });
  }
  return goals;
}
