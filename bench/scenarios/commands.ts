/** The commands that ask a running Sluice, each as a whole process of the compiled build, in turns; and Node.js alone. */
import { execFile } from 'node:child_process';
import process from 'node:process';
import { promisify } from 'node:util';
import { hostOf } from '../../test/harness/tenants.ts';
import { sampleHosts, untilAllServed } from '../clients/probe.ts';
import { startBackend } from '../processes/backend.ts';
import { startEnvoy } from '../processes/envoy.ts';
import { shippedSluice } from '../processes/shipped.ts';
import { ADMIN_PORT, SluiceProcess, XDS_PORT } from '../processes/sluice.ts';
import type { Report, ScenarioOptions } from '../scenario.ts';
import { median, quantile } from '../statistics.ts';
import { gateway } from '../world/manifests.ts';
import { startWorld } from '../world/start-world.ts';

const run = promisify(execFile);

const ENVOYS = 3;
/** Median of the whole process, in milliseconds. */
const GOALS = { explain: 150, status: 300 } as const;

export async function commands(options: ScenarioOptions): Promise<Report> {
  const routes = options.routes ?? 20_000;
  const repeats = options.repeats ?? 20;
  await using _backend = await startBackend();
  await using world = await startWorld(options, routes);
  await world.create(gateway());
  await using sluice = await SluiceProcess.start({ world, ...options });
  await sluice.untilReady();
  await using envoys = new AsyncDisposableStack();
  for (let index = 0; index < ENVOYS; index += 1) {
    options.progress(`commands: Envoy ${index + 1} of ${ENVOYS}`);
    const envoy = await startEnvoy(XDS_PORT, `gateway-${index}`);
    envoys.use(envoy);
    // All listen on one port, and so the first of them serves.
    if (index === 0) await untilAllServed(sampleHosts(routes));
  }
  await sluice.untilCurrent(ENVOYS);
  const { main } = await shippedSluice(options.tree);
  const server = ['--server', `http://127.0.0.1:${ADMIN_PORT}`];
  const took: Record<string, number[]> = { node: [], explain: [], status: [] };
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    const host = hostOf(Math.floor(Math.random() * routes));
    const each: Readonly<Record<string, readonly string[]>> = {
      node: ['-e', '0'],
      explain: [main, 'explain', host, ...server],
      status: [main, 'status', ...server],
    };
    for (const [name, given] of Object.entries(each)) {
      const start = performance.now();
      await run(process.execPath, given);
      took[name]?.push(performance.now() - start);
    }
  }
  const ms = (name: string): number => median(took[name] ?? []);
  const goals = Object.entries(GOALS).map(([name, most]) => ({
    goal: `${name} < ${most} ms`,
    measured: `${ms(name).toFixed(0)} ms`,
    met: ms(name) < most,
  }));
  return {
    title: `commands: ${routes} routes, ${ENVOYS} Envoys, medians of ${repeats} whole processes in turns (source: ${options.source})`,
    columns: ['process', 'p50 ms', 'least', 'p90'],
    rows: Object.keys(took).map((name) => [
      name === 'node' ? 'node -e 0' : `sluice ${name}`,
      ms(name),
      Math.min(...(took[name] ?? [])),
      quantile(took[name] ?? [], 0.9),
    ]),
    figures: { routes, explainMs: ms('explain'), statusMs: ms('status'), nodeMs: ms('node') },
    goals,
    versions: world.versions,
    samples: took,
  };
}
