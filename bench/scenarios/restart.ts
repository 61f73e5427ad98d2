/**
 * Sluice started again with an empty Envoy beside it, from the state that it kept and without: from the start of the process until
 * hosts chosen at random answer, and until the last one does.
 */
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hostOf } from '../../test/harness/tenants.ts';
import { sampleHosts, untilAllServed, untilAnswer } from '../clients/probe.ts';
import { monotonicMs } from '../clock.ts';
import { startBackend } from '../processes/backend.ts';
import { startEnvoy } from '../processes/envoy.ts';
import { SluiceProcess, XDS_PORT } from '../processes/sluice.ts';
import { type Usage, usageOf } from '../processes/usage.ts';
import type { Report, ScenarioOptions } from '../scenario.ts';
import { median, quantile } from '../statistics.ts';
import { gateway } from '../world/manifests.ts';
import { startWorld } from '../world/start-world.ts';
import type { World } from '../world/world.ts';

const REPEATS = 5;
/** Hosts that are asked for at the same time in each repeat. */
const ASKED = 8;

/** Milliseconds since the process was started. */
interface RestartSample {
  readonly answeredMs: readonly number[];
  readonly servedMs: number;
  /** Until Envoy had been told everything, and had acknowledged it. */
  readonly currentMs: number;
  readonly sluice: Usage;
  readonly envoy: Usage;
}

/** A revision from before there were states starts again as it starts at first. */
function stateFlags(tree: string): readonly string[] {
  if (!existsSync(path.join(tree, 'src', 'cli', 'state-flags.ts'))) return [];
  return ['--state-dir', mkdtempSync(path.join(tmpdir(), 'state-'))];
}

/** Leaves a state behind. */
async function save(world: World, options: ScenarioOptions, flags: readonly string[]): Promise<void> {
  if (flags.length === 0) return;
  await using sluice = await SluiceProcess.start({
    world,
    ...options,
    profile: undefined,
    flags: [...options.flags, ...flags],
  });
  await sluice.untilMetric('sluice_state_saved_bytes', (bytes) => bytes > 0);
}

function randomHosts(routes: number): string[] {
  return Array.from({ length: ASKED }, () => hostOf(Math.floor(Math.random() * routes)));
}

async function restartSample(
  world: World,
  options: ScenarioOptions,
  flags: readonly string[],
): Promise<RestartSample> {
  await using sluice = await SluiceProcess.start({ world, ...options, flags: [...options.flags, ...flags] });
  const isThere = (answer: string | undefined): boolean => answer !== undefined;
  const answered = randomHosts(world.routes).map((host) => untilAnswer(host, isThere, { intervalMs: 5 }));
  const served = untilAllServed(sampleHosts(world.routes));
  await using envoy = await startEnvoy(XDS_PORT);
  const answeredAt = await Promise.all(answered);
  const { at } = await served;
  await sluice.untilCurrent(1);
  const currentAt = monotonicMs();
  const usage = { sluice: sluice.usage(), envoy: usageOf(envoy.pid) };
  if (options.profile !== undefined) await sluice.stop();
  return {
    answeredMs: answeredAt.map((each) => each - sluice.startedAt),
    servedMs: at - sluice.startedAt,
    currentMs: currentAt - sluice.startedAt,
    ...usage,
  };
}

export async function restart(options: ScenarioOptions): Promise<Report> {
  const routes = options.routes ?? 20_000;
  const repeats = options.repeats ?? REPEATS;
  const saved: RestartSample[] = [];
  const unsaved: RestartSample[] = [];
  await using _backend = await startBackend();
  await using world = await startWorld(options, routes);
  await world.create(gateway());
  const flags = stateFlags(options.tree);
  options.progress(`restart: a state of ${routes} routes`);
  await save(world, options, flags);
  for (let repeat = 1; repeat <= repeats; repeat += 1) {
    options.progress(`restart ${repeat} of ${repeats}: from a state of ${routes} routes`);
    saved.push(await restartSample(world, options, flags));
    options.progress(`restart ${repeat} of ${repeats}: without a state`);
    unsaved.push(await restartSample(world, options, []));
  }
  const answers = (samples: readonly RestartSample[], part: number) =>
    quantile(
      samples.flatMap(({ answeredMs }) => answeredMs),
      part,
    );
  const of = (samples: readonly RestartSample[], pick: (sample: RestartSample) => number) =>
    median(samples.map(pick));
  const row = (what: string) => (sample: RestartSample, index: number) => [
    ...[what, index + 1, median(sample.answeredMs), Math.max(...sample.answeredMs), sample.servedMs],
    ...[sample.currentMs, sample.sluice.cpuMs, sample.sluice.peakRssMb, sample.envoy.cpuMs],
  ];
  const servedMs = of(saved, (sample) => sample.servedMs);
  const unsavedServedMs = of(unsaved, (sample) => sample.servedMs);
  const p50Ms = answers(saved, 0.5);
  const unsavedP50Ms = answers(unsaved, 0.5);
  return {
    title: `restart: from process start of Sluice with an empty Envoy, ${routes} routes, ms (source: ${options.source})`,
    columns: [
      'state',
      'sample',
      'a random host',
      'of those the last',
      'all served',
      'Envoy current',
      'Sluice CPU',
      'peak MB',
      'Envoy CPU',
    ],
    rows: [...saved.map(row(flags.length > 0 ? 'kept' : 'not known')), ...unsaved.map(row('none'))],
    figures: {
      routes,
      p50Ms,
      p99Ms: answers(saved, 0.99),
      servedMs,
      currentMs: of(saved, (sample) => sample.currentMs),
      unsavedP50Ms,
      unsavedServedMs,
      unsavedCurrentMs: of(unsaved, (sample) => sample.currentMs),
      sluicePeakRssMb: of(saved, ({ sluice }) => sluice.peakRssMb),
    },
    notes: [
      `${ASKED} hosts chosen at random are asked for in each repeat, every 5 ms, until each has answered; p50 and p99 are over all of them.`,
    ],
    goals: [],
    versions: world.versions,
    samples: { saved, unsaved },
  };
}
