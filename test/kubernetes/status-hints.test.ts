/** What people are told who wrote something that Sluice does not serve, and who has no Envoy: a real kube-apiserver. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ControlPlane } from '../../src/cli/serve/control-plane.ts';
import { freePorts } from '../e2e/gateway-node.ts';
import { type Cluster, startCluster } from '../harness/kubernetes/cluster.ts';
import { crdManifests, installCrds } from '../harness/kubernetes/crds.ts';
import { until } from '../harness/until.ts';
import {
  CONTROLLER,
  GATEWAY_API,
  type GatewayStatus,
  gateway,
  gatewayAt,
  gatewayClass,
  LEASES,
  type RouteStatus,
  startReplica,
  statusOf,
  untilStatus,
} from './status-replica.ts';

const TIMEOUT = { timeout: 120_000 };
const OTHER = 'other.example/controller';

let cluster: Cluster;
let plane: ControlPlane;

interface PresentEvent {
  readonly regarding: { readonly kind: string; readonly name: string };
  readonly reason: string;
  readonly type: string;
  readonly note: string;
}

before(async () => {
  cluster = await startCluster({ crds: 'experimental' });
  await installCrds(cluster.client, await crdManifests('experimental', ['httproutes', 'tcproutes']));
  const [port = 0] = await freePorts(1);
  await cluster.client.apply([
    gatewayClass('sluice'),
    gatewayClass('other', OTHER),
    gateway('public', port),
    gateway('foreign', port, { gatewayClassName: 'other' }),
    {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'gw-1', labels: { 'node-role.kubernetes.io/gateway': 'true' } },
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: 'nginx' },
      spec: { controller: 'k8s.io/ingress-nginx' },
    },
  ]);
  plane = await startReplica(cluster, {
    flags: { leaderElection: ['off'], adoptControllerName: ['k8s.io/ingress-nginx'] },
    envoyGraceMs: 300,
  });
}, TIMEOUT);
after(async () => {
  await plane?.stop();
  await cluster?.stop();
});

async function untilEvent(namespace: string, wished: (event: PresentEvent) => boolean, what: string) {
  let found: PresentEvent | undefined;
  await until(
    async () => {
      const { items } = await cluster.client.list('events.k8s.io/v1', 'Event', namespace);
      found = (items as unknown as readonly PresentEvent[]).find(wished);
      return found !== undefined;
    },
    { what, timeoutMs: 30_000, intervalMs: 100 },
  );
  return found;
}

test(
  'routes of other kinds are refused in their status; another controller’s entry stays',
  TIMEOUT,
  async () => {
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
    for (const kind of ['HTTPRoute', 'TCPRoute']) {
      const at = { apiVersion: GATEWAY_API, kind, namespace: 'default', name: 'web' };
      await cluster.client.apply([
        {
          apiVersion: GATEWAY_API,
          kind,
          metadata: { name: 'web', namespace: 'default' },
          spec: {
            parentRefs: [{ name: 'public' }, { name: 'foreign' }],
            rules: [{ backendRefs: [{ name: 'api', port: 443 }] }],
          },
        },
      ]);
      const written = await untilStatus<RouteStatus>(
        cluster,
        at,
        ({ parents }) => parents?.length === 1,
        'refused',
      );
      const [own] = statusOf<RouteStatus>(written).parents ?? [];
      assert.deepEqual([own?.parentRef.name, own?.controllerName], ['public', CONTROLLER]);
      const [{ type, status, reason, message } = { message: '' }] = own?.conditions ?? [];
      assert.deepEqual([type, status, reason], ['Accepted', 'False', 'NotAllowedByListeners']);
      assert.match(message, new RegExp(`serves no ${kind}: write a TLSRoute`));

      await cluster.client.patch(at, { status: { parents: [own, foreign] } }, 'status');
      await cluster.client.patch(at, { spec: { parentRefs: [{ name: 'foreign' }] } });
      const left = await untilStatus<RouteStatus>(
        cluster,
        at,
        ({ parents }) => parents?.length === 1,
        'left',
      );
      assert.deepEqual(statusOf<RouteStatus>(left).parents, [foreign]);
      await untilEvent(
        'default',
        ({ regarding, reason: told }) => regarding.kind === kind && told === 'NotAllowedByListeners',
        `an Event on the ${kind}`,
      );
    }
  },
);

test('an Ingress in words of other controllers gets an Event; one of them is served', TIMEOUT, async () => {
  const ingress = (name: string, annotations: object) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name, namespace: 'default', annotations },
    spec: {
      ingressClassName: 'nginx',
      rules: [
        {
          host: `${name}.example.com`,
          http: {
            paths: [
              { path: '/', pathType: 'Prefix', backend: { service: { name: 'api', port: { number: 443 } } } },
            ],
          },
        },
      ],
    },
  });
  const nginx = 'nginx.ingress.kubernetes.io';
  await cluster.client.apply([
    ingress('yes', { [`${nginx}/ssl-passthrough`]: 'yes' }),
    ingress('haproxy', { 'haproxy.org/ssl-passthrough': 'true' }),
    ingress('dropped', {
      [`${nginx}/ssl-passthrough`]: 'True',
      [`${nginx}/whitelist-source-range`]: '10.0.0.0/8',
    }),
    ingress('plain', {}),
  ]);
  const eventOf = (name: string, reason: string) =>
    untilEvent(
      'default',
      (event) =>
        event.regarding.kind === 'Ingress' && event.regarding.name === name && event.reason === reason,
      `Event ${reason} on Ingress ${name}`,
    );
  assert.match((await eventOf('yes', 'NoPassthrough'))?.note ?? '', /"yes" of .* is neither true nor false/);
  assert.match((await eventOf('haproxy', 'NoPassthrough'))?.note ?? '', /Write sluice\.dev\/ssl-passthrough/);
  const dropped = await eventOf('dropped', 'NotRead');
  assert.equal(dropped?.type, 'Normal');
  assert.match(dropped.note, /whitelist-source-range: Clients of every address can connect/);
  const problems = (await (await fetch(`http://127.0.0.1:${plane.adminPort}/problems`)).json()) as readonly {
    readonly object?: { readonly name: string };
  }[];
  const named = new Set(problems.flatMap(({ object }) => object?.name ?? []));
  for (const name of ['yes', 'haproxy', 'dropped']) assert.ok(named.has(name), name);
  assert.ok(!named.has('plain'));
});

test(
  'without an Envoy the Gateway, its operator and /readyz are told, each node by name',
  TIMEOUT,
  async () => {
    const message = ({ conditions }: GatewayStatus) =>
      conditions?.find(({ type }) => type === 'Programmed')?.message ?? '';
    await untilStatus<GatewayStatus>(
      cluster,
      gatewayAt('public'),
      (status) =>
        message(status).startsWith('No Envoy is connected to Sluice;') &&
        /gateway nodes: gw-1\.$/.test(message(status)),
      'no Envoy',
    );
    const event = await untilEvent(
      LEASES,
      ({ reason }) => reason === 'NoEnvoyConnected',
      'an Event for the operator',
    );
    assert.equal(event?.regarding.kind, 'Lease');
    const page = async (path: string) => await fetch(`http://127.0.0.1:${plane.adminPort}${path}`);
    const ready = await page('/readyz');
    assert.equal(ready.status, 200);
    assert.match(await ready.text(), /^ok\nno Envoy is connected to any replica/);
    assert.deepEqual(await (await page('/debug/nodes?expected')).json(), {
      expected: ['gw-1'],
      missing: ['gw-1'],
    });
    const metrics = await (await page('/metrics')).text();
    assert.match(metrics, /^sluice_nodes_expected 1$/m);
    assert.match(metrics, /^sluice_nodes_missing 1$/m);
  },
);
