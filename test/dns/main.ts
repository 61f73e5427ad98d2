/** `npm run test:dns`: the records that the real external-dns makes of Sluice's statuses, on a real API server, with real Envoys. */
import assert from 'node:assert/strict';
import process from 'node:process';
import { after, before, test } from 'node:test';
import { AssetError } from '../../scripts/kubernetes-assets.cache.ts';
import type { ControlPlane } from '../../src/cli/serve/control-plane.ts';
import { freePorts } from '../e2e/gateway-node.ts';
import type { EnvoyProcess } from '../harness/envoy-process.ts';
import { type Cluster, startCluster } from '../harness/kubernetes/cluster.ts';
import {
  GATEWAY_API,
  gateway,
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
} from '../kubernetes/status-replica.ts';
import { externalDns } from './external-dns.ts';
import { startZone, type Zone } from './zone.ts';

const TIMEOUT = { timeout: 600_000 };
const NGINX = 'k8s.io/ingress-nginx';
const OLD = '198.51.100.7';
/** The address of a node without an Envoy is out of all statuses by then at the latest: docs/operations.md. */
const TAKEN_AWAY_MS = 12_000;
const NODES = { 'gw-1': ['203.0.113.1', '2001:db8::1'], 'gw-2': ['203.0.113.2'] } as const;

// Its modules are many, and not every module proxy has all of them.
const missing = await externalDns().then(
  () => undefined,
  (error: unknown) => {
    if (error instanceof AssetError) return error.message;
    throw error;
  },
);
if (missing !== undefined) {
  process.stdout.write(`skipped: ${missing}\n`);
  process.exit(0);
}

let cluster: Cluster;
let plane: ControlPlane | undefined;
let envoys: EnvoyProcess[] = [];
let zone: Zone;
let ports: readonly number[];

const oldIngress = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: {
    name: 'old',
    namespace: 'default',
    annotations: { 'nginx.ingress.kubernetes.io/ssl-passthrough': 'true' },
  },
  spec: {
    ingressClassName: 'nginx',
    rules: [
      {
        host: 'moving.example.com',
        http: {
          paths: [
            { path: '/', pathType: 'Prefix', backend: { service: { name: 'api', port: { number: 443 } } } },
          ],
        },
      },
    ],
  },
};

function withHosts(name: string, parent: object, hostnames: readonly string[], annotations: object = {}) {
  const base = route(name, 'public');
  return {
    ...base,
    metadata: { ...base.metadata, annotations },
    spec: { ...base.spec, parentRefs: [parent], hostnames },
  };
}

async function start(mode: 'shadow' | 'own'): Promise<void> {
  for (const envoy of envoys) await envoy.stop();
  await plane?.stop();
  plane = await startReplica(cluster, {
    flags: { statusMode: [mode], leaderElection: ['off'], adoptControllerName: [NGINX] },
    envoyGraceMs: 1_000,
  });
  envoys = [await startEnvoy(plane, 'gw-1'), await startEnvoy(plane, 'gw-2')];
}

before(async () => {
  cluster = await startCluster({ crds: 'standard' });
  ports = await freePorts(3);
  const [port = 0, konnectivity = 0, other = 0] = ports;
  const class_ = { apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass' };
  await cluster.client.apply([
    gatewayClass('sluice'),
    { ...class_, metadata: { name: 'nginx' }, spec: { controller: NGINX } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'api', namespace: 'default' },
      spec: { ports: [{ port: 443 }] },
    },
    gateway('public', port, { allowedListeners: { namespaces: { from: 'Same' } } }),
    gateway('konnectivity', konnectivity),
    {
      ...gateway('fixed', port),
      spec: { ...gateway('fixed', port).spec, addresses: [{ type: 'IPAddress', value: '127.0.0.9' }] },
    },
    {
      apiVersion: GATEWAY_API,
      kind: 'ListenerSet',
      metadata: { name: 'team', namespace: 'default' },
      spec: {
        parentRef: { name: 'public' },
        listeners: [
          {
            name: 'tls',
            port: other,
            protocol: 'TLS',
            hostname: '*.team.example.net',
            tls: { mode: 'Passthrough' },
          },
        ],
      },
    },
    ...Object.keys(NODES).map((name) => ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: { 'node-role.kubernetes.io/gateway': 'true' } },
    })),
    oldIngress,
    ...ingressWithClass('ours', 'ours.example.com', 'api'),
    withHosts('exact', { name: 'public' }, ['exact.example.com'], {
      'external-dns.kubernetes.io/ttl': '60',
    }),
    withHosts('wild', { name: 'public' }, ['*.wild.example.com']),
    // One host on two Gateways, as Kamaji has it.
    withHosts('tenant', { name: 'public' }, ['tenant.example.com']),
    withHosts('tenant-konnectivity', { name: 'konnectivity' }, ['tenant.example.com']),
    withHosts('set', { name: 'team', kind: 'ListenerSet' }, ['a.team.example.net']),
    withHosts('fixed', { name: 'fixed' }, ['fixed.example.com']),
    withHosts('outside', { name: 'public' }, ['outside.example.org']),
  ]);
  for (const [name, addresses] of Object.entries(NODES))
    await cluster.client.patch(
      { apiVersion: 'v1', kind: 'Node', name },
      { status: { addresses: addresses.map((address) => ({ type: 'ExternalIP', address })) } },
      'status',
    );
  await cluster.client.patch(
    { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', namespace: 'default', name: 'old' },
    { status: { loadBalancer: { ingress: [{ ip: OLD }] } } },
    'status',
  );
  zone = await startZone(cluster.kubeconfig, [
    '--source=ingress',
    '--source=gateway-tlsroute',
    '--gateway-listener-sets',
    '--policy=sync',
  ]);
}, TIMEOUT);
after(async () => {
  for (const envoy of envoys) await envoy.stop();
  await plane?.stop();
  await zone?.[Symbol.asyncDispose]();
  await cluster?.stop();
});

