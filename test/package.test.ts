/**
 * What is published runs on its own: packed, installed into an empty directory and started from there, both as
 * `npm install` does it and as the image holds it.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { type ApplicationFile, applicationFiles, lockedPackages } from '../scripts/image-application.ts';
import { configOf } from '../scripts/image-dockerfile.ts';

const run = promisify(execFile);
/** The demo's endpoints are on this machine. */
const LOOPBACK = '--allow-loopback-endpoints';
const ROOT = join(import.meta.dirname, '..');
const NPM_QUIET = ['--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts', '--loglevel=error'];

let directory: string;
let tarball: string;
let application: readonly ApplicationFile[];

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
  application = await applicationFiles(join(directory, 'compiled'));
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

  it('is what the image holds in /app, byte for byte, beside its dependencies', async () => {
    const unpacked = join(directory, 'unpacked');
    await mkdir(unpacked);
    await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', unpacked]);
    const published = (await readdir(unpacked, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => relative(unpacked, join(entry.parentPath, entry.name)));
    const own = application.filter(({ path }) => !path.startsWith('node_modules/'));
    assert.deepEqual(own.map(({ path }) => path).sort(), published.sort());
    for (const { path, source } of own)
      assert.ok((await readFile(source)).equals(await readFile(join(unpacked, path))), path);
  });
});

describe('the image', () => {
  it('holds each package of the lock file that is not for development, and nothing that never runs', async () => {
    const packages = await lockedPackages();
    for (const { path } of packages)
      assert.ok(
        application.some((file) => file.path === `${path}/package.json`),
        path,
      );
    const licences = packages.filter(({ path }) =>
      application.some((file) => file.path.startsWith(`${path}/`) && /licen[cs]e/i.test(file.path)),
    );
    assert.ok(
      licences.length > packages.length * 0.9,
      `${licences.length} of ${packages.length} have a licence`,
    );
    assert.deepEqual(
      application
        .map(({ path }) => path)
        .filter((path) => /\.(?:ts|map|bare)$|^node_modules\/typescript/.test(path)),
      [],
    );
  });

  it('runs from the files that it holds', async () => {
    const cwd = join(directory, 'image');
    for (const { path, source } of application) {
      await mkdir(dirname(join(cwd, path)), { recursive: true });
      await copyFile(source, join(cwd, path));
    }
    await assertRuns(cwd, 'dist/src/main.js');
  });

  it('is made of the same by deploy/Dockerfile as by npm run image, of this version', async () => {
    const dockerfile = await readFile(join(ROOT, 'deploy', 'Dockerfile'), 'utf8');
    assert.match(dockerfile, /^RUN node scripts\/image-application\.ts \/app$/m);
    assert.match(dockerfile, /^COPY --from=application \/app \/app$/m);
    const { Entrypoint, Labels, User } = configOf(dockerfile);
    assert.equal(Entrypoint.at(-1), '/app/dist/src/main.js');
    assert.equal(User, '65532:65532');
    const { version, license } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      version: string;
      license: string;
    };
    assert.equal(Labels['org.opencontainers.image.version'], version);
    assert.equal(Labels['org.opencontainers.image.licenses'], license);
    // What the build does not send to the engine is nothing that the application is made of.
    const ignored = (await readFile(join(ROOT, 'deploy', 'Dockerfile.dockerignore'), 'utf8'))
      .trim()
      .split('\n');
    for (const needed of [
      'src',
      'proto',
      'scripts',
      'tsconfig.build.json',
      'README.md',
      'CHANGELOG.md',
      'LICENSE',
    ])
      assert.ok(!ignored.includes(needed), needed);
  });
});
