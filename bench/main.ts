/** `npm run bench -- SCENARIO`: see `--help`. */
import '../scripts/require-node.mjs';

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { AssetError } from '../scripts/kubernetes-assets.cache.ts';
import { reexecInNetworkNamespace } from '../test/harness/network-namespace.ts';
import { baselineTree, compared } from './baseline.ts';
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
import { engine } from './scenarios/engine.ts';
import { fanout } from './scenarios/fanout.ts';
import { firstConnection } from './scenarios/first-connection.ts';
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
  },
  ci: { what: 'floor, burst and change in brief, with limits', run: ci },
  restart: {
    what: 'Sluice started again, from the state that it kept and without',
    run: restart,
    inAll: true,
  },
  fanout: { what: 'what each further node costs the control plane', run: fanout, inAll: true },
  page: { what: 'what the page of the admin address costs while it is open', run: page, inAll: false },
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
  all: 'all of them but ci and engine; writes docs/benchmarks.md with its charts',
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
  return options.baseline === undefined ? undefined : await baselineTree(options.baseline, progress);
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

async function measured(name: string, { run, inProcess }: Described): Promise<KeptReport> {
  const machine = machineFacts();
  const report =
    tree === undefined
      ? await run(scenarioOptions)
      : await compared({
          ...{ name, run, tree, rounds: options.rounds, options: scenarioOptions },
          ...{ revision: options.baseline ?? '', inProcess: inProcess === true },
        });
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
