/** Two controllers on the same objects, against a real kube-apiserver: who writes what in each mode, and that nobody fights. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ControlPlane } from '../../src/cli/serve/control-plane.ts';
import { freePorts } from '../e2e/gateway-node.ts';
import { type Cluster, startCluster } from '../harness/kubernetes/cluster.ts';
import { until } from '../harness/until.ts';
import {
  GATEWAY_API,
  type GatewayStatus,
  gateway,
  gatewayAt,
  gatewayClass,
  type RouteStatus,
  route,
  routeAt,
  startReplica,
  stateOf,
  statusOf,
  untilStatus,
} from './status-replica.ts';

const TIMEOUT = { timeout: 120_000 };
const NGINX = 'k8s.io/ingress-nginx';
const HIGRESS = 'higress.io/gateway-controller';
const NEW_ADDRESS = '203.0.113.1';
/** What the old controller writes, in turn. */
const OLD = [['198.51.100.7'], ['198.51.100.7', '198.51.100.8']] as const;
const INGRESS = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', namespace: 'default', name: 'web' };

interface IngressStatus {
  readonly loadBalancer?: { readonly ingress?: readonly { readonly ip: string }[] };
}
interface StatusesPage {
  readonly withheld: number;
  readonly objects: readonly {
    readonly object: string;
    readonly isWithheld: boolean;
    readonly status: {
      readonly addresses?: readonly string[];
      readonly parents?: readonly object[];
    } | null;
  }[];
}

let cluster: Cluster;
let plane: ControlPlane;

const apiVersion = 'networking.k8s.io/v1';
const ingress = (host: string, isAsking = true) => ({
  apiVersion,
  kind: 'Ingress',
  metadata: {
    name: 'web',
    namespace: 'default',
    annotations: { 'nginx.ingress.kubernetes.io/ssl-passthrough': String(isAsking) },
  },
  spec: {
    ingressClassName: 'nginx',
    rules: [
      {
        host,
        http: {
          paths: [
            { path: '/', pathType: 'Prefix', backend: { service: { name: 'api', port: { number: 443 } } } },
          ],
        },
      },
    ],
  },
});

async function start(mode: 'off' | 'shadow' | 'own'): Promise<void> {
  plane = await startReplica(cluster, {
    flags: {
      statusMode: [mode],
      leaderElection: ['off'],
      adoptControllerName: [NGINX, HIGRESS],
      gatewayAddress: [NEW_ADDRESS],
    },
    envoyGraceMs: 100,
  });
}

async function statuses(query = ''): Promise<StatusesPage> {
  const answer = await fetch(`http://127.0.0.1:${plane.adminPort}/debug/statuses${query}`);
  return (await answer.json()) as StatusesPage;
}

/** Until Sluice has seen the host and says of the Ingress what its status should be: no address where it asks for no passthrough. */
async function untilSeen(host: string, isAsking: boolean): Promise<void> {
  const wanted = isAsking ? NEW_ADDRESS : '';
  await until(
    async () => {
      const asked = await statuses('?object=Ingress/default/web');
      const answer = await fetch(`http://127.0.0.1:${plane.adminPort}/debug/routes?host=${host}`);
      const explained = JSON.stringify(await answer.json());
      return (
        asked.objects[0]?.status?.addresses?.join() === wanted && explained.includes('Ingress default/web')
      );
    },
    { what: `${host} is seen`, timeoutMs: 20_000 },
  );
}

