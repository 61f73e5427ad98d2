/** The Kubernetes source against a real kube-apiserver. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { after, before, test } from 'node:test';
import { WATCHED_KINDS } from '../../src/kubernetes-api/watched-kind.ts';
import { KINDS } from '../../src/model/kinds.ts';
import {
  createKubernetesSource,
  type KubernetesSourceOptions,
} from '../../src/watchers/kubernetes/kubernetes-source.ts';
import { RecordingLogger, RecordingSink } from '../../src/watchers/kubernetes/test-sink.ts';
import { type Cluster, startCluster } from '../harness/kubernetes/cluster.ts';
import { crdManifests, installCrds, removeCrd } from '../harness/kubernetes/crds.ts';
import { startProxy } from '../harness/kubernetes/cuttable-proxy.ts';

const TIMEOUT = { timeout: 120_000 };
const TLS_ROUTE_CRD = 'tlsroutes.gateway.networking.k8s.io';

let cluster: Cluster;
before(async () => {
  cluster = await startCluster({ users: [{ name: 'sluice' }] });
});
after(() => cluster.stop());

async function start(t: TestContext, options: Partial<KubernetesSourceOptions> = {}) {
  const sink = new RecordingSink();
  const logger = new RecordingLogger();
  const source = createKubernetesSource({ kubeconfig: cluster.kubeconfig, logger, ...options });
  t.after(() => source.stop());
  await source.start(sink);
  return { sink, logger, source };
}

function only(...kinds: readonly string[]) {
  return WATCHED_KINDS.filter(({ kind }) => kinds.includes(kind));
}

function service(name: string, port = 443) {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { ports: [{ name: 'api', port }] },
  };
}

const serviceAt = (name: string) => ({ apiVersion: 'v1', kind: 'Service', namespace: 'default', name });

function tlsRoute(name: string, apiVersion = 'gateway.networking.k8s.io/v1') {
  return {
    apiVersion,
    kind: 'TLSRoute',
    metadata: { name, namespace: 'default' },
    spec: {
      parentRefs: [{ name: 'public' }],
      hostnames: [`${name}.example.com`],
      rules: [{ backendRefs: [{ name, port: 443 }] }],
    },
  };
}

function portOf(sink: RecordingSink, name: string): number | undefined {
  const object = sink.objects.get(`Service/default/${name}`);
  return object?.kind === 'Service' ? object.ports[0]?.port : undefined;
}

/** Names of the Services in `default` that a test made, as the API has them and as the sink has them. */
async function assertSameServices(sink: RecordingSink): Promise<void> {
  const listed = (await cluster.client.list('v1', 'Service')).items;
  const keys = listed.map(({ metadata }) => `Service/${metadata.namespace}/${metadata.name}`).sort();
  assert.deepEqual(
    sink.keys.filter((key) => key.startsWith('Service/')),
    keys,
  );
}

test(
  'every kind is read; a CRD that comes is noticed, and when it goes its objects go',
  TIMEOUT,
  async (t) => {
    const { sink, source, logger } = await start(t, { limits: { absenceMaxMs: 500 } });
    await sink.until(() => sink.syncedKinds.length === KINDS.length);
    assert.deepEqual(source.pending(), []);
    assert.ok(sink.objects.has('Namespace//default'));
    assert.ok(sink.objects.has('Service/default/kubernetes'));

    await cluster.client.create(service('a'));
    await sink.until(() => portOf(sink, 'a') === 443);
    await cluster.client.patch(serviceAt('a'), { spec: { ports: [{ name: 'api', port: 8443 }] } });
    await sink.until(() => portOf(sink, 'a') === 8443);
    await cluster.client.remove(serviceAt('a'));
    await sink.until(() => portOf(sink, 'a') === undefined);

    await installCrds(cluster.client, await crdManifests('standard'));
    await cluster.client.create(tlsRoute('r'));
    await sink.until(() => sink.objects.has('TLSRoute/default/r'));
    await logger.times(1, /TLSRoute is served now, as gateway.networking.k8s.io\/v1/);
    const route = sink.objects.get('TLSRoute/default/r');
    assert.ok(route?.kind === 'TLSRoute');
    assert.deepEqual(route.hostnames, ['r.example.com']);
    assert.equal('managedFields' in route.meta, false);

    await removeCrd(cluster.client, TLS_ROUTE_CRD);
    await sink.until(() => !sink.objects.has('TLSRoute/default/r'));
    await logger.times(2, /tlsroutes.* is not installed/);
    await installCrds(cluster.client, await crdManifests('standard', ['tlsroutes']));
    await cluster.client.create(tlsRoute('again'));
    await sink.until(() => sink.objects.has('TLSRoute/default/again'));
    assert.deepEqual(sink.present, []);
  },
);

