import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { endWithParent } from '../harness/end-with-parent.ts';
import { SuiteOutput, type SuiteResult } from './suite-output.ts';

export interface SuiteOptions {
  readonly binary: string;
  readonly kubeconfig: string;
  readonly gatewayClass: string;
  /** A regular expression for names of conformance tests; all without it. */
  readonly only?: string | undefined;
  /** An address that Envoy can listen on and that no Gateway is given unasked, and one that it cannot. */
  readonly usableAddress: string;
  readonly unusableAddress: string;
  /** Ends the suite early. */
  readonly signal: AbortSignal;
  /** Where the report is written. */
  readonly report: string;
  onLine(text: string): void;
  onResult(result: SuiteResult): void;
}

export interface SuiteOutcome {
  readonly exitCode: number | null;
  readonly setup: readonly string[];
}

/** Who the report is about. */
const IMPLEMENTATION = {
  organization: 'sluice',
  project: 'sluice',
  url: 'https://sluice.dev',
  contact: 'https://sluice.dev',
} as const;

export function projectVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return `v${version}`;
}

/** Runs the official suite to its end. The features that are tested are those that the GatewayClass claims. */
export async function runSuite(options: SuiteOptions): Promise<SuiteOutcome> {
  const { only } = options;
  const child = spawn(
    options.binary,
    [
      '-test.v',
      '-test.timeout=20m',
      `-test.run=^TestConformance$${only === undefined ? '' : `/(${only})`}`,
      `-gateway-class=${options.gatewayClass}`,
      '-conformance-profiles=GATEWAY-TLS',
      // The cluster goes with the run.
      '-cleanup-base-resources=false',
      `-usable-address=${options.usableAddress}`,
      `-unusable-address=${options.unusableAddress}`,
      `-report-output=${options.report}`,
      ...Object.entries(IMPLEMENTATION).map(([name, value]) => `-${name}=${value}`),
      `-version=${projectVersion()}`,
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      // It looks for a kubeconfig in the home directory as well.
      env: { PATH: process.env['PATH'] ?? '', HOME: tmpdir(), KUBECONFIG: options.kubeconfig },
    },
  );
  const end = (): void => void child.kill('SIGKILL');
  options.signal.addEventListener('abort', end, { once: true });
  const unguard = endWithParent(child);
  const output = new SuiteOutput();
  createInterface({ input: child.stdout }).on('line', (text) => {
    options.onLine(text);
    const result = output.line(text);
    if (result !== undefined) options.onResult(result);
  });
  createInterface({ input: child.stderr }).on('line', options.onLine);
  const [exitCode] = (await once(child, 'close')) as [number | null];
  unguard();
  return { exitCode, setup: output.setup };
}
