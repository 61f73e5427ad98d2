import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, rename, rm, stat, statfs, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** Something that a test needs and this machine cannot provide; `message` is one line that says what and what to do. */
export class AssetError extends Error {
  /** Stable, `SLUICE_ASSET_…`. */
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(`${code}: ${message.replaceAll(/\s*\n\s*/g, ' ')}`, cause === undefined ? undefined : { cause });
    this.name = 'AssetError';
    this.code = code;
  }
}

/** Receives progress, one line each. */
export type Progress = (line: string) => void;

/** `$SLUICE_CACHE_DIR`, else `$XDG_CACHE_HOME/sluice`, else `~/.cache/sluice`: never inside the source tree. */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const own = env['SLUICE_CACHE_DIR'];
  if (own !== undefined && own !== '') return own;
  const xdg = env['XDG_CACHE_HOME'];
  return join(xdg !== undefined && xdg !== '' ? xdg : join(homedir(), '.cache'), 'sluice');
}

export async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

/** The holder of a lock touches it this often … */
const LOCK_HEARTBEAT_MS = 5_000;
/** … so a lock that nobody has touched for this long belongs to a process that has died. */
const LOCK_STALE_MS = 45_000;
const LOCK_POLL_MS = 250;
const WAITING_LINE_EVERY_MS = 20_000;

/**
 * Provides `target` (a file or a directory), made once by `make` however many processes ask at the same time.
 * `make` fills a scratch path in the same folder, which is then renamed to `target`: nobody ever sees half of one.
 * A lock only saves work: should two processes hold it after one was suspended for long, both publish the same thing.
 */
export async function cached(
  target: string,
  progress: Progress,
  make: (scratch: string) => Promise<void>,
): Promise<string> {
  if (await exists(target)) return target;
  await mkdir(dirname(target), { recursive: true }).catch((error: unknown) => {
    throw cacheError(dirname(target), error);
  });
  const release = await lock(`${target}.lock`, target, progress);
  if (release === undefined) return target;
  let scratchDir: string | undefined;
  const removeAtExit = (): void => {
    if (scratchDir !== undefined) rmSync(scratchDir, { recursive: true, force: true });
  };
  process.once('exit', removeAtExit);
  try {
    if (await exists(target)) return target;
    await sweep(target);
    scratchDir = await mkdtemp(`${target}.tmp-${process.pid}-`);
    const scratch = join(scratchDir, 'made');
    await make(scratch);
    await rename(scratch, target).catch(async (error: unknown) => {
      // A directory cannot be renamed over one that another process published meanwhile: that one is as good.
      if (!(await exists(target))) throw error;
    });
    return target;
  } catch (error) {
    throw error instanceof AssetError ? error : cacheError(dirname(target), error);
  } finally {
    if (scratchDir !== undefined) await rm(scratchDir, { recursive: true, force: true });
    process.off('exit', removeAtExit);
    await release();
  }
}

/** Removes what processes that were killed left of earlier attempts. For who holds the lock. */
async function sweep(target: string): Promise<void> {
  const prefix = `${basename(target)}.tmp-`;
  for (const name of await readdir(dirname(target))) {
    if (!name.startsWith(prefix)) continue;
    const pid = Number(/^\d+(?=-)/.exec(name.slice(prefix.length))?.[0] ?? 0);
    // It may have been suspended for so long that we took its lock.
    if (pid > 0 && isRunning(pid)) continue;
    await rm(join(dirname(target), name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/** Resolves to a function that releases the lock, or to undefined when `target` has appeared meanwhile. */
async function lock(
  path: string,
  target: string,
  progress: Progress,
): Promise<(() => Promise<void>) | undefined> {
  let waited = 0;
  for (;;) {
    try {
      const handle = await open(path, 'wx');
      await handle.writeFile(`${process.pid}\n`);
      await handle.close();
      const heartbeat = setInterval(() => {
        const now = new Date();
        utimes(path, now, now).catch(() => {});
      }, LOCK_HEARTBEAT_MS);
      const removeAtExit = (): void => rmSync(path, { force: true });
      process.once('exit', removeAtExit);
      return async () => {
        clearInterval(heartbeat);
        process.off('exit', removeAtExit);
        await rm(path, { force: true });
      };
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw cacheError(dirname(path), error);
    }
    const age = await stat(path).then(
      (found) => Date.now() - found.mtimeMs,
      () => 0,
    );
    if (age > LOCK_STALE_MS) {
      progress(`taking over ${path}, left behind by a process that died`);
      await rm(path, { force: true });
      continue;
    }
    if (waited % WAITING_LINE_EVERY_MS === 0) progress(`waiting for another process to provide ${target}`);
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
    waited += LOCK_POLL_MS;
    if (await exists(target)) return undefined;
  }
}

/** Fails early, in one clear line, instead of after minutes of compiling. `directory` need not exist yet. */
export async function requireFreeSpace(directory: string, bytes: number, what: string): Promise<void> {
  await mkdir(directory, { recursive: true }).catch((error: unknown) => {
    throw cacheError(directory, error);
  });
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  if (free >= bytes) return;
  throw new AssetError(
    'SLUICE_ASSET_DISK',
    `${what} needs ${gib(bytes)} GiB in ${directory}, which has ${gib(free)} GiB free. Free some, or point SLUICE_CACHE_DIR and GOCACHE elsewhere.`,
  );
}

function gib(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(1);
}

function cacheError(directory: string, error: unknown): AssetError {
  if (errorCode(error) === 'ENOSPC')
    return new AssetError('SLUICE_ASSET_DISK', `no space left in ${directory}.`, error);
  const reason = error instanceof Error ? error.message : String(error);
  return new AssetError(
    'SLUICE_ASSET_CACHE',
    `cannot use the cache ${directory}: ${reason}. Set SLUICE_CACHE_DIR to a folder that you can write to.`,
    error,
  );
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
