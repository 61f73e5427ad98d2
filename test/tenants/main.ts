/** `npm run test:tenants`: KdcClusters come, change and go while the controller is killed again and again; nothing is left, nothing is lost. */
import '../../scripts/require-node.mjs';

import { availableParallelism, loadavg } from 'node:os';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Random } from '../chaos/random.ts';
import { reexecInNetworkNamespace } from '../harness/network-namespace.ts';
import type { SluiceProcess } from '../harness/sluice-process.ts';
import { Churn, type Difference } from './churn.ts';
import { TenantCluster } from './installation.ts';
import { BACKENDS, measureLatency, startGateway, summary } from './latency.ts';

const HELP = `Usage: npm run test:tenants -- [--tenants N] [--changes N] [--samples N] [--seed N]

Makes N KdcClusters on a real API server, changes them, edits and removes what was made for them, and removes them all, while
"sluice tenants" is killed (SIGKILL) at random moments and started again. Exits 1 if anything is left or lost. In between, with
the controller left alone, how long a change takes to a TLS handshake through "sluice serve" and a real Envoy.

  --tenants N     KdcClusters (2000)
  --namespaces N  that they are spread over (20)
  --changes N     changes under kills (as many as tenants)
  --samples N     of the time to a handshake (200); 0: none
  --seed N        of what is done and when the controller is killed
`;

const { values } = parseArgs({
  options: {
    tenants: { type: 'string', default: '2000' },
    namespaces: { type: 'string', default: '20' },
    changes: { type: 'string' },
    samples: { type: 'string', default: '200' },
    seed: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
await reexecInNetworkNamespace(import.meta.url, {
  addresses: BACKENDS.map((address) => `${address}/32`),
  contained: true,
});

const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const FLAGS = ['--tenant-rate', '10000'];
/** Between two kills; a start takes a second or more of it. */
const LIFE_MS = { least: 500, most: 6_000 };
const SETTLE_MS = 300_000;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Kills the controller at random moments and starts it again, until it is told to end; gives how often. */
class Killer {
  kills = 0;
  readonly #random: Random;
  readonly #tenants: TenantCluster;
  #isEnding = false;
  #running: Promise<SluiceProcess> | undefined;

  constructor(tenants: TenantCluster, random: Random) {
    this.#tenants = tenants;
    this.#random = random;
  }

  start(): void {
    this.#isEnding = false;
    this.#running = this.#run();
  }

  /** The controller that was started last, which lives on. */
  async end(): Promise<SluiceProcess> {
    this.#isEnding = true;
    if (this.#running === undefined) throw new Error('not started');
    return await this.#running;
  }

  async #run(): Promise<SluiceProcess> {
    for (;;) {
      const sluice = this.#tenants.spawnTenants(FLAGS);
      if (this.#isEnding) return sluice;
      await delay(LIFE_MS.least + this.#random.below(LIFE_MS.most - LIFE_MS.least));
      sluice.signal('SIGKILL');
      await sluice.finished;
      this.kills += 1;
    }
  }
}

/** Until all is as it should be, or for five minutes. */
async function settled(churn: Churn): Promise<Difference> {
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    const difference = await churn.difference();
    if (difference.left.length + difference.lost.length === 0 || performance.now() > deadline)
      return difference;
    await delay(500);
  }
}

let isGood = true;
async function check(what: string, churn: Churn, since: number): Promise<void> {
  const { left, lost } = await settled(churn);
  const seconds = ((performance.now() - since) / 1000).toFixed(1);
  say(
    `${what}: ${churn.size} tenants, ${left.length} left, ${lost.length} lost; as it should be after ${seconds} s`,
  );
  for (const each of [...left.map((name) => `left: ${name}`), ...lost].slice(0, 20)) say(`  ${each}`);
  if (left.length + lost.length > 0) isGood = false;
}

await using resources = new AsyncDisposableStack();
say(`seed ${seed}`);
const tenants = resources.use(await TenantCluster.start());
const [count, samples] = [Number(values.tenants), Number(values.samples)];
const churn = new Churn({
  ...{ client: tenants.cluster.client, tenants: count, namespaces: Number(values.namespaces), seed },
});
await churn.makeNamespaces();
const killer = new Killer(tenants, new Random(seed + 1));

const phase = async (what: string, work: () => Promise<void>): Promise<SluiceProcess> => {
  const [start, before] = [performance.now(), killer.kills];
  killer.start();
  await work();
  const workedMs = performance.now() - start;
  const sluice = await killer.end();
  say(`${what}: ${(workedMs / 1000).toFixed(1)} s, ${killer.kills - before} kills`);
  await check(what, churn, performance.now());
  return sluice;
};

let sluice = await phase('created', () => churn.createAll());
await sluice.stop();
sluice = await phase('changed', () => churn.change(Number(values.changes ?? count)));
if (samples > 0) {
  await startGateway(tenants, resources);
  const latency = await measureLatency({ tenants, namespace: 'project-0', samples }, resources);
  say(
    `to a TLS handshake, of ${churn.size} tenants, load ${loadavg()[0]?.toFixed(1)} of ${availableParallelism()} cores:`,
  );
  say(`  an endpoint that moves ${summary(latency.moved)}`);
  say(`  a new tenant ${summary(latency.created)}`);
  say(`  one write of the API server alone ${summary(latency.write)}`);
  await churn.adopt('project-0', /^timed-/);
}
await sluice.stop();
sluice = await phase('removed', () => churn.removeAll());
await sluice.stop();
say(
  `${churn.operations} operations, ${killer.kills} kills: ${isGood ? 'nothing left, nothing lost' : 'NOT as it should be'}`,
);
process.exitCode = isGood ? 0 : 1;
