/** deploy/systemd: what its units run is what Sluice understands, and they agree with each other. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { envoyLimits } from '../src/cli/bootstrap-limits.ts';
import { parseInvocation } from '../src/cli/program.ts';

const UNITS = join(import.meta.dirname, '..', 'deploy', 'systemd');

/** The values of a key, in order. */
async function unit(name: string, ending = 'service'): Promise<(key: string) => readonly string[]> {
  const text = await readFile(join(UNITS, `${name}.${ending}`), 'utf8');
  return (key) => [...text.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value);
}

function invocation(command: string | undefined, env: Record<string, string> = {}) {
  const [program = '', ...args] = (command ?? '').replaceAll('%H', 'gw-1').split(' ');
  assert.equal(program, '/usr/local/bin/sluice');
  return parseInvocation(args, env);
}

it('the units run what Sluice understands, and drain the Envoy that they start', async () => {
  const [envoy, drain] = [await unit('sluice-envoy'), await unit('sluice-drain')];
  const env = Object.fromEntries(envoy('Environment').map((each) => each.split('=') as [string, string]));
  const bootstrap = invocation(envoy('ExecStartPre')[0], env);
  assert.ok(bootstrap.command === 'bootstrap');
  const draining = invocation(drain('ExecStart')[0]);
  assert.ok(draining.command === 'drain');

  assert.deepEqual(draining.config.envoyAdmin, bootstrap.config.envoyAdminAddress);
  const { host, port } = draining.config.hookAddress;
  assert.ok(envoy('ExecStop')[0]?.endsWith(` http://${host}:${port}/drain`));
  assert.equal(bootstrap.config.out, `/run/${envoy('RuntimeDirectory')[0]}`);
  assert.ok(envoy('ExecStart')[0]?.includes(` ${bootstrap.config.out}/envoy.yaml `));
  const drainSeconds = (draining.config.unreadyMs + draining.config.timeoutMs) / 1000;
  assert.ok(Number(envoy('TimeoutStopSec')[0]) >= drainSeconds + 30, 'the drain is not cut short');
  assert.equal(envoyLimits(bootstrap.config, Number(envoy('LimitNOFILE')[0])).maxConnections, 100_000);
  assert.equal(`${(bootstrap.config.memoryLimitBytes ?? 0) / 2 ** 30}G`, envoy('MemoryMax')[0]);
  // At SIGTERM it would drain an Envoy that goes on.
  assert.deepEqual(drain('KillSignal'), ['SIGKILL']);
});

it('the unit of the control plane serves Envoys that have its certificates, and is ended in order', async () => {
  const sluice = await unit('sluice');
  const serving = invocation(sluice('ExecStart')[0]);
  assert.ok(serving.command === 'serve');
  const { config } = serving;
  assert.equal(config.source.type, 'directory');
  assert.ok(
    Boolean(config.xdsTlsCert) && Boolean(config.xdsTlsClientCa),
    'nobody without a certificate reads all hosts',
  );
  assert.ok(Number(sluice('TimeoutStopSec')[0]) * 1_000 > config.drainTimeoutMs);
});

it('the unit that keeps what Sluice says serves the Envoy that is told so', async () => {
  const [node, envoy] = [await unit('sluice-node'), await unit('sluice-envoy-last-good', 'conf')];
  const envOf = (values: readonly string[]) =>
    Object.fromEntries(values.map((each) => each.split('=') as [string, string]));
  const keeping = invocation(node('ExecStart')[0], envOf(node('Environment')));
  assert.ok(keeping.command === 'node');
  const [reset, command] = envoy('ExecStartPre');
  assert.equal(reset, '');
  const bootstrap = invocation(command, envOf(envoy('Environment')));
  assert.ok(bootstrap.command === 'bootstrap');
  assert.deepEqual(bootstrap.config.xdsAddresses, [keeping.config.xdsAddress]);
  assert.equal(bootstrap.config.out, `/run/${(await unit('sluice-envoy'))('RuntimeDirectory')[0]}`);
  assert.equal(keeping.config.stateDir, `/var/lib/${node('StateDirectory')[0]}`);
  const { xdsAddress } = keeping.config;
  assert.ok('path' in xdsAddress && xdsAddress.path.startsWith(`/run/${node('RuntimeDirectory')[0]}/`));
});
