import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endWithParent } from '../end-with-parent.ts';

/** A program that ends with the test process at the latest. Its output goes to `<directory>/<name>.log`. */
export interface GuardedProcess {
  /** False from the moment the program has ended. */
  running(): boolean;
  /** Sends the signal and waits until the program has ended. Does nothing if it has. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Suspends and resumes the program: its sockets stay open and say nothing. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** The last of what it printed. */
  log(): Promise<string>;
}

/** Starts `command`. `directory` holds its log, and is removed should the test process die before the program. */
export async function startGuarded(
  name: string,
  command: string,
  args: readonly string[],
  directory: string,
): Promise<GuardedProcess> {
  const logPath = join(directory, `${name}.log`);
  const log = await open(logPath, 'a');
  // A process group of its own: Ctrl-C in a terminal is the test's to answer.
  const child = spawn(command, args, { detached: true, stdio: ['ignore', log.fd, log.fd] });
  const unguard = endWithParent(child, directory);
  const ended = endOf(child);
  // Neither may keep a test process alive that forgot to stop them.
  child.unref();
  await log.close();
  let running = true;
  void ended.then(() => {
    running = false;
    unguard();
  });
  return {
    running: () => running,
    async kill(signal) {
      if (!running) return;
      child.ref();
      child.kill('SIGCONT');
      child.kill(signal);
      await ended;
    },
    signal(signal) {
      child.kill(signal);
    },
    async log() {
      const text = await readFile(logPath, 'utf8');
      return text.slice(-4000);
    },
  };
}

/** Settles when the program has ended, or could not be started. */
async function endOf(child: ChildProcess): Promise<void> {
  await once(child, 'exit').catch(() => {});
}
