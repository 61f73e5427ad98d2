/** A real Envoy, started from a bootstrap in a directory of its own and ended with the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stringify } from 'yaml';
import { findEnvoy } from '../../scripts/fetch-envoy.ts';
import { endWithParent } from './end-with-parent.ts';

export interface EnvoyOptions {
  /** The bootstrap: an object, or YAML text. Its admin address is the test's to choose; port 0 is good. */
  readonly bootstrap: string | object;
  /** Files written beside the bootstrap before Envoy starts; `path(name)` says where. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** How long Envoy drains what a listener update replaces. 600 s unless set. */
  readonly drainTimeSeconds?: number;
  readonly concurrency?: number;
  readonly logLevel?: string;
  readonly nodeId?: string;
  readonly extraArguments?: readonly string[];
  /** Limits of its file descriptors; those of this process unless given. */
  readonly descriptors?: { readonly soft: number; readonly hard: number };
  /** False: resolves as soon as the admin interface answers, though Envoy waits for its configuration. */
  readonly waitUntilReady?: boolean;
  /** Until it serves its admin interface. */
  readonly startTimeoutMs?: number;
}

/** One statistic per name; histograms are left out. */
export type EnvoyStats = ReadonlyMap<string, number>;

export class EnvoyProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #directory: string;
  readonly #output: { stdout: string; stderr: string };
  readonly #unguard: () => void;
  readonly #exited: Promise<void>;
  #adminAddress = '';

  private constructor(child: ChildProcess, directory: string) {
    this.#child = child;
    this.#directory = directory;
    this.#output = { stdout: '', stderr: '' };
    this.#unguard = endWithParent(child, directory);
    this.#exited = once(child, 'exit').then(() => {});
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output.stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#output.stderr += text;
    });
  }

  /** Starts Envoy and waits until its admin interface answers. Rejects with Envoy's own words if it ends before. */
  static async start(options: EnvoyOptions): Promise<EnvoyProcess> {
    const binary = await findEnvoy();
    const directory = await mkdtemp(path.join(tmpdir(), 'sluice-envoy-'));
    const { bootstrap, files = {}, startTimeoutMs = 30_000 } = options;
    const text = typeof bootstrap === 'string' ? bootstrap : stringify(bootstrap);
    const config = path.join(directory, 'bootstrap.yaml');
    await writeFile(config, text.replaceAll('$DIRECTORY', directory));
    for (const [name, content] of Object.entries(files)) {
      await writeFile(path.join(directory, name), content);
    }
    const { descriptors } = options;
    const limited = descriptors && ['prlimit', `--nofile=${descriptors.soft}:${descriptors.hard}`, binary];
    const [program = binary, ...before] = limited ?? [binary];
    const child = spawn(
      program,
      [
        ...before,
        ...['--config-path', config],
        ...['--admin-address-path', path.join(directory, 'admin-address')],
        ...['--concurrency', String(options.concurrency ?? 1)],
        ...['--log-level', options.logLevel ?? 'warning'],
        // Several Envoys on one machine would otherwise fight for the same shared memory.
        '--disable-hot-restart',
        // Access logs would otherwise be held back for up to ten seconds.
        ...['--file-flush-interval-msec', '100'],
        ...(options.drainTimeSeconds === undefined
          ? []
          : ['--drain-time-s', String(options.drainTimeSeconds)]),
        ...(options.nodeId === undefined ? [] : ['--service-node', options.nodeId]),
        ...(options.extraArguments ?? []),
      ],
      { stdio: ['ignore', 'pipe', 'pipe'], cwd: directory },
    );
    const envoy = new EnvoyProcess(child, directory);
    try {
      await envoy.#waitForAdmin(startTimeoutMs, options.waitUntilReady ?? true);
    } catch (error) {
      await envoy.stop();
      throw error;
    }
    return envoy;
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** `host:port` of the admin interface. */
  get adminAddress(): string {
    return this.#adminAddress;
  }

  /** What Envoy logged so far. */
  get stderr(): string {
    return this.#output.stderr;
  }

  /** What Envoy wrote to standard output so far: access logs. */
  get stdout(): string {
    return this.#output.stdout;
  }

  /** The access log's lines, parsed. */
  accessLog(): Record<string, unknown>[] {
    const complete = this.stdout.slice(0, this.stdout.lastIndexOf('\n') + 1);
    return complete
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Where a file given as `files` is. */
  path(name: string): string {
    return path.join(this.#directory, name);
  }

  /** Replaces a file by renaming, which is what Envoy's `path_config_source` watches for. */
  async replaceFile(name: string, content: string | Uint8Array): Promise<void> {
    const temporary = this.path(`.${name}.new`);
    await writeFile(temporary, content);
    const { rename } = await import('node:fs/promises');
    await rename(temporary, this.path(name));
  }

  /** The body of an admin page. Rejects on any status but 200. */
  async get(page: string): Promise<string> {
    return this.#request(page, 'GET');
  }

  async post(page: string): Promise<string> {
    return this.#request(page, 'POST');
  }

  /** Counters and gauges whose names match the regular expression, those never used included. */
  async stats(filter = ''): Promise<EnvoyStats> {
    const text = await this.get(`/stats?format=json&filter=${encodeURIComponent(filter)}`);
    const { stats } = JSON.parse(text) as { stats: { name?: string; value?: number }[] };
    const entries = stats.flatMap(({ name, value }) =>
      name === undefined || value === undefined ? [] : [[name, value] as const],
    );
    return new Map(entries);
  }

  async stat(name: string): Promise<number | undefined> {
    return (await this.stats(`^${RegExp.escape(name)}$`)).get(name);
  }

  /** Polls the admin interface until the predicate holds. */
  async waitForStat(
    name: string,
    predicate: (value: number) => boolean,
    timeoutMs = 10_000,
  ): Promise<number> {
    return this.waitFor(
      async () => {
        const value = await this.stat(name);
        return value !== undefined && predicate(value) ? value : undefined;
      },
      `statistic ${name}`,
      timeoutMs,
    );
  }

  /** Polls until the probe gives something; fails early with Envoy's log if Envoy has ended. */
  async waitFor<T>(probe: () => Promise<T | undefined>, what: string, timeoutMs = 10_000): Promise<T> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      this.#assertRunning();
      const found = await probe();
      if (found !== undefined) return found;
      if (performance.now() > deadline)
        throw new Error(`${what}: not within ${timeoutMs} ms; Envoy says:\n${this.stderr}`);
      await delay(10);
    }
  }

  /** The parsed `/config_dump`, endpoints included. */
  async configDump(): Promise<{ configs: Record<string, unknown>[] }> {
    return JSON.parse(await this.get('/config_dump?include_eds')) as { configs: Record<string, unknown>[] };
  }

  /** The parsed `/clusters`. */
  async clusters(): Promise<{ cluster_statuses?: { name: string; host_statuses?: unknown[] }[] }> {
    return JSON.parse(await this.get('/clusters?format=json')) as {
      cluster_statuses?: { name: string; host_statuses?: unknown[] }[];
    };
  }

  /** Ends Envoy and removes its directory. May be called twice. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill(signal);
      const abort = new AbortController();
      const late = delay(5_000, true, { signal: abort.signal }).catch(() => false);
      if (await Promise.race([this.#exited.then(() => false), late])) this.#child.kill('SIGKILL');
      abort.abort();
      await this.#exited;
    }
    this.#unguard();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #waitForAdmin(timeoutMs: number, ready: boolean): Promise<void> {
    this.#adminAddress = await this.waitFor(
      async () => {
        const address = await readFile(this.path('admin-address'), 'utf8').catch(() => '');
        return address === '' ? undefined : address.trim();
      },
      'admin address',
      timeoutMs,
    );
    await this.waitFor(
      async () =>
        (await this.get(ready ? '/ready' : '/server_info').catch(() => undefined)) ? true : undefined,
      'ready',
      timeoutMs,
    );
  }

  async #request(page: string, method: string): Promise<string> {
    const response = await fetch(`http://${this.#adminAddress}${page}`, { method });
    const body = await response.text();
    if (response.status !== 200) throw new Error(`${method} ${page}: ${response.status} ${body}`);
    return body;
  }

  #assertRunning(): void {
    const { exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null) return;
    throw new Error(`Envoy ended with ${exitCode ?? signalCode}:\n${this.stderr}`);
  }
}