test('a TLSRoute CRD of old versions is read, and followed when it is upgraded', TIMEOUT, async (t) => {
  await removeCrd(cluster.client, TLS_ROUTE_CRD).catch(() => {});
  const [crd] = await crdManifests('experimental', ['tlsroutes']);
  assert.ok(crd);
  const serving = (wanted: readonly string[]) => {
    const spec = crd['spec'] as { versions: readonly { name: string }[] };
    const versions = spec.versions.map((version) => ({ ...version, served: wanted.includes(version.name) }));
    return { ...crd, spec: { ...spec, versions } };
  };
  await installCrds(cluster.client, [serving(['v1alpha2'])]);
  const { sink } = await start(t, { kinds: only('TLSRoute'), limits: { absenceMaxMs: 500 } });
  await sink.untilSynced('TLSRoute');
  await cluster.client.create(tlsRoute('old', 'gateway.networking.k8s.io/v1alpha2'));
  await sink.until(() => sink.objects.has('TLSRoute/default/old'));
  await installCrds(cluster.client, [serving(['v1'])]);
  await cluster.client.create(tlsRoute('new'));
  await sink.until(() => sink.objects.has('TLSRoute/default/new'));
  assert.deepEqual(sink.keys, ['TLSRoute/default/new', 'TLSRoute/default/old']);
  assert.equal(sink.events.filter(({ type }) => type === 'delete').length, 0, 'nothing was lost meanwhile');
});

test('a list of several pages is read whole', TIMEOUT, async (t) => {
  const names = Array.from({ length: 57 }, (_, index) => `page-${String(index).padStart(2, '0')}`);
  await cluster.client.createAll(names.map((name) => service(name)));
  const { sink } = await start(t, { kinds: only('Service'), limits: { pageObjects: 10 } });
  await sink.untilSynced('Service');
  await assertSameServices(sink);
  for (const name of names) await cluster.client.remove(serviceAt(name));
  await sink.until(() => !sink.keys.some((key) => key.includes('page-')));
});

test('what changes while an API server is killed and started again is not missed', TIMEOUT, async (t) => {
  const { sink, logger } = await start(t, { kinds: only('Service', 'Namespace') });
  await cluster.client.create(service('before'));
  await sink.until(() => portOf(sink, 'before') === 443);
  await cluster.apiServer.kill();
  await logger.times(1, /ECONNREFUSED/);
  assert.equal(portOf(sink, 'before'), 443);
  await cluster.apiServer.restart();
  await cluster.client.create(service('after'));
  await cluster.client.remove(serviceAt('before'));
  await sink.until(() => portOf(sink, 'after') === 443 && portOf(sink, 'before') === undefined);
  await assertSameServices(sink);
  await logger.times(1, /read again/);
});

test('cut off for a moment, a watch resumes without a list', TIMEOUT, async (t) => {
  const proxy = await startProxy(cluster.apiServer.port);
  t.after(() => proxy.stop());
  const url = `https://127.0.0.1:${proxy.port}`;
  const kubeconfig = await cluster.writeKubeconfig('resume', { url, token: cluster.tokenOf('sluice') });
  await allowSluice(['services']);
  const { sink, logger } = await start(t, {
    kubeconfig,
    kinds: only('Service'),
    limits: { backoffMaxMs: 500 },
  });
  await sink.untilSynced('Service');
  await cluster.client.create(service('watched'));
  await sink.until(() => portOf(sink, 'watched') === 443);
  const upserts = sink.events.length;
  proxy.cut();
  await logger.times(1, /going on/);
  await cluster.client.create(service('meanwhile'));
  proxy.mend();
  await sink.until(() => portOf(sink, 'meanwhile') === 443);
  assert.equal(sink.events.length, upserts + 1, 'a list would have told of every Service');
});

