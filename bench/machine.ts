/** What a figure depends on besides the code. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import process from 'node:process';
import { ENVOY_VERSION, findEnvoy } from '../scripts/fetch-envoy.ts';
import { Unavailable } from './scenario.ts';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryMb: number;
  readonly kernel: string;
  /** Over 1, 5 and 15 minutes, before the scenario began: above 0.5 the figures are those of a busy machine. */
  readonly load: readonly number[];
}

export function machineFacts(): Machine {
  return {
    cpu: cpus()[0]?.model ?? '',
    cores: cpus().length,
    memoryMb: Math.round(totalmem() / 1e6),
    kernel: release(),
    load: loadavg().map((value) => Number(value.toFixed(2))),
  };
}

export async function versions(): Promise<Record<string, string>> {
  return { sluice: commit(), node: process.version, envoy: await envoyVersion() };
}

async function envoyVersion(): Promise<string> {
  const text = execFileSync(await findEnvoy(), ['--version'], { encoding: 'utf8' });
  return /\/(\d+\.\d+\.\d+)\//.exec(text)?.[1] ?? ENVOY_VERSION;
}

/** Of a checkout, with a `+` where files differ from it. */
function commit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8', stdio: 'pipe' }).trim();
  try {
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', '--', '../src') === '' ? '' : '+'}`;
  } catch {
    return 'unknown';
  }
}

/** Throws `Unavailable` where less memory is free: a machine that swaps measures its disk. */
export function requireMemory(megabytes: number): void {
  const text = readFileSync('/proc/meminfo', 'utf8');
  const free = (Number(/^MemAvailable:\s+(\d+)/m.exec(text)?.[1] ?? 0) * 1.024) / 1e3;
  if (free < megabytes)
    throw new Unavailable(
      `this scenario needs ${Math.round(megabytes)} MB of memory and ${Math.round(free)} MB are free; use fewer --routes.`,
    );
}
