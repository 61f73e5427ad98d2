import { spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { AssetError, type Progress } from './kubernetes-assets.cache.ts';

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** What is being done, for the heartbeat lines; without it nothing is said. */
  readonly doing?: string;
  readonly progress?: Progress;
}

export interface RunResult {
  /** null where the program was ended by a signal. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const HEARTBEAT_MS = 20_000;
/** Enough of a compiler's last words to find the reason in, however much it printed before. */
const KEPT_STDERR = 64 * 1024;

/**
 * Runs a program at low priority, with a line every 20 s while it works. Resolves whatever its exit status;
 * rejects (ENOENT and the like) only if it cannot be started.
 */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const started = performance.now();
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (child.pid !== undefined) {
    try {
      // Children inherit it: a build beside running tests must not starve them.
      setPriority(child.pid, Math.min(15, constants.priority.PRIORITY_LOW));
    } catch {
      // It has ended already, or the platform knows no priorities: neither is a reason to fail.
    }
  }
  // Who exits leaves no download or build behind; Ctrl-C in a terminal reaches the child by itself.
  const end = (): void => void child.kill();
  process.once('exit', end);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-KEPT_STDERR);
  });
  const { doing, progress } = options;
  const heartbeat =
    doing === undefined || progress === undefined
      ? undefined
      : setInterval(() => {
          progress(`${doing}: ${Math.round((performance.now() - started) / 1000)} s so far`);
        }, HEARTBEAT_MS);
  try {
    return await new Promise<RunResult>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status) => resolve({ status, stdout, stderr }));
    });
  } finally {
    process.off('exit', end);
    clearInterval(heartbeat);
  }
}

/** What a failed download or build most likely lacked, read from its last words. */
export function failureOf(what: string, result: RunResult): AssetError {
  const text = `${result.stderr}\n${result.stdout}`;
  const last = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('go: downloading') && !line.startsWith('#'))
    .at(-1);
  const reason = (last ?? `exit status ${result.status}`).slice(0, 400);
  if (/no space left on device|ENOSPC/i.test(text))
    return new AssetError('SLUICE_ASSET_DISK', `${what}: the disk is full (${reason}).`);
  if (/go\.mod requires go >=|toolchain not available|cannot find GOROOT/i.test(text))
    return new AssetError('SLUICE_ASSET_GO_VERSION', `${what}: a newer Go is needed (${reason}).`);
  if (
    /dial tcp|no such host|connection refused|i\/o timeout|TLS handshake|network is unreachable|Temporary failure in name resolution|Max retries exceeded|ConnectionError|connection reset|unexpected EOF/i.test(
      text,
    )
  )
    return new AssetError(
      'SLUICE_ASSET_NETWORK',
      `${what}: the package registry could not be reached (${reason}). Check the network, GOPROXY and pip's index.`,
    );
  if (/signal: killed|out of memory|cannot allocate memory/i.test(text))
    return new AssetError('SLUICE_ASSET_MEMORY', `${what}: ran out of memory (${reason}).`);
  return new AssetError('SLUICE_ASSET_BUILD', `${what} failed: ${reason}`);
}
