/**
 * One change among N routes: from the acknowledgement of the last write to the first connection that shows it, with
 * the share of each stage.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { hostOf } from '../../test/harness/tenants.ts';
import { untilAnswer } from '../clients/probe.ts';
import { tlsHandshakeMs } from '../clients/tls.ts';
import { startBackend } from '../processes/backend.ts';
import { type Deployment, deploy } from '../processes/deployment.ts';
import type { Report, ScenarioOptions } from '../scenario.ts';
import { median, quantile } from '../statistics.ts';
import { addressOf, type Manifest, route, service, slice } from '../world/manifests.ts';
import { startWorld } from '../world/start-world.ts';
import type { World } from '../world/world.ts';
import { marksOfChange, medianStages, STAGES, type Stages, stagesOf } from './stages.ts';

const CHANGES = ['route added', 'endpoint changed', 'route moved', 'route deleted'] as const;

export interface ChangeSample {
  readonly change: (typeof CHANGES)[number];
  readonly servedMs: number;
  readonly stages: Stages;
}

interface Step {
  readonly change: ChangeSample['change'];
  /** Resolves with the time of the acknowledgement. */
  write(): Promise<number>;
  /** Whether the backend that was reached shows the change. */
  isShown(answer: string | undefined): boolean;
}

const REPEATS = 200;
/** Tenants whose numbers differ by so much share a namespace. */
const NEIGHBOUR = 1_000;
/** Between two changes, so that none gathers with the one before. */
const PAUSE_MS = 20;
const PROBE_INTERVAL_MS = 0.5;

/** A tenant's life. What its steps need besides what they measure is there before. */
function stepsOf(world: World, index: number): Step[] {
  const answered = (address: string) => (answer: string | undefined) => answer === address;
  const moved = addressOf(index, true);
  return [
    {
      change: 'route added',
      write: async () => {
        await world.create(service(index));
        await world.create(slice(index));
        return await world.create(route(index));
      },
      isShown: answered(addressOf(index)),
    },
    {
      change: 'endpoint changed',
      write: () => world.replace(slice(index, moved)),
      isShown: answered(moved),
    },
    {
      change: 'route moved',
      write: () => world.replace(route(index, index + NEIGHBOUR)),
      isShown: answered(addressOf(index + NEIGHBOUR)),
    },
    {
      change: 'route deleted',
      write: () => world.remove(route(index)),
      isShown: (answer) => answer === undefined,
    },
  ];
}

async function measure({ sluice }: Deployment, step: Step, host: string): Promise<ChangeSample> {
  await delay(PAUSE_MS);
  await sluice.marks();
  const acknowledgedAt = await step.write();
  const servedAt = await untilAnswer(host, step.isShown, { intervalMs: PROBE_INTERVAL_MS });
  const marks = await marksOfChange(sluice);
  return {
    change: step.change,
    servedMs: servedAt - acknowledgedAt,
    stages: stagesOf(marks, acknowledgedAt, servedAt),
  };
}

export interface ChangeResult {
  readonly samples: readonly ChangeSample[];
  /** Of the last added host: what a whole handshake takes on top, for a sense of proportion. */
  readonly handshakeMs: number;
}

export async function changeSamples(
  deployment: Deployment,
  world: World,
  repeats: number,
  progress: (line: string) => void,
): Promise<ChangeResult> {
  const samples: ChangeSample[] = [];
  const handshakes: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    if (repeat % 20 === 0) progress(`change: ${repeat} of ${repeats} tenants among ${world.routes} routes`);
    const index = world.routes + repeat;
    const neighbour: Manifest[] = [service(index + NEIGHBOUR), slice(index + NEIGHBOUR)];
    for (const object of neighbour) await world.create(object);
    for (const step of stepsOf(world, index)) {
      samples.push(await measure(deployment, step, hostOf(index)));
      if (step.change === 'route added') handshakes.push(await tlsHandshakeMs(hostOf(index)));
    }
    for (const object of [service(index), slice(index), ...neighbour]) await world.remove(object);
  }
  return { samples, handshakeMs: median(handshakes) };
}

export async function change(options: ScenarioOptions): Promise<Report> {
  const routes = options.routes ?? 20_000;
  const repeats = options.repeats ?? REPEATS;
  await using _backend = await startBackend();
  await using world = await startWorld(options, routes);
  options.progress(`change: waiting until ${routes} routes are served`);
  await using deployment = await deploy(world, options);
  const { samples, handshakeMs } = await changeSamples(deployment, world, repeats, options.progress);
  return {
    ...changeReport(samples, options, routes),
    versions: world.versions,
    samples: { samples, handshakeMs },
  };
}

function changeReport(
  samples: readonly ChangeSample[],
  { source }: ScenarioOptions,
  routes: number,
): Omit<Report, 'samples'> {
  const row = (name: string, of: readonly ChangeSample[]) => {
    const times = of.map(({ servedMs }) => servedMs);
    const quantiles = [0.5, 0.95, 0.99, 1].map((q) => quantile(times, q));
    return [name, of.length, ...quantiles, ...Object.values(medianStages(of.map(({ stages }) => stages)))];
  };
  const times = samples.map(({ servedMs }) => servedMs);
  const p50Ms = quantile(times, 0.5);
  const p99Ms = quantile(times, 0.99);
  return {
    title: `change: one of ${routes} routes, ms from the acknowledged write to the first connection that shows it (source: ${source})`,
    columns: ['change', 'samples', 'p50', 'p95', 'p99', 'max', ...Object.values(STAGES)],
    rows: [
      ...CHANGES.map((change) =>
        row(
          change,
          samples.filter((sample) => sample.change === change),
        ),
      ),
      row('all', samples),
    ],
    figures: { routes, p50Ms, p95Ms: quantile(times, 0.95), p99Ms, maxMs: Math.max(...times) },
    goals: [
      { goal: `change at ${routes}, p50 ≤ 10 ms`, measured: `${p50Ms.toFixed(1)} ms`, met: p50Ms <= 10 },
      { goal: `change at ${routes}, p99 ≤ 30 ms`, measured: `${p99Ms.toFixed(1)} ms`, met: p99Ms <= 30 },
    ],
    notes: ['Stages are medians; each change is measured alone.'],
  };
}
