/** `npm run test:chaos`: faults, one after the other and two at a time, and whether every one of them is survived. */
import '../../scripts/require-node.mjs';

import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { reexecInNetworkNamespace } from '../harness/network-namespace.ts';
import { type LongLived, openLongLived } from '../harness/tls-client.ts';
import { FAULTS, type Fault } from './faults.ts';
import { BACKEND_ADDRESS, Installation } from './installation.ts';
import { Random } from './random.ts';
import { hostOf, Tenants } from './tenants.ts';
import { untilRight } from './verify.ts';

const CONNECTIONS = 50;
const ROUTES = 100;
const START_MS = 60_000;
/** Between two changes. */
const CHANGE_MS = 40;
const LEAST_FAULT_MS = 500;
const MOST_FAULT_MS = 4_000;

interface Options {
  readonly seed: number;
  readonly minutes: number;
  readonly withinMs: number;
  readonly only: readonly string[];
}

function number(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('must be a number above 0');
  return value;
}

const options = new Command('test:chaos')
  .description(
    'A real API server, two replicas of Sluice and two Envoys, whose routes change all the time while faults happen. When a fault is over, ' +
      'each Envoy must hold exactly what the API server has, and connections that the fault did not close itself must be open.',
  )
  .option(
    '--seed <n>',
    'choices of this run: the same seed makes the same faults in the same order',
    number,
    Date.now() % 1e6,
  )
  .option('--minutes <n>', 'how long', number, 2)
  .option('--within-ms <n>', 'after a fault, until all is right', number, 5_000)
  .option('--only <name...>', 'faults whose names contain this', [])
  .addHelpText(
    'after',
    `
Faults:
${FAULTS.map(({ name }) => `  ${name}`).join('\n')}

Examples:
  npm run test:chaos -- --minutes 30
  npm run test:chaos -- --seed 4711 --only 'API server'

Exit codes:
  0   every fault was survived
  1   one was not; the seed that repeats it is printed
  69  it cannot run on this machine`,
  )
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 64))
  .parse()
  .opts<Options>();

await reexecInNetworkNamespace(import.meta.url, {
  addresses: [`${BACKEND_ADDRESS}/32`],
  contained: true,
}).catch((error: unknown) => {
  process.stderr.write(`test:chaos: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(69);
});

const random = new Random(options.seed);
const faults = FAULTS.filter(
  ({ name }) => options.only.length === 0 || options.only.some((part) => name.includes(part)),
);
const slowest = new Map<string, number>();

/** Routes change until it is aborted. */
async function changing(tenants: Tenants, signal: AbortSignal): Promise<number> {
  let changes = 0;
  while (!signal.aborted) {
    await tenants.change();
    changes += 1;
    await delay(CHANGE_MS);
  }
  return changes;
}

async function openAll(port: number): Promise<LongLived[]> {
  return await Promise.all(
    Array.from({ length: CONNECTIONS }, (_, index) =>
      openLongLived({ address: '127.0.0.1', port, servername: hostOf(`lasting-${index % 10}`) }),
    ),
  );
}

/** Routes change while something happens; returns how many did. */
async function during(tenants: Tenants, happening: () => Promise<void>): Promise<number> {
  const stop = new AbortController();
  const changes = changing(tenants, stop.signal);
  // What it failed with is told where it is awaited.
  changes.catch(() => {});
  try {
    await happening();
  } finally {
    stop.abort();
  }
  return await changes;
}

/** One or two faults at a time, while routes change; returns whether connections were closed by one. */
async function round(installation: Installation, tenants: Tenants): Promise<string> {
  const chosen: Fault[] = [random.pick(faults)];
  if (faults.length > 1 && random.below(3) === 0) {
    const rest = faults.filter((fault) => fault !== chosen[0]);
    chosen.push(random.pick(rest));
  }
  const name = chosen.map((fault) => fault.name).join(' + ');
  process.stdout.write(`${name} ... `);
  tenants.forgetChanges();
  const changed = await during(tenants, async () => {
    const ends: (() => Promise<void> | void)[] = [];
    for (const fault of chosen) ends.push(await fault.begin(installation, random));
    await delay(LEAST_FAULT_MS + random.below(MOST_FAULT_MS - LEAST_FAULT_MS));
    await Promise.all(ends.map((end) => end()));
  });
  const { took, last } = await untilRight(installation, tenants, random, options.withinMs);
  slowest.set(name, Math.max(took, slowest.get(name) ?? 0));
  const wrong = last === undefined ? '' : `; ${last.wrong} after ${Math.round(last.at)} ms`;
  process.stdout.write(`right after ${Math.round(took)} ms, ${changed} changes${wrong}\n`);
  return chosen.some(({ closesConnections }) => closesConnections === true) ? 'closed' : 'open';
}

async function main(): Promise<void> {
  process.stdout.write(`seed ${options.seed}\n`);
  await using installation = await Installation.start();
  // How many changes there are is a matter of time: their choices are not those of the faults.
  const tenants = new Tenants(installation.cluster.client, new Random(options.seed + 1));
  let rounds = 0;
  let connections: LongLived[] = [];
  try {
    for (let index = 0; index < 10; index += 1) await tenants.addLasting(`lasting-${index}`);
    for (let index = 0; index < ROUTES; index += 1) await tenants.add();
    await untilRight(installation, tenants, random, START_MS);
    connections = await openAll(installation.port);
    const until = performance.now() + options.minutes * 60_000;
    while (performance.now() < until) {
      const outcome = await round(installation, tenants);
      rounds += 1;
      if (outcome === 'closed') {
        connections = await openAll(installation.port);
        continue;
      }
      for (const connection of connections) {
        if ((await connection.ping()) !== 'a') throw new Error('a connection leads to another backend');
      }
    }
    const worst = [...slowest].sort(([, a], [, b]) => b - a).slice(0, 3);
    process.stdout.write(
      `ok: ${rounds} faults survived, ${CONNECTIONS} connections kept; slowest: ${worst.map(([name, ms]) => `${name} (${Math.round(ms)} ms)`).join(', ')}\n`,
    );
  } catch (error) {
    process.exitCode = 1;
    process.stdout.write('\n');
    process.stderr.write(
      `FAILED: ${error instanceof Error ? error.message : String(error)}. Repeat it with --seed ${options.seed}; fault ${rounds + 1}.\n`,
    );
  } finally {
    for (const connection of connections) connection.end();
  }
}

await main();
// Whatever a failure left running ends with this process, the first of its namespace.
process.exit();
