/** What the page of the admin address costs the control plane while it is open: the requests that its browser makes, and one change a second. */
import { setTimeout as delay } from 'node:timers/promises';
import { CLUSTER_TYPE } from '../../src/snapshot/resources/resource.ts';
import { startBackend } from '../processes/backend.ts';
import { ANSWERED, type NodesAnswer, startNodes } from '../processes/nodes.ts';
import { ADMIN_PORT, SluiceProcess } from '../processes/sluice.ts';
import type { Report, ScenarioOptions } from '../scenario.ts';
import { median } from '../statistics.ts';
import { gateway, slice, tenant } from '../world/manifests.ts';
import { startWorld } from '../world/start-world.ts';
import type { World } from '../world/world.ts';

const NODES = 50;
/** As the page polls. */
const POLL_MS = 5_000;
const CHANGE_MS = 1_000;
/** Until garbage of the start has been collected. */
const SETTLE_MS = 5_000;
const API = `http://127.0.0.1:${ADMIN_PORT}/api/v1/`;

/** Share of a core that Sluice takes meanwhile, in percent. */
async function share(sluice: SluiceProcess, world: World, seconds: number, round: number): Promise<number> {
  const before = sluice.usage().cpuMs;
  const start = performance.now();
  for (let change = 0; performance.now() - start < seconds * 1_000; change += 1) {
    await world.replace(slice(world.routes, `100.66.${round}.${change % 250}`));
    await delay(CHANGE_MS);
  }
  return ((sluice.usage().cpuMs - before) / (performance.now() - start)) * 100;
}

/** The page's requests until the signal: its stream of changes is read, and the rest is asked for every five seconds. */
async function openPage(signal: AbortSignal): Promise<void> {
  const stream = async (): Promise<void> => {
    const response = await fetch(`${API}changes`, { signal });
    for await (const _ of response.body ?? []) if (signal.aborted) return;
  };
  const poll = async (): Promise<void> => {
    while (!signal.aborted) {
      for (const path of ['status', 'namespaces?near=0.8&limit=20'])
        await (await fetch(API + path, { signal })).text();
      await delay(POLL_MS, undefined, { signal });
    }
  };
  await Promise.all([stream(), poll()]).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

export async function page(options: ScenarioOptions): Promise<Report> {
  const routes = options.routes ?? 20_000;
  const rounds = options.repeats ?? 3;
  const seconds = options.seconds ?? 20;
  await using _backend = await startBackend();
  await using world = await startWorld(options, routes);
  for (const object of tenant(routes)) await world.create(object);
  await using sluice = await SluiceProcess.start({ world, ...options });
  await sluice.untilReady();
  await using simulated = await startNodes(NODES);
  await simulated.ask<NodesAnswer>(ANSWERED);
  const all = simulated.ask<NodesAnswer>({ resources: { [CLUSTER_TYPE]: routes + 1 } });
  await world.create(gateway());
  await all;
  await delay(SETTLE_MS);
  const closed: number[] = [];
  const open: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    options.progress(`page: ${routes} routes, ${NODES} nodes, round ${round + 1} of ${rounds}`);
    closed.push(await share(sluice, world, seconds, 2 * round));
    const close = new AbortController();
    const opened = openPage(close.signal);
    open.push(await share(sluice, world, seconds, 2 * round + 1));
    close.abort();
    await opened;
  }
  const [closedPercent, openPercent] = [median(closed), median(open)];
  const cost = median(open.map((each, index) => each - (closed[index] ?? 0)));
  return {
    title: `page: ${routes} routes, ${NODES} simulated nodes, one change a second (source: ${options.source})`,
    columns: ['the page is', 'Sluice, % of a core'],
    rows: [
      ['closed', closedPercent],
      ['open', openPercent],
    ],
    figures: { routes, closedPercent, openPercent, costPercent: cost },
    goals: [{ goal: 'an open page costs < 1 % of a core', measured: `${cost.toFixed(2)} %`, met: cost < 1 }],
    notes: ['The page is played by its requests; a browser was not part of it.'],
    versions: world.versions,
    samples: { closed, open },
  };
}
