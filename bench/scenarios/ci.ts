/**
 * What every change of the code has to stand: floor, burst and change with few samples; more of them where a limit seems broken, for
 * what else the machine did in between is not the code's fault. Times are the best ones. The ratio is that of the best times, or the
 * median of those of a floor and the burst right after it, whichever is less: one lucky floor spoils the first, an uneven machine the second.
 */
import { startBackend } from '../processes/backend.ts';
import { deploy } from '../processes/deployment.ts';
import type { Report, ScenarioOptions } from '../scenario.ts';
import { median, quantile } from '../statistics.ts';
import { startWorld } from '../world/start-world.ts';
import { type BurstSample, burstSample } from './burst.ts';
import { type ChangeSample, changeSamples } from './change.ts';
import { type FloorSample, floorSample } from './floor.ts';

const ATTEMPTS = 3;
const MOST_ATTEMPTS = 9;
const TENANTS_CHANGED = 15;
const MOST_TIMES_FLOOR = 1.3;
const MOST_MS = 3_000;
/** Where the floor alone takes so long, the machine is too slow for a limit in seconds. */
const SLOW_FLOOR_MS = 2_500;

export interface Attempt {
  readonly floor: Pick<FloorSample, 'servedMs'>;
  readonly burst: Pick<BurstSample, 'servedMs'>;
}

interface Outcome {
  readonly floorMs: number;
  readonly servedMs: number;
  readonly ratio: number;
}

export function outcomeOf(attempts: readonly Attempt[]): Outcome {
  const floorMs = Math.min(...attempts.map(({ floor }) => floor.servedMs));
  const servedMs = Math.min(...attempts.map(({ burst }) => burst.servedMs));
  const ofPairs = median(attempts.map(({ floor, burst }) => burst.servedMs / floor.servedMs));
  return { floorMs, servedMs, ratio: Math.min(ofPairs, servedMs / floorMs) };
}

/** Whether `least` attempts are made and within the limits, or so many that more would not change the verdict. */
export function isEnough(attempts: readonly Attempt[], least: number): boolean {
  if (attempts.length < least) return false;
  return (
    judge(outcomeOf(attempts)).failures.length === 0 || attempts.length >= Math.max(least, MOST_ATTEMPTS)
  );
}

export async function ci(options: ScenarioOptions): Promise<Report> {
  const routes = options.routes ?? 20_000;
  await using _backend = await startBackend();
  await using world = await startWorld(options, routes);
  const attempts: Attempt[] = [];
  while (!isEnough(attempts, options.repeats ?? ATTEMPTS)) {
    options.progress(`ci ${attempts.length + 1}: floor, then burst of ${routes} routes`);
    attempts.push({ floor: await floorSample(routes), burst: await burstSample(world, options) });
  }
  options.progress(`ci: one change among ${routes} routes`);
  const changes = await changed();
  const outcome = outcomeOf(attempts);
  const { floorMs, servedMs, ratio } = outcome;
  const times = changes.map((sample) => sample.servedMs);
  const [p50Ms, p99Ms] = [quantile(times, 0.5), quantile(times, 0.99)];
  const { failures, notes } = judge(outcome);
  return {
    title: `ci: ${routes} routes, best of ${attempts.length} (source: ${options.source})`,
    columns: ['', 'best', ...attempts.map((_, index) => `attempt ${index + 1}`)],
    rows: [
      ['floor: ms', floorMs, ...attempts.map(({ floor }) => floor.servedMs)],
      ['burst: ms', servedMs, ...attempts.map(({ burst }) => burst.servedMs)],
      ['ratio', ratio, ...attempts.map(({ floor, burst }) => burst.servedMs / floor.servedMs)],
      ['one change, p50: ms', p50Ms, ...attempts.map(() => '')],
      ['one change, p99: ms', p99Ms, ...attempts.map(() => '')],
    ],
    figures: { routes, servedMs, floorMs, ratio, p50Ms, p99Ms },
    notes,
    failures,
    versions: world.versions,
    samples: { attempts, changes },
  };

  async function changed(): Promise<readonly ChangeSample[]> {
    await using deployment = await deploy(world, options);
    return (await changeSamples(deployment, world, TENANTS_CHANGED, options.progress)).samples;
  }
}

export function judge({ servedMs, floorMs, ratio }: Outcome): { failures: string[]; notes: string[] } {
  const failures: string[] = [];
  const notes: string[] = [];
  if (ratio > MOST_TIMES_FLOOR)
    failures.push(`burst took ${ratio.toFixed(2)} × floor; the limit is ${MOST_TIMES_FLOOR} × floor`);
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
  if (floorMs > SLOW_FLOOR_MS)
    notes.push(
      `The floor alone took ${seconds(floorMs)}, over ${seconds(SLOW_FLOOR_MS)}: this machine is too slow for the limit of ${seconds(MOST_MS)}, and the ratio decides.`,
    );
  else if (servedMs > MOST_MS)
    failures.push(`burst took ${seconds(servedMs)}; the limit is ${seconds(MOST_MS)}`);
  return { failures, notes };
}