async function written(): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${plane.adminPort}/metrics`)).text();
  return Number(/^sluice_status_writes_total\{result="written"\} (\d+)$/m.exec(metrics)?.[1]);
}

async function addresses(): Promise<readonly string[]> {
  const { loadBalancer } = statusOf<IngressStatus>(await cluster.client.get(INGRESS));
  return (loadBalancer?.ingress ?? []).map(({ ip }) => ip);
}

/**
 * The old controller: writes all the time, `rounds` times; how often it found something else than what it had written. Meanwhile the
 * Ingress changes its host, and where `isFickle` asks for passthrough every other time, so that Sluice has something to look at.
 */
async function oldController(rounds: number, isFickle = false): Promise<number> {
  let stolen = 0;
  let mine: readonly string[] | undefined;
  for (let round = 0; round < rounds; round += 1) {
    if (mine !== undefined && (await addresses()).join() !== mine.join()) stolen += 1;
    mine = OLD[round % 2] ?? [];
    const loadBalancer = { ingress: mine.map((ip) => ({ ip })) };
    await cluster.client.patch(INGRESS, { status: { loadBalancer } }, 'status');
    const [host, isAsking] = [`web-${round % 2}.example.com`, !isFickle || round % 2 === 1];
    await cluster.client.apply([ingress(host, isAsking)]);
    await untilSeen(host, isAsking);
  }
  return stolen;
}

before(async () => {
  cluster = await startCluster({ crds: 'standard' });
  const [port = 0] = await freePorts(1);
  await cluster.client.apply([
    gatewayClass('sluice'),
    gatewayClass('higress', HIGRESS),
    gateway('public', port),
    gateway('old', port, { gatewayClassName: 'higress' }),
    { apiVersion, kind: 'IngressClass', metadata: { name: 'nginx' }, spec: { controller: NGINX } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'api', namespace: 'default' },
      spec: { ports: [{ port: 443 }] },
    },
    ingress('web-1.example.com'),
    {
      ...route('both', 'public'),
      spec: { ...route('both', 'public').spec, parentRefs: [{ name: 'public' }, { name: 'old' }] },
    },
  ]);
}, TIMEOUT);
after(async () => {
  await plane?.stop();
  await cluster?.stop();
});

test('shadow: our own classes have conditions, nothing has addresses of ours', TIMEOUT, async () => {
  await start('shadow');
  await untilStatus<GatewayStatus>(
    cluster,
    gatewayAt('public'),
    ({ conditions, listeners }) =>
      stateOf(conditions, 'Accepted') === 'True Accepted' && listeners?.[0]?.attachedRoutes === 1,
    'accepted',
  );
  const both = await untilStatus<RouteStatus>(
    cluster,
    routeAt('both'),
    ({ parents }) => parents !== undefined,
    'told',
  );
  assert.deepEqual(
    statusOf<RouteStatus>(both).parents?.map(({ parentRef }) => parentRef.name),
    ['public'],
  );
  await until(async () => (await statuses()).withheld === 5, { what: 'all were looked at' });
  const page = await statuses();
  assert.deepEqual(page.objects.map(({ object }) => object).sort(), [
    'Gateway/default/old',
    'Gateway/default/public',
    'GatewayClass//higress',
    'Ingress/default/web',
    'TLSRoute/default/both',
  ]);
  const of = (name: string) => page.objects.find(({ object }) => object === name)?.status;
  assert.deepEqual(of('Ingress/default/web')?.addresses, [NEW_ADDRESS]);
  assert.deepEqual(of('Gateway/default/public')?.addresses, [NEW_ADDRESS]);
  const own = statusOf<GatewayStatus>(await cluster.client.get(gatewayAt('public')));
  assert.deepEqual(own.addresses ?? [], []);
  const theirs = await cluster.client.get({ apiVersion: GATEWAY_API, kind: 'GatewayClass', name: 'higress' });
  assert.equal(stateOf(statusOf<GatewayStatus>(theirs).conditions, 'Accepted'), 'Unknown Pending');
});

test('shadow: an old controller that writes all the time is never written over', TIMEOUT, async () => {
  const before = await written();
  // What its status should say by Sluice is another thing each time.
  assert.equal(await oldController(20, true), 0);
  assert.equal(await written(), before, 'Sluice wrote nothing meanwhile');
  const { managedFields = [] } = (await cluster.client.get(INGRESS)).metadata as {
    readonly managedFields?: readonly { readonly manager: string }[];
  };
  assert.ok(!managedFields.some(({ manager }) => manager === 'sluice'), 'nor ever anything to the Ingress');
});

test('own: the addresses are ours once the old controller keeps still', TIMEOUT, async () => {
  await plane.stop();
  await start('own');
  await untilStatus<IngressStatus>(
    cluster,
    INGRESS,
    ({ loadBalancer }) => loadBalancer?.ingress?.map(({ ip }) => ip).join() === NEW_ADDRESS,
    'ours',
  );
  for (const name of ['public', 'old'])
    await untilStatus<GatewayStatus>(
      cluster,
      gatewayAt(name),
      (status) => status.addresses?.map(({ value }) => value).join() === NEW_ADDRESS,
      'ours',
    );
  await untilStatus<RouteStatus>(cluster, routeAt('both'), ({ parents }) => parents?.length === 2, 'told');
});

test('own: an old controller that writes again has its way; there is no fight', TIMEOUT, async () => {
  const before = await written();
  assert.equal(await oldController(10), 0);
  assert.equal(await written(), before);
});

test(
  'back to shadow: what the old controller writes stays, our own Gateway keeps what it had',
  TIMEOUT,
  async () => {
    await plane.stop();
    await start('shadow');
    assert.equal(await oldController(3), 0);
    assert.deepEqual(await addresses(), OLD[0]);
    await cluster.client.apply([route('later', 'public')]);
    await untilStatus<RouteStatus>(cluster, routeAt('later'), ({ parents }) => parents?.length === 1, 'told');
    const { addresses: kept } = statusOf<GatewayStatus>(await cluster.client.get(gatewayAt('public')));
    assert.deepEqual(
      kept?.map(({ value }) => value),
      [NEW_ADDRESS],
    );
  },
);

test('off: nothing is written, and what would be is shown', TIMEOUT, async () => {
  await plane.stop();
  await start('off');
  // Refused, which would be an Event: no listener has this name.
  await cluster.client.apply([route('silent', 'public', 'elsewhere.example.org')]);
  await until(
    async () => {
      const { objects } = await statuses('?object=TLSRoute/default/silent');
      return objects[0]?.status?.parents?.length === 1;
    },
    { what: 'it is known what the status should say' },
  );
  assert.equal(await oldController(2), 0);
  assert.equal(await written(), 0);
  assert.equal((await cluster.client.get(routeAt('silent')))['status'], undefined);
  const { items } = await cluster.client.list('events.k8s.io/v1', 'Event', 'default');
  assert.deepEqual(
    items.filter((event) => (event['regarding'] as { name?: string }).name === 'silent'),
    [],
  );
});
