/**
 * A control plane that starts with N routes in the API, and an empty Envoy beside it: from the start of the process to
 * the last host that is served, stage by stage.
 */
import { sampleHosts, untilAllServed } from '../clients/probe.ts';
import { monotonicMs } from '../clock.ts';
import { startBackend } from '../processes/backend.ts';
import { startEnvoy } from '../processes/envoy.ts';
import type { Mark } from '../processes/marks.ts';
import { SluiceProcess, XDS_PORT } from '../processes/sluice.ts';
import { type Usage, usageOf } from '../processes/usage.ts';
import type { Report, ScenarioOptions } from '../scenario.ts';
import { median } from '../statistics.ts';
import { gateway } from '../world/manifests.ts';
import { startWorld } from '../world/start-world.ts';
import type { World } from '../world/world.ts';
import { type FloorSample, floorSample } from './floor.ts';

const REPEATS = 3;
const LONGEST_STALL_MS = 100;

/** Milliseconds since the process was started. */
interface ColdSample {
  readonly listeningMs: number;
  readonly firstEventMs: number;
  readonly syncedMs: number;
  readonly readyMs: number;
  readonly lastSendMs: number;
  readonly servedMs: number;
  readonly stallMs: number;
  readonly sluice: Usage;
  /** Once all is quiet. */
  readonly settledRssMb: number;
  readonly envoy: Usage;
  /** Of API server and etcd. */
  readonly apiServerCpuMs: number;
}

/** The Gateway must be there. */
async function coldSample(world: World, options: ScenarioOptions): Promise<ColdSample> {
  const serverBefore = world.serverCpuMs();
  await using sluice = await SluiceProcess.start({ world, ...options });
  const listeningMs = monotonicMs() - sluice.startedAt;
  const served = untilAllServed(sampleHosts(world.routes));
  await using envoy = await startEnvoy(XDS_PORT);
  const { at } = await served;
  const usage = { sluice: sluice.usage(), envoy: usageOf(envoy.pid) };
  const apiServerCpuMs = world.serverCpuMs() - serverBefore;
  const stallMs = await sluice.longestStallMs();
  const marks = await sluice.marks();
  const settledRssMb = sluice.usage().rssMb;
  if (options.profile !== undefined) await sluice.stop();
  const since = (mark: Mark | undefined) => (mark?.at ?? Number.NaN) - sluice.startedAt;
  const first = (stage: Mark['stage']) => since(marks.find((mark) => mark.stage === stage));
  return {
    listeningMs,
    firstEventMs: first('event'),
    syncedMs: first('synced'),
    readyMs: first('ready'),
    lastSendMs: since(marks.findLast((mark) => mark.stage === 'send' && mark.count > 0)),
    servedMs: at - sluice.startedAt,
    stallMs,
    ...usage,
    settledRssMb,
    apiServerCpuMs,
  };
}

export async function cold(options: ScenarioOptions): Promise<Report> {
  const routes = options.routes ?? 20_000;
  const repeats = options.repeats ?? REPEATS;
  const colds: ColdSample[] = [];
  const floors: FloorSample[] = [];
  await using _backend = await startBackend();
  await using world = await startWorld(options, routes);
  await world.create(gateway());
  for (let repeat = 1; repeat <= repeats; repeat += 1) {
    options.progress(`cold ${repeat} of ${repeats}: floor of ${routes} routes`);
    floors.push(await floorSample(routes));
    options.progress(`cold ${repeat} of ${repeats}: ${routes} routes`);
    colds.push(await coldSample(world, options));
  }
  const of = (pick: (sample: ColdSample) => number) => median(colds.map(pick));
  const servedMs = of((sample) => sample.servedMs);
  const floorMs = median(floors.map((sample) => sample.servedMs));
  const peakRssMb = of(({ sluice }) => sluice.peakRssMb);
  const stallMs = of((sample) => sample.stallMs);
  const ratio = servedMs / floorMs;
  return {
    title: `cold: from process start to the last of ${routes} hosts served, ms (source: ${options.source})`,
    columns: [
      ...['sample', 'listening', 'first object', 'synced', 'ready', 'last sent', 'served', 'floor'],
      ...['longest stall', 'Sluice CPU', 'peak MB', 'Envoy CPU', 'Envoy MB', 'API server CPU'],
    ],
    rows: colds.map((sample, index) => [
      ...[index + 1, sample.listeningMs, sample.firstEventMs, sample.syncedMs, sample.readyMs],
      ...[sample.lastSendMs, sample.servedMs, floors[index]?.servedMs ?? Number.NaN, sample.stallMs],
      ...[
        sample.sluice.cpuMs,
        sample.sluice.peakRssMb,
        sample.envoy.cpuMs,
        sample.envoy.rssMb,
        sample.apiServerCpuMs,
      ],
    ]),
    figures: {
      ...{ routes, servedMs, floorMs, ratio, stallMs, sluicePeakRssMb: peakRssMb },
      sluiceCpuMs: of(({ sluice }) => sluice.cpuMs),
      settledRssMb: of((sample) => sample.settledRssMb),
    },
    goals: [
      {
        goal: `cold at ${routes}, last host served within 2.0 × floor`,
        measured: `${ratio.toFixed(2)} × floor (${(servedMs / 1e3).toFixed(2)} s)`,
        met: ratio <= 2,
      },
      {
        goal: `no event-loop stall over ${LONGEST_STALL_MS} ms`,
        measured: `${stallMs.toFixed(0)} ms`,
        met: stallMs <= LONGEST_STALL_MS,
      },
      {
        goal: `control plane at ${routes}: peak RSS ≤ 300 MB`,
        measured: `${peakRssMb.toFixed(0)} MB`,
        met: peakRssMb <= 300,
      },
    ],
    versions: world.versions,
    samples: { colds, floors },
  };
}
