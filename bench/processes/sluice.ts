/** Sluice under test: `sluice serve` as it is shipped, as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { endWithParent } from '../../test/harness/end-with-parent.ts';
import { monotonicMs } from '../clock.ts';
import type { World } from '../world/world.ts';
import type { Mark } from './marks.ts';
import { shippedSluice } from './shipped.ts';
import { type Usage, usageOf } from './usage.ts';

export const XDS_PORT = 18_000;
export const ADMIN_PORT = 18_001;
const READY_MS = 300_000;
const END_MS = 30_000;

export interface SluiceOptions {
  readonly world: World;
  /** The source tree whose Sluice it is. */
  readonly tree: string;
  /** More flags of `sluice serve`. */
  readonly flags?: readonly string[];
  /** Where to leave a V8 CPU profile; none unless given. */
  readonly profile?: string | undefined;
}

/** Sample name with labels, as Prometheus reads it → value. */
export type Metrics = ReadonlyMap<string, number>;

export class SluiceProcess implements AsyncDisposable {
  /** `monotonicMs` just before the process was made. */
  readonly startedAt: number;
  readonly #child: ChildProcess;
  readonly #unguard: () => void;
  readonly #exited: Promise<unknown>;
  readonly #logPath: string;

  private constructor(child: ChildProcess, startedAt: number, logPath: string) {
    this.#child = child;
    this.startedAt = startedAt;
    this.#logPath = logPath;
    this.#unguard = endWithParent(child);
    this.#exited = once(child, 'exit');
  }

  /** Resolves when it listens; see `untilReady`. */
  static async start({ world, tree, flags = [], profile }: SluiceOptions): Promise<SluiceProcess> {
    const logPath = path.join(tmpdir(), 'sluice.log');
    const log = await open(logPath, 'w');
    const shipped = await shippedSluice(tree);
    const startedAt = monotonicMs();
    const child = spawn(
      process.execPath,
      [
        ...shipped.nodeOptions,
        ...['--import', shipped.stageClock],
        ...(profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile]),
        shipped.main,
        'serve',
        ...world.sluice.arguments,
        ...['--xds-address', `127.0.0.1:${XDS_PORT}`, '--admin-address', `127.0.0.1:${ADMIN_PORT}`],
        ...flags,
      ],
      {
        stdio: ['ignore', log.fd, log.fd, 'ipc'],
        env: { ...process.env, SLUICE_LOG_FORMAT: 'json', ...world.sluice.environment },
      },
    );
    await log.close();
    const sluice = new SluiceProcess(child, startedAt, logPath);
    try {
      await sluice.#until(() => sluice.#page('/healthz'), 'listening');
    } catch (error) {
      await sluice[Symbol.asyncDispose]();
      throw error;
    }
    return sluice;
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Until everything has been read and may be served. */
  async untilReady(): Promise<void> {
    await this.#until(() => this.#page('/readyz'), 'ready');
  }

  async untilMetric(name: string, wished: (value: number) => boolean): Promise<void> {
    const isWished = async () => {
      const value = (await this.metrics()).get(name);
      return value !== undefined && wished(value) ? '' : undefined;
    };
    await this.#until(isWished, `${name} as wished`);
  }

  /** Until so many Envoys are connected, and each has acknowledged all there is. */
  async untilCurrent(nodes: number): Promise<void> {
    const areCurrent = async () => {
      const known = JSON.parse((await this.#page('/debug/nodes')) ?? '[]') as { current: boolean }[];
      return known.length >= nodes && known.every(({ current }) => current) ? '' : undefined;
    };
    await this.#until(areCurrent, `${nodes} nodes current`);
  }

  async metrics(): Promise<Metrics> {
    const text = (await this.#page('/metrics')) ?? '';
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(
      lines.map((line) => {
        const end = line.lastIndexOf(' ');
        return [line.slice(0, end), Number(line.slice(end + 1))] as const;
      }),
    );
  }

  /** Longest time that the event loop did not turn since the last call, in milliseconds. */
  async longestStallMs(): Promise<number> {
    return ((await this.metrics()).get('nodejs_eventloop_lag_max_seconds') ?? 0) * 1_000;
  }

  /** What happened inside since the last call. */
  async marks(): Promise<Mark[]> {
    const answer = once(this.#child, 'message');
    this.#child.send({});
    return ((await answer) as [Mark[]])[0];
  }

  usage(): Usage {
    return usageOf(this.pid);
  }

  /** Ends it; by SIGTERM, in order, unless `SIGKILL` is given. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill(signal);
      const late = setTimeout(() => this.#child.kill('SIGKILL'), END_MS);
      await this.#exited;
      clearTimeout(late);
    }
    this.#unguard();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
  }

  async #until(attempt: () => Promise<string | undefined>, what: string): Promise<void> {
    const deadline = monotonicMs() + READY_MS;
    while ((await attempt()) === undefined) {
      const { exitCode, signalCode } = this.#child;
      const ended = exitCode !== null || signalCode !== null;
      if (ended || monotonicMs() > deadline) {
        const log = (await readFile(this.#logPath, 'utf8')).slice(-2_000);
        const how = ended ? `ended with ${exitCode ?? signalCode}` : `not within ${READY_MS / 1_000} s`;
        throw new Error(`Sluice: ${what}: ${how}; the end of its log:\n${log}`);
      }
      await delay(10);
    }
  }

  /** The body; undefined where there is no answer, or one that says no. */
  async #page(page: string): Promise<string | undefined> {
    try {
      const response = await fetch(`http://127.0.0.1:${ADMIN_PORT}${page}`);
      const body = await response.text();
      return response.ok ? body : undefined;
    } catch {
      return undefined;
    }
  }
}
