/**
 * An Envoy that starts cold beside a Sluice that is warm: from the start of its process until a host chosen at random answers its
 * first connection. Each start is asked for some hosts at once, each by a client of its own that tries again until it is answered.
 */
import { hostOf } from '../../test/harness/tenants.ts';
import { untilAnswer } from '../clients/probe.ts';
import { monotonicMs } from '../clock.ts';
import { startBackend } from '../processes/backend.ts';
import { startEnvoy } from '../processes/envoy.ts';
import { SluiceProcess, XDS_PORT } from '../processes/sluice.ts';
import { usageOf } from '../processes/usage.ts';
import type { Report, ScenarioOptions } from '../scenario.ts';
import { median, quantile } from '../statistics.ts';
import { gateway } from '../world/manifests.ts';
import { startWorld } from '../world/start-world.ts';

const STARTS = 20;
const HOSTS_OF_A_START = 10;
const RETRY_MS = 2;

interface StartSample {
  /** Of each host, from the start of Envoy's process. */
  readonly answeredMs: readonly number[];
  /** Until Envoy had been told everything, and had acknowledged it. */
  readonly currentMs: number;
  readonly envoyCpuMs: number;
  readonly envoyRssMb: number;
}

async function startSample(sluice: SluiceProcess, hosts: readonly string[]): Promise<StartSample> {
  const startedAt = monotonicMs();
  const starting = startEnvoy(XDS_PORT);
  const isAnswer = (answer: string | undefined): boolean => answer !== undefined;
  const answers = hosts.map((host) =>
    untilAnswer(host, isAnswer, { intervalMs: RETRY_MS, timeoutMs: 10_000 }),
  );
  const [at] = await Promise.all([Promise.all(answers), starting]);
  await using envoy = await starting;
  await sluice.untilCurrent(1);
  const { cpuMs, rssMb } = usageOf(envoy.pid);
  return {
    answeredMs: at.map((answered) => answered - startedAt),
    currentMs: monotonicMs() - startedAt,
    envoyCpuMs: cpuMs,
    envoyRssMb: rssMb,
  };
}

function chosen(routes: number): string[] {
  const indexes = new Set<number>();
  while (indexes.size < Math.min(routes, HOSTS_OF_A_START)) indexes.add(Math.floor(Math.random() * routes));
  return [...indexes].map(hostOf);
}

export async function firstConnection(options: ScenarioOptions): Promise<Report> {
  const routes = options.routes ?? 20_000;
  const starts = options.repeats ?? STARTS;
  await using _backend = await startBackend();
  await using world = await startWorld(options, routes);
  await world.create(gateway());
  await using sluice = await SluiceProcess.start({ world, ...options });
  await sluice.untilReady();
  const samples: StartSample[] = [];
  for (let start = 0; start <= starts; start += 1) {
    options.progress(`first-connection: start ${start} of ${starts} with ${routes} routes`);
    const sample = await startSample(sluice, chosen(routes));
    // The first one warms Sluice.
    if (start > 0) samples.push(sample);
    await sluice.untilMetric('sluice_xds_nodes', (nodes) => nodes === 0);
  }
  if (options.profile !== undefined) await sluice.stop();
  const answered = samples.flatMap(({ answeredMs }) => answeredMs);
  const p50Ms = median(answered);
  const p99Ms = quantile(answered, 0.99);
  const currentMs = median(samples.map((sample) => sample.currentMs));
  return {
    title: `first-connection: from the start of a cold Envoy until a host chosen at random answers, ${routes} routes, ms (source: ${options.source})`,
    columns: ['start', 'first host', 'median', 'last host', 'Envoy current', 'Envoy CPU', 'Envoy MB'],
    rows: samples.map(({ answeredMs, ...sample }, index) => [
      ...[index + 1, Math.min(...answeredMs), median(answeredMs), Math.max(...answeredMs)],
      ...[sample.currentMs, sample.envoyCpuMs, sample.envoyRssMb],
    ]),
    figures: { routes, hosts: answered.length, p50Ms, p99Ms, currentMs },
    notes: [
      `${answered.length} first connections: ${HOSTS_OF_A_START} hosts at random in each of ${starts} starts, all asked for at once from the start on; over all of them p50 ${p50Ms.toFixed(0)} ms, p99 ${p99Ms.toFixed(0)} ms.`,
    ],
    versions: world.versions,
    samples,
  };
}

/** From a folder: seeding an API server with so many takes longer than all that is measured. */
export function firstConnectionLarge(options: ScenarioOptions): Promise<Report> {
  const { routes = 100_000 } = options;
  return firstConnection({ ...options, routes, source: 'directory', repeats: options.repeats ?? 3 });
}
