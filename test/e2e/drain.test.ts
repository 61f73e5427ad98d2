/** `sluice drain` beside a real Envoy: new clients are sent elsewhere, those connected are left to finish. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gateway, gatewayClass, tlsRoute } from '../harness/manifests.ts';
import { SluiceProcess } from '../harness/sluice-process.ts';
import { until } from '../harness/until.ts';
import { freePorts, GatewayNode, serviceOf } from './gateway-node.ts';

const AT_ONCE = ['--unready-time', '0'];
const HOST = 'demo.stage.example.com';

async function servedNode(port: number): Promise<GatewayNode> {
  const node = await GatewayNode.start({
    'gateway.yaml': [gatewayClass(), gateway('gw', [{ name: 'tls', port, hostname: '*.stage.example.com' }])],
  });
  const backend = await node.backend('demo');
  await node.write('demo.yaml', [
    ...serviceOf('demo', backend),
    tlsRoute({ name: 'demo', hosts: [HOST], backends: [{ name: 'demo' }] }),
  ]);
  await node.untilServedBy('demo', HOST, port);
  return node;
}

async function startDrain(node: GatewayNode, hookPort: number, ...flags: readonly string[]) {
  const process = SluiceProcess.start([
    ...['drain', '--envoy-admin', node.envoy.adminAddress, '--hook-address', `127.0.0.1:${hookPort}`],
    ...['--log-format', 'json', ...flags],
  ]);
  await process.untilPage(`http://127.0.0.1:${hookPort}/healthz`);
  return process;
}

describe('sluice drain', () => {
  it('answers the hook when the last connection is gone; new ones are refused meanwhile', async () => {
    const [port = 0, hookPort = 0] = await freePorts(2);
    await using node = await servedNode(port);
    await using drain = await startDrain(node, hookPort, ...AT_ONCE);
    const connection = await node.longLived(HOST, port);
    let answered = false;
    const hook = fetch(`http://127.0.0.1:${hookPort}/drain`).then(async (response) => {
      answered = true;
      return [response.status, await response.text()];
    });
    await node.until(HOST, port, ({ outcome }) => outcome === 'refused');
    await assert.rejects(node.envoy.get('/ready'), /503/);
    assert.equal(await connection.ping(), 'demo');
    assert.equal(answered, false);
    connection.end();
    assert.deepEqual(await hook, [200, 'drained\n']);
    assert.match(drain.stderr, /"outcome":"drained","connections":0/);
    assert.ok(drain.isRunning, 'it lives as long as the pod');
  });

  it('drains on SIGTERM, lets a hook wait for the same, and ends with 0', async () => {
    const [port = 0, hookPort = 0] = await freePorts(2);
    await using node = await servedNode(port);
    await using drain = await startDrain(node, hookPort, ...AT_ONCE);
    const connection = await node.longLived(HOST, port);
    drain.signal('SIGTERM');
    await node.until(HOST, port, ({ outcome }) => outcome === 'refused');
    const hook = fetch(`http://127.0.0.1:${hookPort}/drain`);
    assert.equal(await connection.ping(), 'demo');
    connection.end();
    assert.equal((await hook).status, 200);
    assert.equal((await drain.finished).exitCode, 0);
    assert.equal(drain.stderr.match(/"msg":"draining Envoy"/g)?.length, 1);
  });

  it('gives up on connections after the time-out, and says how many', async () => {
    const [port = 0, hookPort = 0] = await freePorts(2);
    await using node = await servedNode(port);
    await using drain = await startDrain(node, hookPort, ...AT_ONCE, '--timeout', '50ms');
    const connections = [await node.longLived(HOST, port), await node.longLived(HOST, port)];
    assert.equal((await fetch(`http://127.0.0.1:${hookPort}/drain`)).status, 200);
    assert.match(drain.stderr, /"level":"warn".*"outcome":"timeout","connections":2/);
    for (const connection of connections) assert.equal(await connection.ping(), 'demo');
  });

  it('fails the health check first, and serves on for a while', async () => {
    const [port = 0, hookPort = 0] = await freePorts(2);
    await using node = await servedNode(port);
    await using drain = await startDrain(node, hookPort, '--unready-time', '10m');
    const abort = new AbortController();
    const hook = fetch(`http://127.0.0.1:${hookPort}/drain`, { signal: abort.signal });
    await until(async () => (await node.envoy.get('/ready').catch(String)).includes('503'), {
      what: '/ready with 503',
    });
    assert.equal((await node.attempt(HOST, port)).outcome, 'answered');
    abort.abort();
    await assert.rejects(hook);
    drain.signal('SIGKILL');
  });

  it('is done where Envoy is gone', async () => {
    const [port = 0, hookPort = 0] = await freePorts(2);
    await using node = await servedNode(port);
    await using drain = await startDrain(node, hookPort, ...AT_ONCE);
    await until(() => drain.stderr.includes('Envoy answers'), { what: 'an Envoy that answers' });
    await node.envoy.stop();
    assert.equal((await fetch(`http://127.0.0.1:${hookPort}/drain`)).status, 200);
    assert.match(drain.stderr, /"outcome":"gone"/);
    assert.equal((await drain.stop()).exitCode, 0);
  });

  it('drains nothing at an address where no Envoy is, and says so', async () => {
    const [envoyPort = 0, hookPort = 0] = await freePorts(2);
    await using drain = SluiceProcess.start([
      ...['drain', '--envoy-admin', `127.0.0.1:${envoyPort}`, '--hook-address', `127.0.0.1:${hookPort}`],
      ...['--log-format', 'json', ...AT_ONCE],
    ]);
    await drain.untilPage(`http://127.0.0.1:${hookPort}/healthz`);
    const answer = await fetch(`http://127.0.0.1:${hookPort}/drain`);
    assert.deepEqual(
      [answer.status, await answer.text()],
      [502, `no Envoy answers at 127.0.0.1:${envoyPort}: nothing was drained\n`],
    );
    assert.match(drain.stderr, /"level":"warn".*nothing was drained/);
    assert.equal((await drain.stop()).exitCode, 69);
  });

  it('ends at once at a second signal', async () => {
    const [port = 0, hookPort = 0] = await freePorts(2);
    await using node = await servedNode(port);
    await using drain = await startDrain(node, hookPort, '--unready-time', '10m');
    drain.signal('SIGINT');
    await until(() => drain.stderr.includes('"signal":"SIGINT"') && drain.stderr.includes('draining Envoy'), {
      what: 'the drain that begins',
    });
    drain.signal('SIGINT');
    assert.equal((await drain.finished).exitCode, 130);
  });
});
