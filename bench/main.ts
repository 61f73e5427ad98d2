/** `npm run bench -- SCENARIO`: see `--help`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { AssetError } from '../scripts/kubernetes-assets.cache.ts';
import { reexecInNetworkNamespace } from '../test/harness/network-namespace.ts';
import { machineFacts } from './machine.ts';
import { readOptions } from './options.ts';
import { kept, reportText, writeJson } from './report.ts';
import { type Scenario, Unavailable } from './scenario.ts';
import { burst } from './scenarios/burst.ts';
import { change } from './scenarios/change.ts';
import { churn } from './scenarios/churn.ts';
import { ci } from './scenarios/ci.ts';
import { cold } from './scenarios/cold.ts';
import { engine } from './scenarios/engine.ts';
import { fanout } from './scenarios/fanout.ts';
import { floor } from './scenarios/floor.ts';
import { growth } from './scenarios/growth.ts';
import { reconnect } from './scenarios/reconnect.ts';
import { reflector } from './scenarios/reflector.ts';
import { versus } from './scenarios/versus.ts';
import { ENDPOINT_PREFIXES } from './world/manifests.ts';

interface Described {
  readonly what: string;
  readonly run: Scenario;
}

const SCENARIOS: Readonly<Record<string, Described>> = {
  floor: { what: 'the limit: pre-encoded routes into an empty Envoy', run: floor },
  burst: { what: 'all routes become live at once in a running Sluice', run: burst },
  change: { what: 'one change among N routes, by stage', run: change },
  cold: { what: 'from process start to the last host served, by stage', run: cold },
  ci: { what: 'floor, burst and change in brief, with limits', run: ci },
  fanout: { what: 'what each further node costs the control plane', run: fanout },
  reconnect: { what: 'all nodes come back at once after Sluice has died', run: reconnect },
  churn: { what: 'a hundred changes a second under load: does anybody notice?', run: churn },
  growth: { what: 'burst, change and memory by the number of routes', run: growth },
  versus: { what: 'the same changes in Sluice, nginx and HAProxy', run: versus },
  reflector: { what: 'the Kubernetes source alone: lists, changes, memory and stalls', run: reflector },
  engine: { what: 'the translation alone, without API server and Envoy', run: engine },
};

const UNAVAILABLE = 69;
const INTERRUPTED = 130;

const options = readOptions(
  process.argv.slice(2),
  Object.fromEntries(Object.entries(SCENARIOS).map(([name, { what }]) => [name, what])),
);

function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${line}`);
  else if (line !== '') process.stderr.write(`${line}\n`);
}

function unavailable(error: Error): never {
  progress('');
  process.stderr.write(`bench: ${error.message.replaceAll(/\s*\n\s*/g, ' ')}\n`);
  process.exit(UNAVAILABLE);
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

try {
  const machine = machineFacts();
  const report = await (SCENARIOS[options.scenario]?.run ?? engine)({
    routes: options.routes,
    repeats: options.repeats,
    source: options.source,
    seconds: options.seconds,
    profile: options.cpuProf,
    flags: options.flag,
    peers: options.peers,
    progress,
  });
  progress('');
  process.stdout.write(`\n${reportText(report)}\n`);
  if (options.json !== undefined) writeJson(options.json, await kept(options.scenario, report, machine));
  end(report.failures === undefined || report.failures.length === 0 ? 0 : 1);
} catch (error) {
  if (error instanceof Unavailable || error instanceof AssetError) {
    process.on('exit', () => rmSync(temporary, { recursive: true, force: true, maxRetries: 10 }));
    unavailable(error);
  }
  progress('');
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  end(1);
}
