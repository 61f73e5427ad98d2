/** Lists of Services and EndpointSlices as protobuf and as JSON, from a real API server: the same objects. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { systemClock } from '../../src/kubernetes-api/clock.ts';
import { createHttpTransport } from '../../src/kubernetes-api/http-transport.ts';
import { PROTOBUF } from '../../src/kubernetes-api/protobuf-list.ts';
import { type ApiTransport, readBody } from '../../src/kubernetes-api/transport.ts';
import { resourceOf, WATCHED_KINDS } from '../../src/kubernetes-api/watched-kind.ts';
import type { KubernetesObject } from '../../src/model/objects.ts';
import { parsePage, tokenOf } from '../../src/watchers/kubernetes/list-page.ts';
import { decodeObject } from '../../src/watchers/objects/decode.ts';
import { type Cluster, startCluster } from '../harness/kubernetes/cluster.ts';

let cluster: Cluster;
let transport: ApiTransport;
before(async () => {
  cluster = await startCluster();
  transport = createHttpTransport({ kubeconfig: cluster.kubeconfig, clock: systemClock });
});
after(async () => {
  transport.close();
  await cluster.stop();
});

const service = (name: string, spec: object, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'default', ...metadata },
  spec,
});
const slice = (name: string, content: object, labels: object = { 'kubernetes.io/service-name': 'a' }) => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name, namespace: 'default', labels },
  ...content,
});
const port = (name: string, number: number, more: object = {}) => ({ name, port: number, ...more });

const SERVICES = [
  service('one-port', { ports: [{ port: 443 }] }),
  service('many-ports', {
    ports: [
      port('tcp', 1),
      port('udp', 65_535, { protocol: 'UDP', targetPort: 'dns' }),
      port('sctp', 9_000, { protocol: 'SCTP', appProtocol: 'example.com/x' }),
    ],
    selector: { app: 'x' },
  }),
  service('headless', { clusterIP: 'None', publishNotReadyAddresses: true, ports: [port('api', 6443)] }),
  service('headless-no-ports', { clusterIP: 'None' }),
  service('node-port', { type: 'NodePort', ports: [port('api', 6443)], externalIPs: ['192.0.2.1'] }),
  service('balancer', {
    type: 'LoadBalancer',
    allocateLoadBalancerNodePorts: false,
    loadBalancerSourceRanges: ['192.0.2.0/24'],
    sessionAffinity: 'ClientIP',
    internalTrafficPolicy: 'Local',
    ports: [port('api', 6443)],
  }),
  service('external', { type: 'ExternalName', externalName: 'example.com' }),
  service('external-ports', { type: 'ExternalName', externalName: 'example.com', ports: [port('a', 1)] }),
  service(
    'described',
    { ports: [port('api', 6443)] },
    {
      labels: { 'a/b': 'c', empty: '' },
      annotations: { note: 'ä€😀 "quoted" }]', 'sluice.dev/stats': 'true' },
      finalizers: ['example.com/wait'],
    },
  ),
];

const SLICES = [
  slice('nothing', { addressType: 'IPv4', endpoints: [], ports: [] }),
  slice('no-service', { addressType: 'IPv4', endpoints: [] }, {}),
  slice('empty-label', { addressType: 'IPv4', endpoints: [] }, { 'kubernetes.io/service-name': '' }),
  slice('six', {
    addressType: 'IPv6',
    endpoints: [{ addresses: ['2001:db8::1'] }, { addresses: ['2001:db8::2'], conditions: {} }],
    ports: [port('api', 6443), { name: 'none', protocol: 'UDP' }],
  }),
  slice('named', {
    addressType: 'FQDN',
    endpoints: [{ addresses: ['a.example.com'] }],
    ports: [{ port: 1 }],
  }),
  slice('conditions', {
    addressType: 'IPv4',
    endpoints: [true, false, undefined].flatMap((ready, a) =>
      [true, false, undefined].flatMap((serving, b) =>
        [true, false, undefined].map((terminating, c) => ({
          addresses: [`10.1.${a}.${b * 10 + c + 1}`],
          conditions: { ready, serving, terminating },
          hostname: `host-${a}-${b}-${c}`,
          nodeName: 'node-1',
          zone: 'zone-1',
          targetRef: { kind: 'Pod', namespace: 'default', name: 'p', uid: 'u' },
          hints: { forZones: [{ name: 'zone-1' }] },
        })),
      ),
    ),
    ports: [port('api', 6443, { protocol: 'TCP', appProtocol: 'https' })],
  }),
];

/** All objects of a kind, page by page. */
async function listed(kind: string, type: string): Promise<readonly KubernetesObject[]> {
  const watched = WATCHED_KINDS.find((candidate) => candidate.kind === kind);
  assert.ok(watched);
  const resource = resourceOf(watched, 'v1');
  const objects: KubernetesObject[] = [];
  for (let token = ''; ; ) {
    const response = await transport.get({
      path: resource.path,
      query: { limit: '4', ...(token === '' ? {} : { continue: token }) },
      accept: type,
      silenceMs: 30_000,
      signal: new AbortController().signal,
    });
    assert.equal(response.contentType, type);
    const bytes = await readBody(response.body, 1e6);
    assert.ok(bytes);
    const body = { bytes, protobuf: type === PROTOBUF };
    const page = parsePage(kind, body, resource);
    assert.equal(tokenOf(body, resource), page.token);
    for (const item of page.items) {
      const decoded = decodeObject({ ...item, apiVersion: resource.apiVersion, kind });
      assert.ok(decoded.type === 'object', JSON.stringify(decoded));
      objects.push(decoded.object);
    }
    if (page.token === '') return objects;
    token = page.token;
  }
}

test('protobuf and JSON give the same objects', { timeout: 120_000 }, async () => {
  await cluster.client.createAll([...SERVICES, ...SLICES]);
  await cluster.client.remove({
    apiVersion: 'v1',
    kind: 'Service',
    namespace: 'default',
    name: 'described',
  });
  for (const [kind, written] of [
    ['Service', SERVICES],
    ['EndpointSlice', SLICES],
  ] as const) {
    const json = await listed(kind, 'application/json');
    assert.ok(json.length >= written.length, `${json.length} ${kind}`);
    assert.deepEqual(await listed(kind, PROTOBUF), json);
  }
});
