import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { configureLoopback, reexecInNetworkNamespace } from './network-namespace.ts';
import { startTlsBackend } from './tls-backend.ts';
import { get } from './tls-client.ts';
import { until } from './until.ts';

await reexecInNetworkNamespace(import.meta.url, { addresses: ['100.65.0.105/32', 'fd00:65::105/128'] });

const HARNESS = new URL('./network-namespace.ts', import.meta.url).href;

/** Runs a module that calls `reexecInNetworkNamespace` and then does `body`, outside of this file's tests. */
function runModule(
  body: string,
  options: { args?: string[]; env?: NodeJS.ProcessEnv; imported?: boolean } = {},
) {
  const directory = mkdtempSync(path.join(tmpdir(), 'sluice-namespace-'));
  const file = path.join(directory, 'module.mjs');
  const importing = path.join(directory, 'importing.mjs');
  writeFileSync(importing, "import './module.mjs';");
  writeFileSync(
    file,
    `import { reexecInNetworkNamespace } from ${JSON.stringify(HARNESS)};
     await reexecInNetworkNamespace(import.meta.url);
     ${body}`,
  );
  // Without the variables that tie it to this run of tests and to this namespace.
  const { NODE_TEST_CONTEXT: _, SLUICE_NETWORK_OUTSIDE: __, ...env } = process.env;
  const args = [...(options.args ?? []), options.imported ? importing : file];
  const result = spawnSync(process.execPath, args, { encoding: 'utf8', env: { ...env, ...options.env } });
  rmSync(directory, { recursive: true });
  return result;
}

test('there is nothing but a loopback interface with the addresses asked for', () => {
  const interfaces = networkInterfaces();
  assert.deepEqual(Object.keys(interfaces), ['lo']);
  assert.deepEqual(
    new Set(interfaces['lo']?.map(({ cidr }) => cidr)),
    new Set(['127.0.0.1/8', '100.65.0.105/32', '::1/128', 'fd00:65::105/128']),
  );
});

test('a TLS server can have port 443 of such an address', async () => {
  await using backend = await startTlsBackend({ name: 'tenant-a', address: '100.65.0.105', port: 443 });
  const { address, port } = backend;
  assert.equal((await get({ address, port, servername: 'a.example' })).backend, 'tenant-a');
});

test('Python adds addresses as well as whatever tool comes first', () => {
  configureLoopback(['100.65.0.106/32', 'fd00:65::106/128'], 'python3');
  configureLoopback(['100.65.0.107/32', 'fd00:65::107/128']);
  const addresses = networkInterfaces()['lo']?.map(({ cidr }) => cidr) ?? [];
  for (const last of ['106', '107']) {
    assert.ok(addresses.includes(`100.65.0.${last}/32`), `${addresses}`);
    assert.ok(addresses.includes(`fd00:65::${last}/128`), `${addresses}`);
  }
});

test('Python sets the interface up', () => {
  const script = `
    import { networkInterfaces } from 'node:os';
    import { configureLoopback } from ${JSON.stringify(HARNESS)};
    if (networkInterfaces().lo !== undefined) process.exit(2);
    configureLoopback([], 'python3');
    process.exit(networkInterfaces().lo?.[0]?.address === '127.0.0.1' ? 0 : 3);`;
  const args = ['--net', process.execPath, '--input-type=module', '--eval', script];
  const result = spawnSync('unshare', args, { encoding: 'utf8' });
  assert.equal(result.status, 0, result.stderr);
});

test('what the kernel refuses is told', () => {
  const address = '100.65.0.105/32';
  assert.throws(() => configureLoopback([address]), /loopback interface: .*100\.65\.0\.105\/32.*: ./);
  assert.throws(() => configureLoopback([address], 'python3'), /100\.65\.0\.105\/32: .*File exists/);
  assert.throws(() => configureLoopback(['100.65.0.999'], 'python3'), /'100\.65\.0\.999' does not appear/);
});

test('a module ends with the exit code that it has inside', () => {
  assert.equal(runModule('process.exit(7)').status, 7);
  assert.equal(runModule('').status, 0);
  assert.notEqual(runModule("process.kill(process.pid, 'SIGKILL')").status, 0);
});

test('a test that fails inside fails the run, under its name', () => {
  const body = `const { default: test } = await import('node:test');
    test('fine', () => {});
    test('broken', () => { throw new Error('as it must'); });`;
  const result = runModule(body, { args: ['--test', '--test-reporter=tap'] });
  assert.equal(result.status, 1);
  assert.match(result.stdout, /^ok 1 - fine$/m);
  assert.match(result.stdout, /^not ok 2 - broken$/m);
  assert.match(result.stdout, /^# tests 2$/m);
});

test('a machine without unshare is told what to install', () => {
  const result = runModule('', { env: { PATH: '/nonexistent' } });
  assert.equal(result.status, 1);
  assert.match(result.stderr, /unshare does not start .*Install util-linux/);
});

test('a module that was imported by another cannot run itself again', () => {
  const result = runModule('', { imported: true });
  assert.equal(result.status, 1);
  assert.match(result.stderr, /module\.mjs is not what Node was started with/);
});

/** A contained module that started a process which nobody ends, and wrote a file. */
const CONTAINED = `
  import { spawn } from 'node:child_process';
  import { mkdtempSync } from 'node:fs';
  import { tmpdir } from 'node:os';
  import { reexecInNetworkNamespace } from ${JSON.stringify(HARNESS)};
  await reexecInNetworkNamespace(import.meta.url, { contained: true });
  const child = spawn('sleep', ['1000'], { detached: true, stdio: ['ignore', 'inherit', 'ignore'] });
  child.once('spawn', () => console.log(mkdtempSync(tmpdir() + '/left-')));
  if (process.argv[2] === 'end') child.once('spawn', () => process.exit(3));`;

/** Starts it, and gives what it wrote; its output ends when the last process that has it is gone. */
async function startContained(...args: string[]) {
  const directory = mkdtempSync(path.join(tmpdir(), 'sluice-namespace-'));
  const file = path.join(directory, 'module.mjs');
  writeFileSync(file, CONTAINED);
  const { NODE_TEST_CONTEXT: _, SLUICE_NETWORK_OUTSIDE: __, ...env } = process.env;
  const child = spawn(process.execPath, [file, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
  const code = closed.then(([exitCode]) => {
    rmSync(directory, { recursive: true });
    return exitCode;
  });
  return { child, written: path.dirname(chunk.toString().trim()), code };
}

test('what is contained leaves nothing behind when it ends', async () => {
  const { written, code } = await startContained('end');
  assert.equal(await code, 3);
  assert.ok(!existsSync(written), written);
});

for (const [signal, expected] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGKILL', null],
] as const) {
  test(`what is contained leaves nothing behind after ${signal}`, async () => {
    const { child, written, code } = await startContained();
    child.kill(signal);
    assert.equal(await code, expected);
    await until(() => !existsSync(written), { what: `${written} removed` });
  });
}
