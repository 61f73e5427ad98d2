/**
 * A hundred changes a second among N routes, while connections stay open and requests go through: does anybody
 * notice?
 */
import { hostOf } from '../../test/harness/tenants.ts';
import { Connections, type ConnectionsReport } from '../clients/connections.ts';
import { type LoadResult, load } from '../clients/load.ts';
import { untilAnswer } from '../clients/probe.ts';
import { monotonicMs } from '../clock.ts';
import { startBackend } from '../processes/backend.ts';
import { type Deployment, deploy } from '../processes/deployment.ts';
import { usageOf } from '../processes/usage.ts';
import type { Report, ScenarioOptions } from '../scenario.ts';
import { quantile } from '../statistics.ts';
import { addressOf, route, service, slice, tenant } from '../world/manifests.ts';
import { startWorld } from '../world/start-world.ts';
import type { World } from '../world/world.ts';

const SECONDS = 60;
const CHANGES_PER_SECOND = 100;
/** One change in so many is followed by probes until it shows: following all would be a load of its own. */
const FOLLOWED = 10;
const IDLE = 1_000;
const TALKING = 100;
/** Far from what two cores can do, so that it measures the data path and not who gets the core. */
const REQUESTS_PER_SECOND = 300;
/** Tenants whose endpoint changes, over which half of the connections are spread as well. */
const CHANGING = 200;
/** Further tenants, whose routes come and go. */
const COMING = 100;

interface Churn {
  readonly changes: number;
  readonly failed: number;
  /** Milliseconds from the acknowledged write to the first connection that shows it. */
  readonly propagation: readonly number[];
}

async function churnFor(world: World, seconds: number): Promise<Churn> {
  const propagation: number[] = [];
  const pending: Promise<void>[] = [];
  let failed = 0;
  const start = monotonicMs();
  const total = seconds * CHANGES_PER_SECOND;
  for (let number = 0; number < total; number += 1) {
    const due = start + (number * 1_000) / CHANGES_PER_SECOND;
    const wait = due - monotonicMs();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    pending.push(
      changeNumber(world, number).then(
        (ms) => void (ms === undefined || propagation.push(ms)),
        () => {
          failed += 1;
        },
      ),
    );
  }
  await Promise.all(pending);
  return { changes: total, failed, propagation };
}

/** Three of four change an endpoint, one adds a route or removes it. A tenant is changed again only seconds later. */
async function changeNumber(world: World, number: number): Promise<number | undefined> {
  const isFollowed = number % FOLLOWED === 0;
  const round = Math.floor(number / 4);
  if (number % 4 !== 3) {
    const turn = number - round;
    const index = world.routes + (turn % CHANGING);
    const address = addressOf(index, Math.floor(turn / CHANGING) % 2 === 0);
    const at = await world.replace(slice(index, address));
    return isFollowed ? (await untilAnswer(hostOf(index), (answer) => answer === address)) - at : undefined;
  }
  const index = world.routes + CHANGING + (round % COMING);
  if (Math.floor(round / COMING) % 2 === 0) {
    const at = await world.create(route(index));
    return isFollowed ? (await untilAnswer(hostOf(index), (answer) => answer !== undefined)) - at : undefined;
  }
  const at = await world.remove(route(index));
  return isFollowed ? (await untilAnswer(hostOf(index), (answer) => answer === undefined)) - at : undefined;
}

async function prepare(world: World): Promise<void> {
  for (let index = 0; index < CHANGING; index += 1) {
    for (const object of tenant(world.routes + index)) await world.create(object);
  }
  for (let index = 0; index < COMING; index += 1) {
    const coming = world.routes + CHANGING + index;
    for (const object of [service(coming), slice(coming)]) await world.create(object);
  }
}

interface ChurnResult {
  readonly quiet: LoadResult;
  readonly loaded: LoadResult;
  readonly churned: Churn;
  readonly connections: ConnectionsReport;
  readonly sluiceCpuPercent: number;
  readonly envoyCpuPercent: number;
}

