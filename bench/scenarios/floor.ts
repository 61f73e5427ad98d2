/**
 * The limit: pre-encoded resources of the same N routes, sent by the barest server to an Envoy that is empty and
 * connected, until the last host is served.
 */
import path from 'node:path';
import { sampleHosts, untilAllServed } from '../clients/probe.ts';
import { startBackend } from '../processes/backend.ts';
import { Child } from '../processes/child.ts';
import { startEnvoy, untilLive } from '../processes/envoy.ts';
import { usageOf } from '../processes/usage.ts';
import type { Report, ScenarioOptions } from '../scenario.ts';
import { median } from '../statistics.ts';

const PORT = 18_100;
/** The best of those tried: see docs/design/envoy.md. */
const RESOURCES_PER_RESPONSE = 2_000;

export interface FloorSample {
  readonly servedMs: number;
  readonly envoyCpuMs: number;
  readonly envoyRssMb: number;
  readonly serverCpuMs: number;
}

export async function floorSample(routes: number, chunk = RESOURCES_PER_RESPONSE): Promise<FloorSample> {
  await using server = new Child(path.join(import.meta.dirname, '..', 'processes', 'floor-process.ts'), [
    String(PORT),
    String(routes),
    String(chunk),
  ]);
  await server.receive();
  await using envoy = await startEnvoy(PORT);
  await untilLive(envoy);
  const envoyBefore = usageOf(envoy.pid).cpuMs;
  const serverBefore = usageOf(server.pid).cpuMs;
  const served = untilAllServed(sampleHosts(routes));
  const { at } = await server.ask<{ at: number }>({});
  const { at: servedAt } = await served;
  const usage = usageOf(envoy.pid);
  return {
    servedMs: servedAt - at,
    envoyCpuMs: usage.cpuMs - envoyBefore,
    envoyRssMb: usage.rssMb,
    serverCpuMs: usageOf(server.pid).cpuMs - serverBefore,
  };
}

export async function floor(options: ScenarioOptions): Promise<Report> {
  const routes = options.routes ?? 20_000;
  const samples: FloorSample[] = [];
  await using _backend = await startBackend();
  for (let repeat = 1; repeat <= (options.repeats ?? 5); repeat += 1) {
    options.progress(`floor ${repeat}: ${routes} routes`);
    samples.push(await floorSample(routes));
  }
  const floorMs = median(samples.map(({ servedMs }) => servedMs));
  return {
    title: `floor: ${routes} routes, pre-encoded, into an empty Envoy`,
    columns: ['sample', 'last host served: ms', 'Envoy CPU ms', 'Envoy MB', 'server CPU ms'],
    rows: samples.map((sample, index) => [
      index + 1,
      sample.servedMs,
      sample.envoyCpuMs,
      sample.envoyRssMb,
      sample.serverCpuMs,
    ]),
    figures: { routes, floorMs, envoyRssMb: median(samples.map(({ envoyRssMb }) => envoyRssMb)) },
    samples,
  };
}
