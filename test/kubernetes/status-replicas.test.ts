/** Several replicas of Sluice on one API server: one writes, each serves, and addresses outlive them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { freePorts } from '../e2e/gateway-node.ts';
import { type Cluster, startCluster } from '../harness/kubernetes/cluster.ts';
import { until } from '../harness/until.ts';
import {
  type GatewayStatus,
  gateway,
  gatewayAt,
  gatewayClass,
  LEASES,
  type RouteStatus,
  route,
  routeAt,
  startEnvoy,
  startReplica,
  stateOf,
  statusOf,
  untilStatus,
} from './status-replica.ts';

const TIMEOUT = { timeout: 120_000 };
const TIMES = { duration: 3_000, renewDeadline: 2_000, retry: 200 };
const LEASE = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  namespace: LEASES,
  name: 'sluice-leader',
};

let cluster: Cluster;

before(async () => {
  cluster = await startCluster({ crds: 'standard' });
  await cluster.client.apply([gatewayClass('sluice')]);
}, TIMEOUT);
after(() => cluster.stop());

async function metric(adminPort: number, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
}

async function untilLeading(adminPort: number): Promise<void> {
  await until(async () => (await metric(adminPort, 'sluice_leader')) === 1, {
    what: 'leadership',
    timeoutMs: 20_000,
  });
}

async function holder(): Promise<string> {
  const { holderIdentity } = (await cluster.client.get(LEASE))['spec'] as { holderIdentity: string };
  return holderIdentity;
}

test(
  'the leader knows what an Envoy of another replica acknowledged; the next leader takes over',
  TIMEOUT,
  async (t) => {
    const [port = 0] = await freePorts(1);
    const flags = { gatewayAddress: ['203.0.113.7'] };
    const first = await startReplica(cluster, { electionTimes: TIMES, flags });
    t.after(() => first.stop());
    await untilLeading(first.adminPort);
    const second = await startReplica(cluster, { electionTimes: TIMES, flags });
    t.after(() => second.stop());
    await cluster.client.apply([gateway('shared', port), route('a', 'shared')]);
    const pending = await untilStatus<GatewayStatus>(
      cluster,
      gatewayAt('shared'),
      ({ conditions }) => stateOf(conditions, 'Programmed') === 'False Pending',
      'pending',
    );
    assert.deepEqual(statusOf<GatewayStatus>(pending).addresses, [
      { type: 'IPAddress', value: '203.0.113.7' },
    ]);

    // Connected to the replica that does not lead.
    const envoy = await startEnvoy(second, 'gw-1');
    t.after(() => envoy.stop());
    const programmed = await untilStatus<GatewayStatus>(
      cluster,
      gatewayAt('shared'),
      ({ conditions }) => stateOf(conditions, 'Programmed') === 'True Programmed',
      'programmed',
    );
    assert.equal(await metric(first.adminPort, 'sluice_leader'), 1);
    assert.equal(await metric(second.adminPort, 'sluice_leader'), 0);

    const before = await holder();
    await first.stop();
    await untilLeading(second.adminPort);
    assert.notEqual(await holder(), before);
    await cluster.client.apply([route('b', 'shared')]);
    await untilStatus<RouteStatus>(
      cluster,
      routeAt('b'),
      ({ parents }) => stateOf(parents?.[0]?.conditions, 'Accepted') === 'True Accepted',
      'written by the next leader',
    );
    // Nothing was taken back meanwhile.
    const now = statusOf<GatewayStatus>(await cluster.client.get(gatewayAt('shared')));
    const at = (status: GatewayStatus) =>
      status.conditions?.find(({ type }) => type === 'Programmed')?.lastTransitionTime;
    assert.equal(at(now), at(statusOf<GatewayStatus>(programmed)));
  },
);

test('a leader that cannot renew stops writing before another begins', TIMEOUT, async (t) => {
  const proxied = await startReplica(cluster, { electionTimes: TIMES });
  t.after(() => proxied.stop());
  await untilLeading(proxied.adminPort);
  // The server answers nobody, for longer than the deadline.
  cluster.apiServer.suspend();
  t.after(() => cluster.apiServer.resume());
  await until(async () => (await metric(proxied.adminPort, 'sluice_leader')) === 0, {
    what: 'leadership lost',
    timeoutMs: 20_000,
  });
  cluster.apiServer.resume();
  await untilLeading(proxied.adminPort);
});

test(
  'an address of the pool is each Gateway’s own, and stays when the replica and an older Gateway have gone',
  TIMEOUT,
  async (t) => {
    const [port = 0] = await freePorts(1);
    const flags = { addressPool: ['127.0.0.64/30'], leaderElection: ['off'] };
    const first = await startReplica(cluster, { flags });
    t.after(() => first.stop());
    const envoy = await startEnvoy(first, 'gw-1');
    t.after(() => envoy.stop());
    const addressOf = async (name: string, programmed = true): Promise<string> => {
      const written = await untilStatus<GatewayStatus>(
        cluster,
        gatewayAt(name),
        ({ addresses, conditions }) =>
          (addresses?.[0]?.value.startsWith('127.0.0.') ?? false) &&
          (!programmed || stateOf(conditions, 'Programmed') === 'True Programmed'),
        'an address of the pool',
      );
      return (
        statusOf<GatewayStatus>(written)
          .addresses?.map(({ value }) => value)
          .join() ?? ''
      );
    };
    for (const name of ['pool-a', 'pool-b']) {
      await cluster.client.apply([gateway(name, port)]);
      await addressOf(name);
    }
    const [a, b] = [await addressOf('pool-a'), await addressOf('pool-b')];
    assert.notEqual(a, b);
    await first.stop();
    await cluster.client.remove(gatewayAt('pool-a'));
    const second = await startReplica(cluster, { flags });
    t.after(() => second.stop());
    await cluster.client.apply([gateway('pool-c', port)]);
    await addressOf('pool-c', false);
    assert.equal(await addressOf('pool-b', false), b);
    const bound = [...second.engine.bindings].map(({ name }) => name);
    assert.ok(bound.includes(`${b}:${port}`), bound.join());
  },
);
