/** Ends child processes whatever becomes of this one. */
import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Kills `child` when this process ends, also by SIGKILL: a shell beside it waits on a pipe that only we hold open.
 * `directory` is removed with it. Returns a function that takes the guard away, to be called once the child has ended.
 */
export function endWithParent(child: ChildProcess, directory = ''): () => void {
  const { pid } = child;
  if (pid === undefined) return () => {};
  const script = `read -r _; kill -9 ${pid} 2>/dev/null; [ -z "$1" ] || rm -rf -- "$1"`;
  const guard = spawn('/bin/sh', ['-c', script, 'guard', directory], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Ctrl-C in a terminal goes to the whole process group, and must not take the guard first.
    detached: true,
  });
  guard.unref();
  // The guard may be gone before its pipe is: that is no error of ours.
  guard.stdin?.on('error', () => {});
  const onExit = () => child.kill('SIGKILL');
  process.on('exit', onExit);
  return () => {
    process.removeListener('exit', onExit);
    guard.kill('SIGKILL');
  };
}
