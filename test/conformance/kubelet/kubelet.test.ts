import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { echoServer } from '../../../scripts/conformance-assets.ts';
import { ApiError } from '../../harness/kubernetes/client.ts';
import { type Cluster, startCluster } from '../../harness/kubernetes/cluster.ts';
import { reexecInNetworkNamespace } from '../../harness/network-namespace.ts';
import { until } from '../../harness/until.ts';
import { Kubelet } from './kubelet.ts';

const server = await echoServer();
await reexecInNetworkNamespace(import.meta.url, { contained: true });

interface Status {
  readonly phase: string;
  readonly podIP?: string;
  readonly hostIP?: string;
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
}

let cluster: Cluster;
let kubelet: Kubelet;
const reports: string[] = [];

before(async () => {
  cluster = await startCluster({ users: [{ name: 'kubelet', groups: ['system:masters'] }] });
  const { url, apiServer } = cluster;
  kubelet = await Kubelet.start({
    api: { url, ca: apiServer.authority.certificate, token: cluster.tokenOf('kubelet') },
    nodes: [{ name: 'node-1', address: '100.65.0.105', labels: { 'sluice.dev/gateway-node': 'true' } }],
    directory: await mkdtemp(path.join(tmpdir(), 'pods-')),
    servers: { 'echo-basic': server },
    report: (line) => reports.push(line),
  });
  await cluster.client.create({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: 'default' },
  });
});

after(async () => {
  await kubelet.stop();
  await cluster.stop();
  assert.deepEqual(reports, []);
});

const ECHO = 'registry.k8s.io/gateway-api/conformance/echo-basic:v0.1.0';

function pod(name: string, container: object, volumes: readonly object[] = []): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: name } },
    spec: { containers: [{ name: 'main', image: ECHO, ...container }], volumes },
  };
}

function service(name: string, targetPorts: readonly number[], protocol = 'TCP'): object {
  const ports = targetPorts.map((port) => ({ name: `p${port}`, protocol, port, targetPort: port }));
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { selector: { app: name }, ports },
  };
}

const named = (name: string) => ({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name });

async function status(name: string): Promise<Status> {
  return (await cluster.client.get(named(name)))['status'] as Status;
}

async function untilReady(name: string): Promise<string> {
  await until(
    async () =>
      (await status(name)).conditions?.some((each) => each.type === 'Ready' && each.status === 'True') ===
      true,
    { what: `pod ${name} ready`, timeoutMs: 20_000 },
  );
  return (await status(name)).podIP ?? '';
}

/** The error's code, `''` where the connection is made. */
async function dial(host: string, port: number): Promise<string> {
  return await new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('connect', () => {
      socket.destroy();
      resolve('');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

test('a Pod runs the server with its environment, and is ready when it listens', async () => {
  const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
  const env = [field('POD_NAME', 'metadata.name'), field('NAMESPACE', 'metadata.namespace')];
  await cluster.client.create(service('echo', [3000, 3001]));
  await cluster.client.create(pod('echo', { env }));
  const address = await untilReady('echo');
  const response = await fetch(`http://${address}:3000/`);
  const { namespace, pod: name } = (await response.json()) as { namespace: string; pod: string };
  assert.deepEqual({ namespace, name }, { namespace: 'default', name: 'echo' });
  assert.equal(await dial(address, 3001), '');
  assert.equal((await status('echo')).hostIP, '100.65.0.105');
});

test('a Pod waits for its Secret, and finds it where it is mounted', async () => {
  const { key, certificate } = await cluster.apiServer.authority.server(['abc.example.com'], []);
  const env = [
    { name: 'TLS_SERVER_CERT', value: '/etc/secret-volume/crt' },
    { name: 'TLS_SERVER_PRIVKEY', value: '/etc/secret-volume/key' },
  ];
  const items = [
    { key: 'tls.crt', path: 'crt' },
    { key: 'tls.key', path: 'key' },
  ];
  await cluster.client.create(service('secure', [8443]));
  await cluster.client.create(
    pod('secure', { env, volumeMounts: [{ name: 'certificate', mountPath: '/etc/secret-volume' }] }, [
      { name: 'certificate', secret: { secretName: 'later', items } },
    ]),
  );
  const waiting = async () =>
    JSON.stringify((await cluster.client.get(named('secure')))['status']).includes('waiting for later');
  await until(waiting, { what: 'Pod waiting for its Secret' });
  assert.equal((await status('secure')).phase, 'Pending');
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  await cluster.client.create({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'later', namespace: 'default' },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': base64(certificate), 'tls.key': base64(key) },
  });
  const host = await untilReady('secure');
  const ca = cluster.apiServer.authority.certificate;
  await new Promise<void>((resolve, reject) => {
    const socket = connectTls({ host, port: 8443, servername: 'abc.example.com', ca }, () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
});

test('a Pod of a Service with UDP is ready when it answers there', async () => {
  const env = [
    { name: 'UDP_ECHO_SERVER', value: '1' },
    { name: 'POD_NAME', value: 'udp' },
  ];
  await cluster.client.create(service('udp', [8080], 'UDP'));
  await cluster.client.create(pod('udp', { env }));
  const address = await untilReady('udp');
  const socket = createSocket('udp4');
  socket.send('hello', 8080, address);
  const [answer] = (await once(socket, 'message')) as [Buffer];
  socket.close();
  const { request, pod: name } = JSON.parse(answer.toString()) as { request: string; pod: string };
  assert.deepEqual({ request, name }, { request: 'hello', name: 'udp' });
});

test('a connection to a Pod without a process is refused at once', async () => {
  await cluster.client.create(pod('idle', { image: 'registry.k8s.io/coredns/coredns:v1.12.2' }));
  assert.equal(await dial(await untilReady('idle'), 53), 'ECONNREFUSED');
});

test('a Pod that is deleted is gone with its process and its address', async () => {
  await cluster.client.create(pod('short', {}));
  const address = await untilReady('short');
  assert.equal(await dial(address, 3000), '');
  await cluster.client.remove(named('short'));
  const gone = (error: unknown): boolean => error instanceof ApiError && error.status === 404;
  await until(() => status('short').then(() => false, gone), { what: 'Pod gone' });
  assert.equal(await dial(address, 3000), 'ENETUNREACH');
});

test('Nodes are registered, ready and without taints', async () => {
  const node = (await cluster.client.get({ apiVersion: 'v1', kind: 'Node', name: 'node-1' })) as unknown as {
    metadata: { labels: Record<string, string> };
    spec: { taints?: unknown };
    status: { conditions: { type: string; status: string }[] };
  };
  assert.equal(node.metadata.labels['sluice.dev/gateway-node'], 'true');
  assert.equal(node.spec.taints, undefined);
  assert.ok(node.status.conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True'));
});
