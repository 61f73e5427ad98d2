/** 20,000 objects of a real kube-apiserver, listed, and listed anew after the watch's history was compacted away. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { after, before, test } from 'node:test';
import { WATCHED_KINDS } from '../../src/kubernetes-api/watched-kind.ts';
import { createKubernetesSource } from '../../src/watchers/kubernetes/kubernetes-source.ts';
import { RecordingLogger, RecordingSink } from '../../src/watchers/kubernetes/test-sink.ts';
import { type Cluster, startCluster } from '../harness/kubernetes/cluster.ts';
import { startProxy } from '../harness/kubernetes/cuttable-proxy.ts';

const OBJECTS = 20_000;
const AT_ONCE = 48;
const PATH = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';

let cluster: Cluster;
before(async () => {
  cluster = await startCluster();
});
after(() => cluster.stop());

function slice(index: number, address = `10.0.${index >> 8}.${index & 255}`) {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `slice-${index}`,
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': `service-${index}` },
    },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address] }],
    ports: [{ name: 'api', port: 6443, protocol: 'TCP' }],
  };
}

async function inParallel(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      await work(next - 1);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Name → first address, as the API has them. */
async function present(): Promise<Map<string, string>> {
  const { items } = await cluster.client.list('discovery.k8s.io/v1', 'EndpointSlice', 'default');
  return new Map(
    items
      .filter(({ metadata }) => metadata.name.startsWith('slice-'))
      .map((item) => {
        const { endpoints } = item as unknown as { endpoints: { addresses: string[] }[] };
        return [item.metadata.name, endpoints[0]?.addresses[0] ?? ''];
      }),
  );
}

function seen(sink: RecordingSink): Map<string, string> {
  const found = new Map<string, string>();
  for (const object of sink.objects.values()) {
    if (object.kind === 'EndpointSlice' && object.meta.name.startsWith('slice-'))
      found.set(object.meta.name, object.endpoints[0]?.addresses[0] ?? '');
  }
  return found;
}

test('20,000 objects, read and read again, equal what the API has', { timeout: 300_000 }, async (t) => {
  await inParallel(OBJECTS, (index) => cluster.client.raw('POST', PATH, { body: slice(index) }));
  const proxy = await startProxy(cluster.apiServer.port);
  t.after(() => proxy.stop());
  const logger = new RecordingLogger();
  const sink = new RecordingSink();
  const source = createKubernetesSource({
    kubeconfig: await throughProxy(cluster.kubeconfig, proxy.port),
    logger,
    kinds: WATCHED_KINDS.filter(({ kind }) => kind === 'EndpointSlice'),
    limits: { backoffMaxMs: 500 },
  });
  t.after(() => source.stop());
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  await source.start(sink);
  await sink.untilSynced('EndpointSlice');
  delay.disable();
  t.diagnostic(
    `longest stall of the event loop while 20,000 were listed: ${(delay.max / 1e6).toFixed(0)} ms`,
  );
  assert.equal(seen(sink).size, OBJECTS);

  proxy.cut();
  await inParallel(200, (index) => cluster.client.raw('DELETE', `${PATH}/slice-${index}`));
  await inParallel(200, (index) => cluster.client.raw('POST', PATH, { body: slice(OBJECTS + index) }));
  await inParallel(200, (index) =>
    cluster.client.raw('PUT', `${PATH}/slice-${1_000 + index}`, { body: slice(1_000 + index, '10.99.0.1') }),
  );
  await cluster.etcd.compact(await cluster.etcd.revision());
  await cluster.apiServer.kill();
  await cluster.apiServer.restart();
  proxy.mend();
  const expected = await present();
  assert.equal(expected.size, OBJECTS);
  await sink.until(() => {
    const now = seen(sink);
    return now.get(`slice-${OBJECTS + 199}`) !== undefined && !now.has('slice-0') && now.size === OBJECTS;
  });
  assert.deepEqual(seen(sink), expected);
});

/** The administrator's kubeconfig, with the proxy in the place of the server. */
async function throughProxy(kubeconfig: string, port: number): Promise<string> {
  const file = `${kubeconfig}.proxied`;
  const text = await readFile(kubeconfig, 'utf8');
  await writeFile(file, text.replace(/server: .*/, `server: https://127.0.0.1:${port}`));
  return file;
}
