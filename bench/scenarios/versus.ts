/** The same changes made to Sluice and to what else passes TLS through, one after the other on the same machine. */
import { setTimeout as delay } from 'node:timers/promises';
import { hostOf } from '../../test/harness/tenants.ts';
import { Connections, type ConnectionsReport } from '../clients/connections.ts';
import { sampleHosts, untilAllServed, untilAnswer } from '../clients/probe.ts';
import type { Contender } from '../contenders/contender.ts';
import { startHaproxy } from '../contenders/haproxy.ts';
import { startNginx } from '../contenders/nginx.ts';
import { startSluice } from '../contenders/sluice-contender.ts';
import { startBackend } from '../processes/backend.ts';
import { cpuOf, usageOf } from '../processes/usage.ts';
import type { Goal, Report, ScenarioOptions } from '../scenario.ts';
import { median } from '../statistics.ts';
import { addressOf } from '../world/manifests.ts';

const SIZES = [1_000, 5_000, 20_000];
const REPEATS = 5;
const CPU_REPEATS = 3;
const CONNECTIONS = 20;
/** A proxy that used less CPU than this in so many intervals in a row has done its work. */
const QUIET = { intervalMs: 100, cpuMs: 5, intervals: 6 };
/** Rare enough not to be the load: a change may take seconds. */
const PROBE_INTERVAL_MS = 2;

interface VersusSample {
  readonly contender: string;
  readonly routes: number;
  readonly addedMs: readonly number[];
  readonly endpointMs: readonly number[];
  readonly removedMs: readonly number[];
  /** Of one added route. */
  readonly proxyCpuMs: readonly number[];
  readonly controlCpuMs: readonly number[];
  readonly proxyMb: number;
  readonly controlMb: number;
  readonly connections: ConnectionsReport;
}

const memory = (pids: readonly number[]) => pids.reduce((sum, pid) => sum + usageOf(pid).rssMb, 0);
const controlCpu = (contender: Contender) =>
  contender.controlPids().reduce((sum, pid) => sum + cpuOf(pid), 0);

async function untilQuiet(contender: Contender): Promise<void> {
  let before = contender.proxyCpuMs() + controlCpu(contender);
  for (let quiet = 0; quiet < QUIET.intervals; ) {
    await delay(QUIET.intervalMs);
    const now = contender.proxyCpuMs() + controlCpu(contender);
    quiet = now - before < QUIET.cpuMs ? quiet + 1 : 0;
    before = now;
  }
}

async function measure(
  contender: Contender,
  routes: number,
  { repeats = REPEATS, progress }: ScenarioOptions,
): Promise<VersusSample> {
  await untilAllServed(sampleHosts(routes), { patienceMs: 300_000 });
  const hosts = Array.from({ length: CONNECTIONS }, (_, index) => index);
  await using connections = await Connections.open({ idle: CONNECTIONS, talking: CONNECTIONS, hosts });
  const times = { added: [] as number[], endpoint: [] as number[], removed: [] as number[] };
  const shown = async (host: string, start: number, address: string | undefined) =>
    (await untilAnswer(host, (answer) => answer === address, { intervalMs: PROBE_INTERVAL_MS })) - start;
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    progress(`versus: ${contender.name}: ${routes} routes, change ${repeat + 1} of ${repeats}`);
    const index = routes + repeat;
    const host = hostOf(index);
    times.added.push(await shown(host, await contender.add(index), addressOf(index)));
    times.endpoint.push(await shown(host, await contender.changeEndpoint(index), addressOf(index, true)));
    times.removed.push(await shown(host, await contender.remove(index), undefined));
  }
  const proxyCpuMs: number[] = [];
  const controlCpuMs: number[] = [];
  for (let repeat = 0; repeat < CPU_REPEATS; repeat += 1) {
    await untilQuiet(contender);
    const before = { proxy: contender.proxyCpuMs(), control: controlCpu(contender) };
    await contender.add(routes + repeats + repeat);
    await untilQuiet(contender);
    proxyCpuMs.push(contender.proxyCpuMs() - before.proxy);
    controlCpuMs.push(controlCpu(contender) - before.control);
  }
  return {
    contender: contender.name,
    routes,
    addedMs: times.added,
    endpointMs: times.endpoint,
    removedMs: times.removed,
    proxyCpuMs,
    controlCpuMs,
    proxyMb: memory(contender.proxyPids()),
    controlMb: memory(contender.controlPids()),
    connections: await connections.report(),
  };
}

export async function versus(options: ScenarioOptions): Promise<Report> {
  const sizes = options.routes === undefined ? SIZES : [options.routes];
  const samples: VersusSample[] = [];
  const versions: Record<string, string> = {};
  const missing = new Set<string>();
  const starts: Record<string, (routes: number) => Promise<Contender | undefined>> = {
    'Sluice, index mode': (routes) => startSluice(routes, 'index', options),
    'Sluice, chain mode': (routes) => startSluice(routes, 'chain', options),
    nginx: startNginx,
    HAProxy: startHaproxy,
  };
  await using _backend = await startBackend();
  for (const routes of sizes) {
    for (const [name, start] of Object.entries(starts)) {
      options.progress(`versus: ${name}: starting with ${routes} routes`);
      await using contender = await start(routes);
      if (contender === undefined) {
        missing.add(name);
        continue;
      }
      if (contender.version !== undefined) versions[name] = contender.version;
      samples.push(await measure(contender, routes, options));
    }
  }
  return {
    title: `versus: one change, ms from the write to the first connection that shows it (source: ${options.source})`,
    columns: [
      ...['', 'routes', 'route added', 'endpoint changed', 'route removed', 'proxy CPU ms', 'control CPU ms'],
      ...['proxy MB', 'control MB', 'connections dropped'],
    ],
    rows: samples.map((sample) => [
      ...[sample.contender, sample.routes, median(sample.addedMs), median(sample.endpointMs)],
      ...[median(sample.removedMs), median(sample.proxyCpuMs), median(sample.controlCpuMs)],
      ...[sample.proxyMb, sample.controlMb, `${sample.connections.dropped} of ${2 * CONNECTIONS}`],
    ]),
    figures: { routes: sizes.at(-1) ?? 0, ...advantage(samples) },
    goals: goalsOf(samples),
    notes: [
      'Sluice is told by the API server, the others directly; CPU is that of one added route, without probes.',
      ...[...missing].map((name) => `${name} is not installed here, so there is no comparison with it.`),
    ],
    versions,
    samples,
  };
}

function advantage(samples: readonly VersusSample[]): Record<string, number> {
  const cpuOfMode = (mode: string) => {
    const found = samples.findLast(({ contender }) => contender === `Sluice, ${mode} mode`);
    return found === undefined ? Number.NaN : median(found.proxyCpuMs);
  };
  return { chainToIndexEnvoyCpu: cpuOfMode('chain') / cpuOfMode('index') };
}

function goalsOf(samples: readonly VersusSample[]): Goal[] {
  const { chainToIndexEnvoyCpu: times = Number.NaN } = advantage(samples);
  return [
    {
      goal: 'versus at 20,000: one change costs Envoy at least 100 × less CPU than in chain mode',
      measured: `${times.toFixed(0)} × at ${samples.at(-1)?.routes}`,
      met: times >= 100,
    },
  ];
}
