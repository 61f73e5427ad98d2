/** `npm run bench -- SCENARIO`: see `--help`. */
import '../scripts/require-node.mjs';

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { AssetError } from '../scripts/kubernetes-assets.cache.ts';
import { reexecInNetworkNamespace } from '../test/harness/network-namespace.ts';
import { baselineTree, compared, type RatioGoal, REFERENCE } from './baseline.ts';
import { keep, readKept, type Skipped, writeDocument } from './document/write.ts';
import { machineFacts } from './machine.ts';
import { readOptions } from './options.ts';
import { PRESENT_TREE } from './processes/shipped.ts';
import { type KeptReport, kept, reportText, writeJson } from './report.ts';
import { type Scenario, type ScenarioOptions, Unavailable } from './scenario.ts';
import { burst } from './scenarios/burst.ts';
import { change } from './scenarios/change.ts';
import { churn } from './scenarios/churn.ts';
import { ci } from './scenarios/ci.ts';
import { cold } from './scenarios/cold.ts';
import { commands } from './scenarios/commands.ts';
import { engine } from './scenarios/engine.ts';
import { fanout } from './scenarios/fanout.ts';
import { firstConnection, firstConnectionLarge } from './scenarios/first-connection.ts';
import { floor } from './scenarios/floor.ts';
import { growth } from './scenarios/growth.ts';
import { page } from './scenarios/page.ts';
import { reconnect } from './scenarios/reconnect.ts';
import { reflector } from './scenarios/reflector.ts';
import { restart } from './scenarios/restart.ts';
import { versus } from './scenarios/versus.ts';
import { fetchPrograms } from './world/fetch-programs.ts';
import { ENDPOINT_PREFIXES } from './world/manifests.ts';

interface Described {
  readonly what: string;
  readonly run: Scenario;
  /** Whether `all` runs it. */
  readonly inAll?: boolean;
  /** `all` runs it with the reference in turn, so often. */
  readonly beside?: { readonly rounds: number; readonly repeats: number };
  /** What the ratios to the reference are to be, with as many routes as the scenario has by itself. */
  readonly ratioGoals?: readonly RatioGoal[];
  /** Whether it runs Sluice's modules in its own process: another tree's are measured by that tree's benchmark. */
  readonly inProcess?: boolean;
}

const SCENARIOS: Readonly<Record<string, Described>> = {
  floor: { what: 'the limit: pre-encoded routes into an empty Envoy', run: floor, inAll: true },
  burst: { what: 'all routes become live at once in a running Sluice', run: burst, inAll: true },
  change: { what: 'one change among N routes, by stage', run: change, inAll: true },
  cold: { what: 'from process start to the last host served, by stage', run: cold, inAll: true },
  'first-connection': {
    what: 'from the start of a cold Envoy until a host chosen at random answers',
    run: firstConnection,
    inAll: true,
    beside: { rounds: 3, repeats: 5 },
    ratioGoals: [
      { figure: 'p50Ms', what: 'cold Envoy at 20000, a host at random, p50', most: 0.1 },
      { figure: 'p99Ms', what: 'cold Envoy at 20000, a host at random, p99', most: 0.15 },
    ],
  },
  'first-connection-large': {
    what: 'the same with 100,000 routes, from a folder of manifests',
    run: firstConnectionLarge,
    inAll: true,
    beside: { rounds: 1, repeats: 2 },
    ratioGoals: [{ figure: 'p50Ms', what: 'cold Envoy at 100000, a host at random, p50', most: 0.03 }],
  },
  ci: { what: 'floor, burst and change in brief, with limits', run: ci },
  restart: {
    what: 'Sluice started again beside an empty Envoy, from the state that it kept and without one (unsaved)',
    run: restart,
    inAll: true,
    beside: { rounds: 3, repeats: 1 },
    ratioGoals: [
      { figure: 'p50Ms', what: 'Sluice started from its state at 20000, a host at random, p50', most: 0.25 },
      { figure: 'servedMs', what: 'Sluice started from its state at 20000, last host', most: 0.6 },
      { figure: 'unsavedServedMs', what: 'Sluice started without a state at 20000, last host', most: 0.85 },
      { figure: 'sluicePeakRssMb', what: 'Sluice started from its state at 20000, peak RSS', most: 1.05 },
    ],
  },
  fanout: { what: 'what each further node costs the control plane', run: fanout, inAll: true },
  page: { what: 'what the page of the admin address costs while it is open', run: page, inAll: false },
  commands: { what: 'what explain and status take, as whole processes', run: commands, inAll: false },
  reconnect: { what: 'all nodes come back at once after Sluice has died', run: reconnect, inAll: true },
  churn: { what: 'a hundred changes a second under load: does anybody notice?', run: churn, inAll: true },
  growth: { what: 'burst, change and memory by the number of routes', run: growth, inAll: true },
  versus: { what: 'the same changes in Sluice, nginx and HAProxy', run: versus, inAll: true },
  reflector: {
    what: 'the Kubernetes source alone: lists, changes, memory and stalls',
    run: reflector,
    inProcess: true,
  },
  engine: { what: 'the translation alone, without API server and Envoy', run: engine, inProcess: true },
};

