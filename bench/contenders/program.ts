/** Programs that are compared with where the machine has them. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { endWithParent } from '../../test/harness/end-with-parent.ts';

/** System programs are not on every user's PATH. */
const MORE_DIRECTORIES = ['/usr/sbin', '/usr/local/sbin', '/sbin'];

export function findProgram(name: string): string | undefined {
  const directories = [...(process.env['PATH'] ?? '').split(path.delimiter), ...MORE_DIRECTORIES];
  return directories
    .map((directory) => path.join(directory, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** The first thing like a version that the program says of itself. */
export function versionOf(file: string): string {
  const text = execFileSync('/bin/sh', ['-c', '"$1" -v 2>&1', 'sh', file], { encoding: 'utf8' });
  return /\d+\.\d+[\d.]*/.exec(text)?.[0] ?? 'unknown';
}

/** Lets the program look at its configuration; throws what it says of a bad one. */
export function checkConfig(file: string, args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${file} does not take its configuration:\n${stdout}${stderr}`);
}

export class Program implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #unguard: () => void;
  readonly #exited: Promise<unknown>;

  /** `log` gets what it prints. */
  constructor(file: string, args: readonly string[], log: string) {
    const output = openSync(log, 'a');
    this.#child = spawn(file, args, { stdio: ['ignore', output, output] });
    this.#unguard = endWithParent(this.#child);
    this.#exited = once(this.#child, 'exit').catch(() => {});
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.hasEnded) {
      this.#child.kill('SIGTERM');
      await this.#exited;
    }
    this.#unguard();
  }
}

const CLOCK_TICK_MS = 10;

/** CPU time of children that a process has seen end. Fields 16 and 17 of proc_pid_stat(5), behind the name. */
export function endedChildrenCpuMs(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) * CLOCK_TICK_MS;
}