test(
  'cut off for so long that history is compacted, the list tells what came and what went',
  TIMEOUT,
  async (t) => {
    const proxy = await startProxy(cluster.apiServer.port);
    t.after(() => proxy.stop());
    const url = `https://127.0.0.1:${proxy.port}`;
    const kubeconfig = await cluster.writeKubeconfig('compacted', { url, token: cluster.tokenOf('sluice') });
    await allowSluice(['services']);
    await cluster.client.create(service('goes'));
    const { sink, logger } = await start(t, {
      kubeconfig,
      kinds: only('Service'),
      limits: { backoffMaxMs: 500 },
    });
    await sink.untilSynced('Service');
    await cluster.client.create(service('watched-too'));
    await sink.until(() => portOf(sink, 'watched-too') === 443 && portOf(sink, 'goes') === 443);
    proxy.cut();
    await logger.times(1, /going on/);
    await cluster.client.remove(serviceAt('goes'));
    await cluster.client.create(service('comes'));
    await cluster.etcd.compact(await cluster.etcd.revision());
    // The server's own memory of what has changed ends with it.
    await cluster.apiServer.kill();
    await cluster.apiServer.restart();
    proxy.mend();
    await sink.until(() => portOf(sink, 'comes') === 443 && portOf(sink, 'goes') === undefined);
    await assertSameServices(sink);
    assert.ok(logger.lines.some(({ fields }) => fields['code'] === 'SLUICE_KUBE_GONE'));
  },
);

test(
  'a server that stops answering with its connections open is noticed, and nothing is missed',
  TIMEOUT,
  async (t) => {
    const { sink, logger } = await start(t, {
      kinds: only('Service'),
      limits: { watchSilenceMs: 1_500, requestSilenceMs: 1_500 },
    });
    await sink.untilSynced('Service');
    cluster.apiServer.suspend();
    t.after(() => cluster.apiServer.resume());
    await logger.times(1, /nothing heard for 2 s; check/);
    cluster.apiServer.resume();
    await cluster.client.create(service('thawed'));
    await sink.until(() => portOf(sink, 'thawed') === 443);
  },
);

test('a kind without permission is named and waited for, while the others are read', TIMEOUT, async (t) => {
  await allowSluice(['services']);
  const kubeconfig = await cluster.writeKubeconfig('rbac', { token: cluster.tokenOf('sluice') });
  const { sink, logger, source } = await start(t, {
    kubeconfig,
    kinds: only('Service', 'EndpointSlice'),
    limits: { backoffMaxMs: 500 },
  });
  await sink.untilSynced('Service');
  await logger.times(
    1,
    /User "sluice" cannot list resource "endpointslices".*allow list and watch on endpointslices/,
  );
  assert.deepEqual(
    source.pending().map(({ kind }) => kind),
    ['EndpointSlice'],
  );
  await allowSluice(['services', 'endpointslices']);
  await sink.untilSynced('EndpointSlice');
  assert.deepEqual(source.pending(), []);
});

test(
  'a token that is not accepted is told, and another one in the kubeconfig is used',
  TIMEOUT,
  async (t) => {
    const kubeconfig = await cluster.writeKubeconfig('expired', { token: 'no-such-token' });
    const { sink, logger } = await start(t, { kubeconfig, kinds: only('Service', 'Namespace') });
    await logger.times(1, /answered 401: Unauthorized; renew the token/);
    await allowSluice(['services', 'namespaces']);
    await cluster.writeKubeconfig('expired', { token: cluster.tokenOf('sluice') });
    await sink.until(() => sink.syncedKinds.length === 2);
  },
);

async function allowSluice(resources: readonly string[]): Promise<void> {
  const metadata = { name: 'sluice-test' };
  const group = 'rbac.authorization.k8s.io';
  await cluster.client.apply([
    {
      apiVersion: `${group}/v1`,
      kind: 'ClusterRole',
      metadata,
      rules: [{ apiGroups: ['', 'discovery.k8s.io'], resources, verbs: ['list', 'watch'] }],
    },
    {
      apiVersion: `${group}/v1`,
      kind: 'ClusterRoleBinding',
      metadata,
      roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'sluice-test' },
      subjects: [{ apiGroup: group, kind: 'User', name: 'sluice' }],
    },
  ]);
}