test('shadow: the old address stays, and no name of ours is published', TIMEOUT, async () => {
  await zone.untilRecord('moving.example.com', `moving.example.com A ${OLD}`);
  await start('shadow');
  await untilStatus<RouteStatus>(
    cluster,
    routeAt('outside'),
    ({ parents }) => parents?.length === 1,
    'all routes are told',
  );
  const exact = await untilStatus<RouteStatus>(
    cluster,
    routeAt('exact'),
    ({ parents }) => parents?.length === 1,
    'told',
  );
  assert.equal(stateOf(statusOf<RouteStatus>(exact).parents?.[0]?.conditions, 'Accepted'), 'True Accepted');
  // A change that external-dns sees and answers, so that it has looked at all of this.
  await cluster.client.patch(
    { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', namespace: 'default', name: 'old' },
    { metadata: { annotations: { 'external-dns.kubernetes.io/ttl': '30' } } },
  );
  await zone.untilRecord('moving.example.com', `moving.example.com A ${OLD} TTL=30`);
  assert.deepEqual(zone.records(), [`moving.example.com A ${OLD} TTL=30`]);
});

test('own: all that is accepted is published, with the addresses of its Gateway', TIMEOUT, async () => {
  await start('own');
  const both = '203.0.113.1 203.0.113.2';
  await zone.untilRecord('exact.example.com', `exact.example.com A ${both} TTL=60`);
  await zone.untilRecord('moving.example.com', `moving.example.com A ${both} TTL=30`);
  await zone.untilRecord('ours.example.com', `ours.example.com A ${both}`);
  await zone.untilRecord('a.team.example.net', `a.team.example.net A ${both}`);
  await zone.untilRecord('tenant.example.com', `tenant.example.com A ${both}`);
  await zone.untilRecord('*.wild.example.com', `*.wild.example.com A ${both}`);
  await zone.untilRecord('fixed.example.com', 'fixed.example.com A 127.0.0.9');
  // IPv6 is a record of its own.
  const six = (name: string, ttl = '') => `${name} AAAA 2001:db8::1${ttl}`;
  const names = ['*.wild', 'a.team', 'exact', 'moving', 'ours', 'tenant'];
  assert.deepEqual(
    zone.records().filter((record) => record.includes(' AAAA ')),
    names.map((name) => {
      if (name === 'exact') return six('exact.example.com', ' TTL=60');
      if (name === 'moving') return six('moving.example.com', ' TTL=30');
      return six(name === 'a.team' ? 'a.team.example.net' : `${name}.example.com`);
    }),
  );
  assert.equal(zone.record('outside.example.org'), undefined, 'no listener has it: it is not accepted');
});

test('a node whose Envoy goes takes its address out of every record', TIMEOUT, async (t) => {
  const [, second] = envoys;
  assert.ok(second !== undefined);
  const began = performance.now();
  await second.stop('SIGKILL');
  await zone.untilRecord('exact.example.com', 'exact.example.com A 203.0.113.1 TTL=60', TAKEN_AWAY_MS);
  t.diagnostic(`out of the first record after ${Math.round(performance.now() - began)} ms`);
  for (const name of ['ours', 'tenant', '*.wild'])
    await zone.untilRecord(`${name}.example.com`, `${name}.example.com A 203.0.113.1`);
  await zone.untilRecord('fixed.example.com', 'fixed.example.com A 127.0.0.9');
});

test(
  'a host that is refused to the younger route is published once, a deleted one no more',
  TIMEOUT,
  async () => {
    await cluster.client.apply([withHosts('younger', { name: 'public' }, ['exact.example.com'])]);
    await untilStatus<RouteStatus>(
      cluster,
      routeAt('younger'),
      ({ parents }) => stateOf(parents?.[0]?.conditions, 'Accepted') === 'False HostnameConflict',
      'refused',
    );
    await cluster.client.remove(routeAt('wild'));
    await zone.untilRecord('*.wild.example.com', undefined);
    assert.equal(zone.record('exact.example.com'), 'exact.example.com A 203.0.113.1 TTL=60');
  },
);

test('back to shadow: the old controller’s address is back as soon as it writes it', TIMEOUT, async () => {
  await start('shadow');
  await cluster.client.patch(
    { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', namespace: 'default', name: 'old' },
    { status: { loadBalancer: { ingress: [{ ip: OLD }] } } },
    'status',
  );
  await zone.untilRecord('moving.example.com', `moving.example.com A ${OLD} TTL=30`);
});
