/** A Node process of the benchmark's own that talks by messages. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { endWithParent } from '../../test/harness/end-with-parent.ts';

export class Child implements AsyncDisposable {
  readonly process: ChildProcess;
  readonly #unguard: () => void;
  readonly #exited: Promise<unknown>;

  constructor(module: string, args: readonly string[]) {
    this.process = fork(module, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: [] });
    this.#unguard = endWithParent(this.process);
    this.#exited = once(this.process, 'exit');
  }

  get pid(): number {
    return this.process.pid ?? -1;
  }

  send(message: object): void {
    this.process.send(message);
  }

  /** The next message. Rejects if the process ends first. */
  async receive<T>(): Promise<T> {
    const ended = this.#exited.then(() => {
      throw new Error(`${this.process.spawnargs[1]} has ended`);
    });
    const [message] = (await Promise.race([once(this.process, 'message'), ended])) as [T];
    return message;
  }

  async ask<T>(message: object): Promise<T> {
    const answer = this.receive<T>();
    this.send(message);
    return await answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill('SIGKILL');
      await this.#exited;
    }
    this.#unguard();
  }
}
