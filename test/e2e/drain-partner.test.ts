/** Two real Envoys on the ports of one node: one drains at a time, and the other serves. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EnvoyProcess } from '../harness/envoy-process.ts';
import { gateway, gatewayClass, tlsRoute } from '../harness/manifests.ts';
import { SluiceProcess } from '../harness/sluice-process.ts';
import { until } from '../harness/until.ts';
import { freePorts, GatewayNode, serviceOf, testBootstrap } from './gateway-node.ts';

const AT_ONCE = ['--unready-time', '0'];
const HOST = 'demo.stage.example.com';

describe('sluice drain --partner', () => {
  it('drains one of two Envoys that are both asked, and the other when its partner serves again', async () => {
    const [port = 0, hook = 0, otherHook = 0, admin = 0, turn = 0] = await freePorts(5);
    await using node = await servedNode(port);
    const partner = await startPartner(node, admin);
    const other = `127.0.0.1:${admin}`;
    await using second = await startDrain(other, otherHook, node.envoy.adminAddress, turn, ...AT_ONCE);
    const askedFirst = fetch(`http://127.0.0.1:${otherHook}/drain`);
    assert.equal((await askedFirst).status, 200);
    await using first = await startDrain(node.envoy.adminAddress, hook, other, turn, ...AT_ONCE);
    const askedLast = fetch(`http://127.0.0.1:${hook}/drain`);
    await until(() => first.log().includes('waiting until the other Envoy serves'), { what: 'its turn' });
    await assert.rejects(fetch(`http://${other}/ready`).then(({ ok }) => assert.ok(ok)));
    for (let i = 0; i < 20; i += 1) assert.equal((await node.attempt(HOST, port)).outcome, 'answered');
    assert.doesNotMatch(first.log(), /"draining Envoy"/);
    await partner.stop();
    await using _successor = await startPartner(node, admin);
    assert.equal((await askedLast).status, 200);
    assert.match(first.log(), /"draining Envoy"/);
    assert.equal((await node.attempt(HOST, port)).outcome, 'answered');
    assert.match(second.log(), /"outcome":"drained"/);
  });

  it('waits while the partner drains', async () => {
    const [port = 0, hook = 0, otherHook = 0, admin = 0, turn = 0] = await freePorts(5);
    await using node = await servedNode(port);
    await using _partner = await startPartner(node, admin);
    const other = `127.0.0.1:${admin}`;
    await using second = await startDrain(
      other,
      otherHook,
      node.envoy.adminAddress,
      turn,
      '--unready-time',
      '10m',
    );
    await using first = await startDrain(
      node.envoy.adminAddress,
      hook,
      other,
      turn,
      ...AT_ONCE,
      '--partner-time',
      '0',
    );
    void fetch(`http://127.0.0.1:${otherHook}/drain`).catch(() => {});
    await until(() => second.log().includes('"draining Envoy"'), { what: 'the drain of the partner' });
    await until(async () => !(await fetch(`http://${other}/ready`)).ok, { what: 'the partner is not ready' });
    const asked = fetch(`http://127.0.0.1:${hook}/drain`);
    await until(() => first.log().includes('waiting until the other Envoy serves'), { what: 'its turn' });
    assert.equal((await node.envoy.get('/ready')).trim(), 'LIVE');
    await second[Symbol.asyncDispose]();
    assert.equal((await asked).status, 200, 'the turn of a process that died is free');
    assert.match(first.log(), /the other Envoy does not serve; draining without it/);
  });
});

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

/** A second Envoy of the same node id, which listens on the same ports. */
function startPartner(node: GatewayNode, adminPort: number): Promise<EnvoyProcess> {
  const bootstrap = testBootstrap(node.plane.xdsPort);
  const address = { socket_address: { address: '127.0.0.1', port_value: adminPort } };
  return EnvoyProcess.start({ bootstrap: { ...bootstrap, admin: { address } } });
}

async function startDrain(
  admin: string,
  hook: number,
  partner: string,
  turn: number,
  ...flags: readonly string[]
) {
  const process = SluiceProcess.start([
    ...['drain', '--envoy-admin', admin, '--hook-address', `127.0.0.1:${hook}`, '--partner', partner],
    ...['--turn-address', `127.0.0.1:${turn}`, '--log-format', 'json', ...flags],
  ]);
  await process.untilPage(`http://127.0.0.1:${hook}/healthz`);
  return {
    log: () => process.stderr,
    // On SIGTERM it would wait for a partner that the test has taken away.
    [Symbol.asyncDispose]: async () => {
      process.signal('SIGKILL');
      await process.finished;
    },
  };
}
