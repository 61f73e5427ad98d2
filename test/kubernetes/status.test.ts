/** What Sluice writes back, against a real kube-apiserver and a real Envoy. */
import assert from 'node:assert/strict';
import { type AddressInfo, createServer } from 'node:net';
import { after, before, test } from 'node:test';
import type { ControlPlane } from '../../src/cli/serve/control-plane.ts';
import { freePorts } from '../e2e/gateway-node.ts';
import type { EnvoyProcess } from '../harness/envoy-process.ts';
import { type Cluster, startCluster } from '../harness/kubernetes/cluster.ts';
import { until } from '../harness/until.ts';
import {
  CONTROLLER,
  GATEWAY_API,
  type GatewayStatus,
  gateway,
  gatewayAt,
  gatewayClass,
  ingressWithClass,
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
const OTHER = 'other.example/controller';
const ADOPTED = 'adopted.example/controller';

let cluster: Cluster;
let plane: ControlPlane;
let envoy: EnvoyProcess;

function node(name: string, labels: object = { 'node-role.kubernetes.io/gateway': 'true' }) {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } };
}

before(async () => {
  cluster = await startCluster({ crds: 'standard' });
  await cluster.client.apply([
    gatewayClass('sluice'),
    gatewayClass('adopted', ADOPTED),
    gatewayClass('other', OTHER),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'api', namespace: 'default' },
      spec: { ports: [{ port: 443 }] },
    },
    node('gw-1'),
    node('gw-2'),
    node('worker', {}),
  ]);
  for (const [name, address] of [
    ['gw-1', '203.0.113.1'],
    ['gw-2', '203.0.113.2'],
    ['worker', '203.0.113.3'],
  ]) {
    await cluster.client.patch(
      { apiVersion: 'v1', kind: 'Node', name: name ?? '' },
      {
        status: {
          addresses: [
            { type: 'InternalIP', address: '10.0.0.1' },
            { type: 'ExternalIP', address },
          ],
        },
      },
      'status',
    );
  }
  plane = await startReplica(cluster, {
    flags: {
      leaderElection: ['off'],
      adoptControllerName: [ADOPTED],
    },
    envoyGraceMs: 500,
  });
}, TIMEOUT);
after(async () => {
  await envoy?.stop();
  await plane?.stop();
  await cluster?.stop();
});

test(
  'a GatewayClass is accepted with its features; another controller’s is left alone',
  TIMEOUT,
  async () => {
    const at = (name: string) => ({ apiVersion: GATEWAY_API, kind: 'GatewayClass', name });
    const accepted = await untilStatus<GatewayStatus>(
      cluster,
      at('sluice'),
      ({ conditions }) => stateOf(conditions, 'Accepted') === 'True Accepted',
      'accepted',
    );
    const { supportedFeatures } = statusOf<{ supportedFeatures: { name: string }[] }>(accepted);
    const names = supportedFeatures.map(({ name }) => name);
    assert.deepEqual(names, [
      'Gateway',
      'GatewayRouteHostnameIntersectionPrecedence',
      'GatewayStaticAddresses',
      'ListenerSet',
      'ReferenceGrant',
      'TLSRoute',
    ]);
    const other = statusOf<GatewayStatus>(await cluster.client.get(at('other')));
    assert.equal(stateOf(other.conditions, 'Accepted'), 'Unknown Pending');
  },
);

test(
  'Programmed follows the acknowledgement of a real Envoy, and the addresses its node',
  TIMEOUT,
  async () => {
    const [port = 0] = await freePorts(1);
    await cluster.client.apply([gateway('public', port), route('demo', 'public')]);
    const pending = await untilStatus<GatewayStatus>(
      cluster,
      gatewayAt('public'),
      ({ conditions, listeners }) =>
        stateOf(conditions, 'Programmed') === 'False Pending' && listeners?.[0]?.attachedRoutes === 1,
      'pending',
    );
    const before = statusOf<GatewayStatus>(pending);
    assert.equal(stateOf(before.conditions, 'Accepted'), 'True Accepted');
    assert.equal(stateOf(before.listeners?.[0]?.conditions, 'Programmed'), 'False Pending');
    assert.deepEqual(before.addresses ?? [], []);

    envoy = await startEnvoy(plane, 'gw-1');
    const programmed = await untilStatus<GatewayStatus>(
      cluster,
      gatewayAt('public'),
      ({ conditions, addresses }) =>
        stateOf(conditions, 'Programmed') === 'True Programmed' && addresses?.length === 1,
      'programmed',
    );
    const now = statusOf<GatewayStatus>(programmed);
    assert.deepEqual(
      now.addresses?.map(({ value }) => value),
      ['203.0.113.1'],
    );
    const [listener] = now.listeners ?? [];
    assert.equal(stateOf(listener?.conditions, 'Programmed'), 'True Programmed');
    assert.equal(stateOf(listener?.conditions, 'ResolvedRefs'), 'True ResolvedRefs');
    assert.equal(stateOf(listener?.conditions, 'Conflicted'), 'False NoConflicts');
    assert.deepEqual(listener?.supportedKinds, [{ group: 'gateway.networking.k8s.io', kind: 'TLSRoute' }]);
    const transition = (status: GatewayStatus, type: string) =>
      status.conditions?.find((condition) => condition.type === type)?.lastTransitionTime;
    assert.equal(transition(now, 'Accepted'), transition(before, 'Accepted'));
  },
);