async function measure(
  { sluice, envoy }: Deployment,
  world: World,
  seconds: number,
  progress: (line: string) => void,
): Promise<ChurnResult> {
  const changing = Array.from({ length: CHANGING }, (_, index) => world.routes + index);
  const steady = Array.from({ length: Math.min(CHANGING, world.routes) }, (_, index) => index);
  progress(`churn: opening ${IDLE + TALKING} connections`);
  await using connections = await Connections.open({
    idle: IDLE,
    talking: TALKING,
    hosts: [...changing, ...steady],
  });
  const request = { host: hostOf(0), seconds, requestsPerSecond: REQUESTS_PER_SECOND };
  progress(`churn: ${seconds} s of requests without changes`);
  const quiet = await load(request);
  progress(`churn: ${seconds} s of requests and ${CHANGES_PER_SECOND} changes a second`);
  const before = { sluice: sluice.usage().cpuMs, envoy: usageOf(envoy.pid).cpuMs };
  const [loaded, churned] = await Promise.all([load(request), churnFor(world, seconds)]);
  const percent = (ms: number) => ms / seconds / 10;
  return {
    quiet,
    loaded,
    churned,
    connections: await connections.report(),
    sluiceCpuPercent: percent(sluice.usage().cpuMs - before.sluice),
    envoyCpuPercent: percent(usageOf(envoy.pid).cpuMs - before.envoy),
  };
}

export async function churn(options: ScenarioOptions): Promise<Report> {
  const routes = options.routes ?? 20_000;
  const seconds = options.seconds ?? SECONDS;
  await using _backend = await startBackend();
  await using world = await startWorld(options, routes);
  await prepare(world);
  options.progress(`churn: waiting until ${routes} routes are served`);
  await using deployment = await deploy(world, options);
  const result = await measure(deployment, world, seconds, options.progress);
  return { ...churnReport(result, routes, seconds, options), versions: world.versions, samples: result };
}

function churnReport(
  { quiet, loaded, churned, connections, sluiceCpuPercent, envoyCpuPercent }: ChurnResult,
  routes: number,
  seconds: number,
  { source }: ScenarioOptions,
): Omit<Report, 'samples'> {
  const p50Ms = quantile(churned.propagation, 0.5);
  const p99Ms = quantile(churned.propagation, 0.99);
  const errors = loaded.errors + connections.errors + churned.failed;
  const kept = loaded.requestsPerSecond / quiet.requestsPerSecond;
  const row = (name: string, result: LoadResult) => [
    ...[name, result.requestsPerSecond, result.p50Ms, result.p99Ms, result.maxMs, result.errors],
  ];
  return {
    title: `churn: ${CHANGES_PER_SECOND} changes a second for ${seconds} s among ${routes} routes (source: ${source})`,
    columns: ['HTTPS through Envoy', 'requests/s', 'p50 ms', 'p99 ms', 'max ms', 'errors'],
    rows: [row('without changes', quiet), row('with changes', loaded)],
    figures: { routes, p50Ms, p99Ms, dropped: connections.dropped, errors, throughputKept: kept },
    goals: [
      {
        goal: 'churn: 0 connections dropped',
        measured: `${connections.dropped} of ${IDLE + TALKING}`,
        met: connections.dropped === 0,
      },
      { goal: 'churn: 0 errors', measured: String(errors), met: errors === 0 },
      { goal: 'churn: propagation p99 ≤ 100 ms', measured: `${p99Ms.toFixed(1)} ms`, met: p99Ms <= 100 },
      {
        goal: 'churn: throughput ≥ 95 % of that without',
        measured: `${(kept * 100).toFixed(1)} %`,
        met: kept >= 0.95,
      },
    ],
    notes: [
      `${IDLE} silent and ${TALKING} talking connections stayed open, half of them to hosts whose endpoint changed every few seconds; these answered ${connections.answers} requests.`,
      `${churned.changes} changes; ${churned.propagation.length} followed: p50 ${p50Ms.toFixed(1)} ms. CPU of one core: Sluice ${sluiceCpuPercent.toFixed(0)} %, Envoy ${envoyCpuPercent.toFixed(0)} %.`,
      `The load is offered at ${REQUESTS_PER_SECOND} requests a second, a new connection after every 50.`,
    ],
  };
}
