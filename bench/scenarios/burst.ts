/**
 * N routes become live at once: the Gateway that they wait for is created, in front of a Sluice that is synced and an
 * Envoy that is connected and has nothing.
 */
import { sampleHosts, untilAllServed } from '../clients/probe.ts';
import { monotonicMs } from '../clock.ts';
import { startBackend } from '../processes/backend.ts';
import { startEnvoy, untilLive } from '../processes/envoy.ts';
import { SluiceProcess, XDS_PORT } from '../processes/sluice.ts';
import { usageOf } from '../processes/usage.ts';
import type { Goal, Report, ScenarioOptions } from '../scenario.ts';
import { median } from '../statistics.ts';
import { gateway } from '../world/manifests.ts';
import { startWorld } from '../world/start-world.ts';
import type { World } from '../world/world.ts';
import { type FloorSample, floorSample } from './floor.ts';

/** What the goals speak of; others are in `growth`. */
const GOAL_ROUTES = 20_000;

export interface BurstSample {
  /** From the moment before the Gateway is written. */
  readonly servedMs: number;
  readonly eventMs: number;
  readonly firstSendMs: number;
  readonly lastSendMs: number;
  readonly sluiceCpuMs: number;
  readonly sluicePeakRssMb: number;
  readonly stallMs: number;
  readonly envoyCpuMs: number;
  readonly envoyRssMb: number;
  readonly apiServerCpuMs: number;
  /** Responses and their acknowledgements: stage, type, resources, and milliseconds since the start. */
  readonly responses: readonly (readonly [stage: string, type: string, resources: number, atMs: number])[];
}

/** Leaves the world as it was: without a Gateway. Both Sluice and Envoy are new. */
export async function burstSample(world: World, options: ScenarioOptions): Promise<BurstSample> {
  await using sluice = await SluiceProcess.start({ world, ...options });
  await sluice.untilReady();
  await using envoy = await startEnvoy(XDS_PORT);
  await untilLive(envoy);
  await sluice.marks();
  await sluice.longestStallMs();
  const serverBefore = world.serverCpuMs();
  const before = { sluice: sluice.usage().cpuMs, envoy: usageOf(envoy.pid).cpuMs };
  const served = untilAllServed(sampleHosts(world.routes));
  const start = monotonicMs();
  await world.create(gateway());
  const { at } = await served;
  const usage = { sluice: sluice.usage(), envoy: usageOf(envoy.pid) };
  const apiServerCpuMs = world.serverCpuMs() - serverBefore;
  const stallMs = await sluice.longestStallMs();
  const marks = await sluice.marks();
  const sends = marks.filter(({ stage }) => stage === 'send');
  if (options.profile !== undefined) await sluice.stop();
  await world.remove(gateway());
  return {
    servedMs: at - start,
    eventMs: (marks.find(({ stage }) => stage === 'event')?.at ?? Number.NaN) - start,
    firstSendMs: (sends[0]?.at ?? Number.NaN) - start,
    lastSendMs: (sends.at(-1)?.at ?? Number.NaN) - start,
    sluiceCpuMs: usage.sluice.cpuMs - before.sluice,
    sluicePeakRssMb: usage.sluice.peakRssMb,
    stallMs,
    envoyCpuMs: usage.envoy.cpuMs - before.envoy,
    envoyRssMb: usage.envoy.rssMb,
    apiServerCpuMs,
    responses: marks
      .filter(({ detail }) => detail !== '')
      .map(({ stage, detail, count, at: when }) => [
        stage,
        detail.split('.').at(-1) ?? '',
        count,
        when - start,
      ]),
  };
}

export async function burst(options: ScenarioOptions): Promise<Report> {
  const routes = options.routes ?? 20_000;
  const repeats = options.repeats ?? 5;
  const bursts: BurstSample[] = [];
  const floors: FloorSample[] = [];
  await using _backend = await startBackend();
  await using world = await startWorld(options, routes);
  // In turn, so that what else the machine does meets both.
  for (let repeat = 1; repeat <= repeats; repeat += 1) {
    options.progress(`burst ${repeat} of ${repeats}: floor of ${routes} routes`);
    floors.push(await floorSample(routes));
    options.progress(`burst ${repeat} of ${repeats}: ${routes} routes become live`);
    bursts.push(await burstSample(world, options));
  }
  const servedMs = median(bursts.map((sample) => sample.servedMs));
  const floorMs = median(floors.map((sample) => sample.servedMs));
  const ratio = servedMs / floorMs;
  return {
    title: `burst: ${routes} routes become live at once (source: ${options.source})`,
    columns: [
      ...['sample', 'last host served: ms', 'floor ms', 'ratio', 'seen ms', 'first sent ms', 'last sent ms'],
      ...['Sluice CPU ms', 'peak MB', 'longest stall ms', 'Envoy CPU ms', 'Envoy MB', 'API server CPU ms'],
    ],
    rows: bursts.map((sample, index) => {
      const floorOfSame = floors[index]?.servedMs ?? Number.NaN;
      return [
        ...[index + 1, sample.servedMs, floorOfSame, sample.servedMs / floorOfSame],
        ...[sample.eventMs, sample.firstSendMs, sample.lastSendMs],
        ...[
          sample.sluiceCpuMs,
          sample.sluicePeakRssMb,
          sample.stallMs,
          sample.envoyCpuMs,
          sample.envoyRssMb,
          sample.apiServerCpuMs,
        ],
      ];
    }),
    figures: {
      routes,
      servedMs,
      floorMs,
      ratio,
      bestServedMs: Math.min(...bursts.map((sample) => sample.servedMs)),
      bestFloorMs: Math.min(...floors.map((sample) => sample.servedMs)),
      sluiceCpuMs: median(bursts.map((sample) => sample.sluiceCpuMs)),
      stallMs: median(bursts.map((sample) => sample.stallMs)),
      sluicePeakRssMb: median(bursts.map((sample) => sample.sluicePeakRssMb)),
      envoyRssMb: median(bursts.map((sample) => sample.envoyRssMb)),
    },
    goals: routes === GOAL_ROUTES ? goalsOf(servedMs, ratio) : [],
    versions: world.versions,
    samples: { bursts, floors },
  };
}

function goalsOf(servedMs: number, ratio: number): Goal[] {
  return [
    {
      goal: `burst at ${GOAL_ROUTES} under 2.5 s`,
      measured: `${(servedMs / 1e3).toFixed(2)} s`,
      met: servedMs < 2_500,
    },
    {
      goal: `burst at ${GOAL_ROUTES} at most 1.10 × floor`,
      measured: `${ratio.toFixed(2)} × floor`,
      met: ratio <= 1.1,
    },
  ];
}
