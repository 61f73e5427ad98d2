/** `sluice` as its own process, as operators run it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { endWithParent } from './end-with-parent.ts';
import { until } from './until.ts';

const MAIN = path.join(import.meta.dirname, '..', '..', 'src', 'main.ts');

export interface Finished {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. */
export async function runSluice(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const process = SluiceProcess.start(argv, env);
  return await process.finished;
}

export class SluiceProcess implements AsyncDisposable {
  readonly finished: Promise<Finished>;
  readonly #child: ChildProcess;
  #stdout = '';
  #stderr = '';

  static start(argv: readonly string[], env: Readonly<Record<string, string>> = {}): SluiceProcess {
    return new SluiceProcess(argv, env);
  }

  private constructor(argv: readonly string[], env: Readonly<Record<string, string>>) {
    this.#child = spawn(process.execPath, [MAIN, ...argv], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...env },
    });
    const unguard = endWithParent(this.#child);
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.finished = once(this.#child, 'close').then(([exitCode]) => {
      unguard();
      return { exitCode: exitCode as number | null, stdout: this.#stdout, stderr: this.#stderr };
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** What it printed so far. */
  get stdout(): string {
    return this.#stdout;
  }

  /** What it logged so far. */
  get stderr(): string {
    return this.#stderr;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Waits until an admin page answers with that status; fails with the log if Sluice has ended. */
  async untilPage(url: string, status = 200): Promise<string> {
    let body = '';
    await until(
      async () => {
        if (!this.isRunning) throw new Error(`sluice has ended:\n${this.#stderr}`);
        const response = await fetch(url).catch(() => undefined);
        body = (await response?.text()) ?? '';
        return response?.status === status;
      },
      { what: `${url} with ${status}`, timeoutMs: 60_000 },
    );
    return body;
  }

  async stop(): Promise<Finished> {
    if (this.isRunning) this.#child.kill('SIGTERM');
    return await this.finished;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
