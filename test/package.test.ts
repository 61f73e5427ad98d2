/**
 * What is published runs on its own: packed, installed into an empty directory and started from there, both as
 * `npm install` does it and as deploy/Dockerfile does it.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** The demo's endpoints are on this machine. */
const LOOPBACK = '--allow-loopback-endpoints';
const ROOT = join(import.meta.dirname, '..');
const NPM_QUIET = ['--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts', '--loglevel=error'];

let directory: string;
let tarball: string;

async function npm(cwd: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await run('npm', [...args], { cwd, maxBuffer: 16 * 1024 * 1024 });
  return stdout;
}

/** Runs `sluice` of an installation with nothing of ours in the environment. */
async function sluice(cwd: string, main: string, ...args: readonly string[]) {
  const env = { PATH: process.env['PATH'] ?? '' };
  return await run(process.execPath, [join(cwd, main), ...args], { cwd, env });
}

async function assertRuns(cwd: string, main: string): Promise<void> {
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const printed = await sluice(cwd, main, 'version');
  assert.equal(printed.stdout, `sluice ${version} (Node.js ${process.versions.node})\n`);
  const translated = await sluice(cwd, main, 'translate', join(ROOT, 'examples', 'demo'), LOOPBACK);
  const here = await sluice(ROOT, 'src/main.ts', 'translate', 'examples/demo', LOOPBACK);
  assert.equal(translated.stdout, here.stdout);
  assert.match(translated.stdout, /stage\.kube-dc\.com/);
  const certificates = join(cwd, 'certificates');
  await sluice(cwd, main, 'certs', '--out', certificates);
  assert.deepEqual((await readdir(join(certificates, 'server'))).sort(), ['ca.crt', 'tls.crt', 'tls.key']);
}

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-package-'));
  const packed = await npm(ROOT, 'pack', '--json', '--pack-destination', directory, '--loglevel=error');
  // What prepack prints comes before the JSON.
  const listed = JSON.parse(packed.slice(packed.indexOf('['))) as [{ filename: string }];
  tarball = join(directory, listed[0].filename);
});

after(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe('the npm package', () => {
  it('holds what runs and what it needs, and no tests', async () => {
    const { stdout } = await run('tar', ['-tzf', tarball]);
    const files = stdout.trim().split('\n');
    assert.ok(files.includes('package/dist/src/main.js'));
    assert.ok(files.some((file) => file.startsWith('package/proto/envoy/')));
    assert.deepEqual(
      files.filter((file) => /\.ts$|test|arbitrary/.test(file)),
      [],
    );
  });

  it('runs where npm installed it', async () => {
    const cwd = join(directory, 'installed');
    await mkdir(cwd);
    await writeFile(join(cwd, 'package.json'), '{"private": true}');
    await npm(cwd, 'install', '--omit=dev', ...NPM_QUIET, tarball);
    await assertRuns(cwd, 'node_modules/.bin/sluice');
  });

  it('runs where the Dockerfile puts it: locked dependencies, the package unpacked beside them', async () => {
    const dockerfile = await readFile(join(ROOT, 'deploy', 'Dockerfile'), 'utf8');
    for (const step of ['npm pack', 'npm ci --omit=dev', 'tar -xzf', '--strip-components=1']) {
      assert.ok(dockerfile.includes(step), `this test does what deploy/Dockerfile no longer does: ${step}`);
    }
    const cwd = join(directory, 'image');
    await mkdir(cwd);
    for (const file of ['package.json', 'package-lock.json'])
      await copyFile(join(ROOT, file), join(cwd, file));
    await npm(cwd, 'ci', '--omit=dev', ...NPM_QUIET);
    await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', cwd]);
    assert.match(dockerfile, /dist\/src\/main\.js/);
    await assertRuns(cwd, 'dist/src/main.js');
  });
});