test(
  'a route’s parents: ours written, another controller’s kept, ours without a parent removed',
  TIMEOUT,
  async () => {
    const [port = 0] = await freePorts(1);
    await cluster.client.apply([
      gateway('parents', port),
      gateway('adopted', port, { gatewayClassName: 'adopted' }),
      gateway('foreign', port, { gatewayClassName: 'other' }),
    ]);
    const spec = {
      ...route('parented', 'parents').spec,
      parentRefs: [{ name: 'parents' }, { name: 'adopted' }, { name: 'foreign' }],
    };
    await cluster.client.apply([{ ...route('parented', 'parents'), spec }]);
    const foreign = {
      parentRef: { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'foreign' },
      controllerName: OTHER,
      conditions: [
        {
          type: 'Accepted',
          status: 'True',
          reason: 'Accepted',
          message: 'theirs',
          observedGeneration: 1,
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
      ],
    };
    const stale = {
      ...foreign,
      parentRef: { ...foreign.parentRef, name: 'gone' },
      controllerName: CONTROLLER,
    };
    const written = await untilStatus<RouteStatus>(
      cluster,
      routeAt('parented'),
      ({ parents }) => parents?.length === 2,
      'parents',
    );
    const own = statusOf<RouteStatus>(written).parents ?? [];
    assert.deepEqual(
      own.map(({ parentRef, controllerName }) => [parentRef.name, controllerName]),
      [
        ['parents', CONTROLLER],
        ['adopted', ADOPTED],
      ],
    );
    assert.equal(stateOf(own[0]?.conditions, 'Accepted'), 'True Accepted');
    assert.equal(stateOf(own[0]?.conditions, 'ResolvedRefs'), 'True ResolvedRefs');

    await cluster.client.patch(
      routeAt('parented'),
      { status: { parents: [foreign, stale, ...own] } },
      'status',
    );
    await cluster.client.apply([
      { ...route('parented', 'parents'), spec: { ...spec, hostnames: ['x.example.com'] } },
    ]);
    const merged = await untilStatus<RouteStatus>(
      cluster,
      routeAt('parented'),
      ({ parents }) => parents?.length === 3 && parents[1]?.conditions[0]?.observedGeneration === 2,
      'merged',
    );
    const parents = statusOf<RouteStatus>(merged).parents ?? [];
    assert.deepEqual(parents[0], foreign);
    assert.deepEqual(
      parents.slice(1).map(({ conditions }) => conditions[0]?.lastTransitionTime),
      own.map(({ conditions }) => conditions[0]?.lastTransitionTime),
    );

    await cluster.client.apply([
      {
        ...route('parented', 'parents'),
        spec: { ...spec, hostnames: ['x.example.com'], parentRefs: [{ name: 'foreign' }] },
      },
    ]);
    await untilStatus<RouteStatus>(
      cluster,
      routeAt('parented'),
      (status) => status.parents?.length === 1 && status.parents[0]?.controllerName === OTHER,
      'only the foreign parent',
    );
  },
);

test('a host that another route has: not accepted, and an Event says so', TIMEOUT, async () => {
  const [port = 0] = await freePorts(1);
  await cluster.client.apply([gateway('contended', port), route('first', 'contended', 'same.example.com')]);
  await untilStatus<RouteStatus>(
    cluster,
    routeAt('first'),
    ({ parents }) => stateOf(parents?.[0]?.conditions, 'Accepted') === 'True Accepted',
    'accepted',
  );
  // The younger of two loses; times of creation have whole seconds, so the name decides here.
  await cluster.client.apply([route('second', 'contended', 'same.example.com')]);
  await untilStatus<RouteStatus>(
    cluster,
    routeAt('second'),
    ({ parents }) => stateOf(parents?.[0]?.conditions, 'Accepted') === 'False HostnameConflict',
    'refused',
  );
  const told = async () => {
    const { items } = await cluster.client.list('events.k8s.io/v1', 'Event', 'default');
    return items.filter(
      (event) => (event['regarding'] as { name?: string }).name === 'second' && event['type'] === 'Warning',
    );
  };
  await until(async () => (await told()).length === 1, { what: 'an Event' });
  const [event] = await told();
  assert.equal(event?.['reason'], 'HostnameConflict');
  assert.equal(event?.['reportingController'], CONTROLLER);
  assert.match(String(event?.['note']), /same\.example\.com/);
});

test('a status that is right is not written again', TIMEOUT, async () => {
  const [port = 0] = await freePorts(1);
  await cluster.client.apply([gateway('quiet', port), route('quiet', 'quiet')]);
  const settled = await untilStatus<GatewayStatus>(
    cluster,
    gatewayAt('quiet'),
    ({ conditions, listeners }) =>
      stateOf(conditions, 'Programmed') === 'True Programmed' && listeners?.[0]?.attachedRoutes === 1,
    'settled',
  );
  const version = settled.metadata.resourceVersion;
  // Something happens, all the way through, and means nothing for this Gateway.
  await cluster.client.apply([route('other', 'public')]);
  await untilStatus<RouteStatus>(
    cluster,
    routeAt('other'),
    ({ parents }) => parents?.length === 1,
    'written',
  );
  assert.equal((await cluster.client.get(gatewayAt('quiet'))).metadata.resourceVersion, version);
});

test('a foreign condition stays, and writes in between are conflicts that are solved', TIMEOUT, async () => {
  const [port = 0] = await freePorts(1);
  await cluster.client.apply([gateway('busy', port)]);
  await untilStatus<GatewayStatus>(
    cluster,
    gatewayAt('busy'),
    ({ listeners }) => listeners?.length === 1,
    'there',
  );
  const foreign = {
    type: 'example.com/Seen',
    status: 'True',
    reason: 'Seen',
    message: '',
    observedGeneration: 1,
    lastTransitionTime: '2026-01-01T00:00:00Z',
  };
  const { conditions = [] } = statusOf<GatewayStatus>(await cluster.client.get(gatewayAt('busy')));
  await cluster.client.patch(
    gatewayAt('busy'),
    { status: { conditions: [foreign, ...conditions] } },
    'status',
  );
  const routes = Array.from({ length: 20 }, (_, index) => route(`busy-${index}`, 'busy'));
  const labels = routes.map((_, index) =>
    cluster.client.patch(gatewayAt('busy'), { metadata: { labels: { index: String(index) } } }),
  );
  await Promise.all([cluster.client.apply(routes), ...labels]);
  const settled = await untilStatus<GatewayStatus>(
    cluster,
    gatewayAt('busy'),
    ({ listeners }) => listeners?.[0]?.attachedRoutes === 20,
    '20 routes',
  );
  assert.deepEqual(statusOf<GatewayStatus>(settled).conditions?.[0], foreign);
});

test('a listener that Envoy rejects says why, until Envoy takes it', TIMEOUT, async () => {
  const occupant = createServer();
  await new Promise<void>((resolve) => occupant.listen(0, '0.0.0.0', resolve));
  const { port } = occupant.address() as AddressInfo;
  await cluster.client.apply([gateway('taken', port)]);
  const rejected = await untilStatus<GatewayStatus>(
    cluster,
    gatewayAt('taken'),
    ({ conditions }) => stateOf(conditions, 'Programmed') === 'False Invalid',
    'rejected',
  );
  const { conditions, listeners } = statusOf<GatewayStatus>(rejected);
  for (const condition of [conditions, listeners?.[0]?.conditions]) {
    const programmed = condition?.find(({ type }) => type === 'Programmed');
    assert.match(programmed?.message ?? '', /Envoy rejected it: .*(bind|in use)/i);
  }
  await new Promise((resolve) => occupant.close(resolve));
  await untilStatus<GatewayStatus>(
    cluster,
    gatewayAt('taken'),
    (status) => stateOf(status.conditions, 'Programmed') === 'True Programmed',
    'taken by Envoy at last',
    30_000,
  );
});

test('an Ingress has the addresses of the gateway nodes', TIMEOUT, async () => {
  const at = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', namespace: 'default', name: 'ing' };
  await cluster.client.apply(ingressWithClass('ing', 'ing.example.com', 'api'));
  const written = await untilStatus<{ loadBalancer?: { ingress?: { ip: string }[] } }>(
    cluster,
    at,
    ({ loadBalancer }) => (loadBalancer?.ingress?.length ?? 0) === 1,
    'addresses',
  );
  const { loadBalancer } = statusOf<{ loadBalancer: { ingress: { ip: string }[] } }>(written);
  assert.deepEqual(
    loadBalancer.ingress.map(({ ip }) => ip),
    ['203.0.113.1'],
  );
});

test('when the Envoy has gone its node’s address goes too, and nothing is programmed', TIMEOUT, async () => {
  await envoy.stop();
  await untilStatus<GatewayStatus>(
    cluster,
    gatewayAt('public'),
    ({ addresses, conditions }) =>
      (addresses?.length ?? 0) === 0 && stateOf(conditions, 'Programmed') === 'False Pending',
    'no address, not programmed',
  );
});
