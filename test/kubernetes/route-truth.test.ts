/** What the owner of a route is told of its traffic, against a real kube-apiserver and real Envoys. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Writer } from 'protobufjs';
import type { ControlPlane } from '../../src/cli/serve/control-plane.ts';
import { Resource } from '../../src/proto/index.ts';
import { encodeResource } from '../../src/snapshot/resources/encode.ts';
import { CLUSTER_TYPE } from '../../src/snapshot/resources/resource.ts';
import { freePorts } from '../e2e/gateway-node.ts';
import type { EnvoyProcess } from '../harness/envoy-process.ts';
import { type Cluster, startCluster } from '../harness/kubernetes/cluster.ts';
import { until } from '../harness/until.ts';
import {
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
} from './status-replica.ts';

const TIMEOUT = { timeout: 240_000 };
const PROGRAMMED = 'sluice.dev/Programmed';
const SERVING = 'sluice.dev/Serving';

let cluster: Cluster;
let plane: ControlPlane;
let port = 0;
const envoys: EnvoyProcess[] = [];

function slice(ready: boolean) {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'api-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'api' } },
    addressType: 'IPv4',
    ports: [{ name: '', port: 6443, protocol: 'TCP' }],
    endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready, serving: ready } }],
  };
}

before(async () => {
  cluster = await startCluster({ crds: 'standard' });
  [port = 0] = await freePorts(1);
  await cluster.client.apply([
    gatewayClass('sluice'),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'api', namespace: 'default' },
      spec: { ports: [{ port: 443 }] },
    },
    slice(false),
    gateway('public', port),
    route('demo', 'public'),
    ...ingressWithClass('ing', 'ing.example.com', 'api'),
  ]);
  plane = await startReplica(cluster, { flags: { leaderElection: ['off'] } });
  envoys.push(await startEnvoy(plane, 'gw-1'), await startEnvoy(plane, 'gw-2'));
}, TIMEOUT);
after(async () => {
  await Promise.all(envoys.map((envoy) => envoy.stop()));
  await plane?.stop();
  await cluster?.stop();
});

/** Until the route has the condition in this state; its message. */
async function messageWhen(type: string, state: string): Promise<string> {
  const object = await untilStatus<RouteStatus>(
    cluster,
    routeAt('demo'),
    ({ parents }) => stateOf(parents?.[0]?.conditions, type) === state,
    `${type} ${state}`,
    30_000,
  );
  const conditions = statusOf<RouteStatus>(object).parents?.[0]?.conditions;
  return conditions?.find((each) => each.type === type)?.message ?? '';
}

/** Events of an object with that action, by type and reason. */
async function eventsAbout(name: string, action: string): Promise<readonly string[]> {
  const { items } = await cluster.client.list('events.k8s.io/v1', 'Event', 'default');
  return items
    .map(
      (event) => event as { action?: string; regarding?: { name?: string }; type?: string; reason?: string },
    )
    .filter((event) => event.regarding?.name === name && event.action === action)
    .map(({ type, reason }) => `${type} ${reason}`)
    .sort();
}

async function untilEvents(name: string, action: string, wanted: readonly string[]): Promise<void> {
  await until(async () => JSON.stringify(await eventsAbout(name, action)) === JSON.stringify(wanted), {
    what: `Events ${wanted.join(', ')} of ${name}`,
    timeoutMs: 20_000,
  });
}

test(
  'nothing can answer: the route says so, with one Event when it begins and one when it is over',
  TIMEOUT,
  async () => {
    assert.equal(
      await messageWhen(SERVING, 'False EndpointsNotReady'),
      'Connections are closed: none of 1 endpoints of Service default/api is ready.',
    );
    await untilEvents('demo', 'Serving', ['Warning EndpointsNotReady']);
    await untilEvents('ing', 'Serving', ['Warning EndpointsNotReady']);
    await cluster.client.apply([slice(true)]);
    await messageWhen(SERVING, 'True Serving');
    await untilEvents('demo', 'Serving', ['Normal Serving', 'Warning EndpointsNotReady']);
  },
);

test(
  'what Envoys refuse is told to the owner of the route in Envoy’s words, until they take it',
  TIMEOUT,
  async () => {
    const name = `0.0.0.0:${port}/demo.example.com`;
    const { resources } = plane.engine;
    const good = resources.get(CLUSTER_TYPE, name);
    assert.ok(good !== undefined);
    const content = Resource.decode(good.bytes).resource?.value ?? new Uint8Array();
    // As from a control plane that is newer than its Envoys: a transport socket that they were built without.
    const newer = Buffer.concat([content, unknownTransport()]);
    resources.stage(
      CLUSTER_TYPE,
      name,
      encodeResource(CLUSTER_TYPE, name, newer, { reference: good.references?.[0] ?? '' }),
    );
    resources.publish();
    const both = await untilStatus<RouteStatus>(
      cluster,
      routeAt('demo'),
      ({ parents }) => messageOf(parents?.[0]?.conditions, PROGRAMMED).includes('on 2 nodes'),
      'rejected by both',
      30_000,
    );
    const [parent] = statusOf<RouteStatus>(both).parents ?? [];
    assert.equal(stateOf(parent?.conditions, PROGRAMMED), 'False EnvoyRejected');
    assert.match(
      messageOf(parent?.conditions, PROGRAMMED),
      /^Envoy rejected demo\.example\.com on 2 nodes; .*sluice\.test\.not_built_in/s,
    );
    resources.stage(CLUSTER_TYPE, name, good);
    resources.publish();
    await untilStatus<RouteStatus>(
      cluster,
      routeAt('demo'),
      ({ parents }) => stateOf(parents?.[0]?.conditions, PROGRAMMED) === '',
      'accepted again',
      30_000,
    );
  },
);

function messageOf(conditions: Parameters<typeof stateOf>[0], type: string): string {
  return conditions?.find((each) => each.type === type)?.message ?? '';
}

/** Field `transport_socket` of a Cluster. */
function unknownTransport(): Uint8Array {
  const writer = Writer.create();
  const socket = writer.uint32(tag(24)).fork().uint32(tag(1)).string('sluice.test.not_built_in');
  const config = socket.uint32(tag(3)).fork();
  return config
    .uint32(tag(1))
    .string('type.googleapis.com/sluice.test.NotBuiltIn')
    .ldelim()
    .ldelim()
    .finish();
}

/** Of a length-delimited field. */
function tag(field: number): number {
  return (field << 3) | 2;
}
