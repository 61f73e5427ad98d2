/**
 * Clients of a tenant, as a process of their own: connections that are held open as watches are, and new ones at a fixed
 * rate. `Load.start` runs it; only in a network namespace of the test's own.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import process from 'node:process';
import { LoadClients, type LoadOptions, type LoadResult } from './load-clients.ts';

export class Load {
  readonly #child: ChildProcess;

  /** Resolves when all connections are held. */
  static async start(options: LoadOptions): Promise<Load> {
    const child = fork(import.meta.filename, [JSON.stringify(options)]);
    const ended = once(child, 'exit').then(() => {
      throw new Error('load: its clients could not begin');
    });
    await Promise.race([once(child, 'message'), ended]);
    // From now on its end is ours to cause.
    ended.catch(() => {});
    return new Load(child);
  }

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Ends it and tells what its clients met. */
  async stop(): Promise<LoadResult> {
    const answer = once(this.#child, 'message') as Promise<[LoadResult]>;
    this.#child.send('stop');
    const [result] = await answer;
    this.#child.kill();
    return result;
  }
}

if (import.meta.main) {
  try {
    // What measures is not to wait for what is measured.
    setPriority(-10);
  } catch {
    // Without CAP_SYS_NICE it waits like everything else.
  }
  const clients = new LoadClients(JSON.parse(process.argv[2] ?? '') as LoadOptions);
  process.on('disconnect', () => process.exit());
  await clients.hold();
  process.send?.('held');
  clients.connect();
  process.on('message', () => process.send?.(clients.result()));
}