const UNAVAILABLE = 69;
const INTERRUPTED = 130;

const options = readOptions(process.argv.slice(2), {
  ...Object.fromEntries(Object.entries(SCENARIOS).map(([name, { what }]) => [name, what])),
  all: `all of them but ci, engine and reflector, starts beside ${REFERENCE} or --baseline; writes docs/benchmarks.md with its charts`,
  document: 'writes docs/benchmarks.md again from the JSON of the last run of all',
});

function isUnavailable(error: unknown): error is Error {
  return error instanceof Unavailable || error instanceof AssetError;
}

function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${line}`);
  else if (line !== '') process.stderr.write(`${line}\n`);
}

function unavailable(error: Error): never {
  progress('');
  process.stderr.write(`bench: ${error.message.replaceAll(/\s*\n\s*/g, ' ')}\n`);
  process.exit(UNAVAILABLE);
}

// What comes from a registry, while there is a network: the namespace has none.
const tree = await fetched().catch(unavailable);
async function fetched(): Promise<string | undefined> {
  if (SCENARIOS[options.scenario]?.inProcess !== true) await fetchPrograms();
  if (options.baseline !== undefined) return await baselineTree(options.baseline, progress);
  if (options.scenario !== 'all') return undefined;
  return await baselineTree(REFERENCE, progress).catch((error: unknown) => {
    if (!isUnavailable(error)) throw error;
    progress(`without ${REFERENCE} beside: ${error.message}`);
    return undefined;
  });
}

// Addresses of tenants' endpoints on this machine, and ports that nobody else has.
await reexecInNetworkNamespace(import.meta.url, { addresses: ENDPOINT_PREFIXES }).catch(unavailable);

const temporary = mkdtempSync(path.join(tmpdir(), 'sluice-bench-'));
process.env['TMPDIR'] = temporary;

/** Kills what still runs, by the `exit` listeners that each has, and then removes what it wrote. */
function end(code: number): never {
  process.on('exit', () => rmSync(temporary, { recursive: true, force: true, maxRetries: 10 }));
  process.exit(code);
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => end(INTERRUPTED));

const scenarioOptions: ScenarioOptions = {
  tree: PRESENT_TREE,
  routes: options.routes,
  repeats: options.repeats,
  source: options.source,
  seconds: options.seconds,
  profile: options.cpuProf,
  flags: options.flag,
  progress,
};

async function measured(name: string, described: Described): Promise<KeptReport> {
  const machine = machineFacts();
  const { run, what, inProcess = false, beside, ratioGoals = [] } = described;
  const isCompared = tree !== undefined && (options.scenario !== 'all' || beside !== undefined);
  const report = isCompared
    ? await compared({
        ...{ name, what, run, tree, inProcess, revision: options.baseline ?? REFERENCE },
        rounds: options.scenario === 'all' ? (beside?.rounds ?? options.rounds) : options.rounds,
        options: { ...scenarioOptions, ...(options.scenario === 'all' && { repeats: beside?.repeats }) },
        goals: options.routes === undefined ? ratioGoals : [],
      })
    : await run(scenarioOptions);
  progress('');
  process.stdout.write(`\n${reportText(report)}\n`);
  return await kept(name, report, machine);
}

/** One scenario that cannot run here does not keep the others from it. */
async function all(): Promise<void> {
  const reports: KeptReport[] = [];
  const skipped: Skipped[] = [];
  for (const [name, described] of Object.entries(SCENARIOS)) {
    if (described.inAll !== true) continue;
    try {
      const report = await measured(name, described);
      keep(report);
      reports.push(report);
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      skipped.push({ scenario: name, reason: error.message });
      progress(`${name}: ${error.message}`);
    }
  }
  process.stdout.write(`\n${writeDocument(reports, skipped)}\n`);
}

try {
  const described = SCENARIOS[options.scenario];
  if (options.scenario === 'all') await all();
  else if (options.scenario === 'document') process.stdout.write(`${writeDocument(readKept(), [])}\n`);
  else if (described !== undefined) {
    const report = await measured(options.scenario, described);
    if (options.json !== undefined) writeJson(options.json, report);
    const isWithinLimits = report.failures === undefined || report.failures.length === 0;
    end(isWithinLimits || !options.limits ? 0 : 1);
  }
  end(0);
} catch (error) {
  if (isUnavailable(error)) {
    process.on('exit', () => rmSync(temporary, { recursive: true, force: true, maxRetries: 10 }));
    unavailable(error);
  }
  progress('');
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  end(1);
}
