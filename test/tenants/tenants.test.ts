/** `sluice tenants` as its own process on a real API server, with the rights of its manifests. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { ApiObject } from '../harness/kubernetes/client.ts';
import { runSluice, type SluiceProcess } from '../harness/sluice-process.ts';
import { until } from '../harness/until.ts';
import { addressesOf, KDC, ROUTE, SERVICE, SLICE, TenantCluster } from './installation.ts';
import { NameServer } from './name-server.ts';

const DEPLOYMENT = path.join(
  import.meta.dirname,
  '../../deploy/envoy-hostnetwork/components/tenants/deployment.yaml',
);

let tenants: TenantCluster;
let sluice: SluiceProcess;
let names: NameServer;
const FLAGS = ['--mapping', 'kdccluster', '--mapping', 'cluster-api', '--mapping', 'kamaji'];
const start = async (more: readonly string[] = []): Promise<SluiceProcess> =>
  await tenants.startTenants([...FLAGS, '--dns-server', names.address, ...more]);

before(async () => {
  names = await NameServer.start();
  tenants = await TenantCluster.start();
  sluice = await start();
});
after(async () => {
  await sluice?.stop();
  await tenants?.[Symbol.asyncDispose]();
  await names?.[Symbol.asyncDispose]();
});

const endpoint = (host: string, port = 6443) => ({ controlPlaneEndpoint: { host, port } });
const kdc = (name: string) => ({ ...KDC, namespace: 'tenants', name });
const specOf = <T>(object: ApiObject | undefined): T => (object?.['spec'] ?? {}) as T;
const hostsOf = (route: ApiObject | undefined) => specOf<{ hostnames?: string[] }>(route).hostnames;
const slice = async (name: string) => addressesOf(await tenants.find(SLICE, `${name}-api-proxy-ipv4`)).join();
const untilSlice = async (name: string, addresses: string): Promise<void> =>
  await until(async () => (await slice(name)) === addresses, {
    what: `${name} at ${addresses}`,
    timeoutMs: 15_000,
  });
const untilGone = async (name: string): Promise<void> => {
  for (const [type, object] of [
    [ROUTE, `${name}-api`],
    [SLICE, `${name}-api-proxy-ipv4`],
    [SERVICE, `${name}-api-proxy`],
  ] as const)
    await until(async () => (await tenants.find(type, object)) === undefined, { what: `${object} gone` });
};

describe('a KdcCluster', { timeout: 60_000 }, () => {
  it('gets Service, EndpointSlice and TLSRoute, and loses them with itself', async () => {
    const { metadata } = await tenants.createKdc('demo', endpoint('100.65.0.105'));
    const report = await tenants.untilReason('demo', 'Exposed');
    assert.equal(report.status, 'True');
    assert.equal(report.message, 'demo-cp.stage.kube-dc.com → 100.65.0.105');
    const spec = specOf<{ clusterIP: string; ports: object[] }>(
      await tenants.find(SERVICE, 'demo-api-proxy'),
    );
    assert.equal(spec.clusterIP, 'None');
    assert.deepEqual(spec.ports, [{ name: 'api', port: 6443, protocol: 'TCP', targetPort: 6443 }]);
    assert.equal(await slice('demo'), '100.65.0.105');
    const route = await tenants.find(ROUTE, 'demo-api');
    assert.deepEqual(hostsOf(route), ['demo-cp.stage.kube-dc.com']);
    const { ownerReferences = [] } = (route?.metadata ?? {}) as { ownerReferences?: { uid: string }[] };
    assert.deepEqual(
      ownerReferences.map(({ uid }) => uid),
      [metadata.uid],
    );

    await tenants.setStatus('demo', endpoint('100.65.0.106', 7443));
    await untilSlice('demo', '100.65.0.106');

    // No garbage collector runs here: it is our own removal.
    await tenants.cluster.client.remove(kdc('demo'));
    await untilGone('demo');
  });

  it('waits for its endpoint', async () => {
    await tenants.createKdc('late');
    const report = await tenants.untilReason('late', 'NoEndpoint');
    assert.match(report.message, /^SLUICE_TENANT_NO_ENDPOINT: /);
    assert.equal(await tenants.find(SERVICE, 'late-api-proxy'), undefined);
    await tenants.setStatus('late', { endpoint: 'https://100.65.0.9:6443' });
    await tenants.untilReason('late', 'Exposed');
  });

  it('with nonsense keeps what it had; at a refused address it has nothing, and other conditions stay', async () => {
    const others = [
      {
        type: 'Ready',
        status: 'True',
        reason: 'Fine',
        message: 'All is well',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
    ];
    await tenants.createKdc('odd', { ...endpoint('100.65.0.7'), conditions: others });
    await tenants.untilReason('odd', 'Exposed');
    await tenants.setStatus('odd', endpoint('not a host!'));
    await tenants.untilReason('odd', 'EndpointInvalid');
    assert.equal(await slice('odd'), '100.65.0.7');
    await tenants.setStatus('odd', endpoint('169.254.169.254'));
    const report = await tenants.untilReason('odd', 'EndpointRefused');
    assert.match(report.message, /169\.254\.169\.254 \(a link-local address\)/);
    await untilGone('odd');
    const { status } = (await tenants.find(KDC, 'odd')) as unknown as {
      status: { conditions: { type: string }[] };
    };
    const { conditions } = status;
    assert.deepEqual(conditions.map(({ type }) => type).sort(), ['Ready', 'sluice.dev/Exposed']);
  });

  it('that is younger does not get a host that is taken, until it is free', async () => {
    await tenants.createKdc('twin', endpoint('100.65.0.20'));
    await tenants.untilReason('twin', 'Exposed');
    const client = tenants.cluster.client;
    await client.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'others' } }]);
    const other = { ...KDC, namespace: 'others', name: 'twin' };
    // Seconds are all that a creationTimestamp has; of the same age the first by name wins, which is "others".
    const isOlder = async () =>
      new Date((await tenants.find(KDC, 'twin'))?.metadata.creationTimestamp ?? 0).getTime() <
      Date.now() - 1_000;
    await until(isOlder, { what: 'a second' });
    await client.create({ ...KDC, metadata: { name: 'twin', namespace: 'others' }, spec: {} });
    await client.patch(other, { status: endpoint('100.65.0.21') }, 'status');
    const reason = async () =>
      ((await tenants.find(KDC, 'twin', 'others'))?.['status'] as { conditions?: { reason: string }[] })
        ?.conditions?.[0]?.reason;
    await until(async () => (await reason()) === 'HostTaken', { what: 'the younger to be told' });
    assert.equal(await tenants.find(ROUTE, 'twin-api', 'others'), undefined);
    await client.remove(kdc('twin'));
    await until(async () => (await reason()) === 'Exposed', { what: 'the host to be handed over' });
    assert.deepEqual(hostsOf(await tenants.find(ROUTE, 'twin-api', 'others')), ['twin-cp.stage.kube-dc.com']);
  });

  it('goes on at once beside Services whose owners somebody made up', async () => {
    const forged = ['../../../../api/v1/namespaces/kube-system/secrets/x', 'a name\nof two lines'].map(
      (name, index) => ({
        ...SERVICE,
        metadata: {
          name: `forged-${index}`,
          namespace: 'tenants',
          labels: { 'sluice.dev/tenants': 'kdccluster' },
          ownerReferences: [{ apiVersion: 'v1', kind: 'Secret', name, uid: `u${index}`, controller: true }],
        },
        spec: { clusterIP: 'None', ports: [{ port: 443 }] },
      }),
    );
    await tenants.cluster.client.apply(forged, 'sluice-tenants');
    await tenants.createKdc('beside', endpoint('10.0.8.1'));
    await untilSlice('beside', '10.0.8.1');
    for (const { metadata } of forged)
      await until(async () => (await tenants.find(SERVICE, metadata.name)) === undefined, { what: 'gone' });
  });
  it('leaves a foreign Service alone, and goes on when it is gone', async () => {
    const foreign = { ...SERVICE, metadata: { name: 'shop-api-proxy', namespace: 'tenants' } };
    const spec = { selector: { app: 'shop' }, ports: [{ port: 80 }] };
    const { metadata } = await tenants.cluster.client.create({ ...foreign, spec });
    await tenants.createKdc('shop', endpoint('100.65.0.30'));
    const report = await tenants.untilReason('shop', 'ObjectTaken');
    assert.match(report.message, /^SLUICE_TENANT_OBJECT_TAKEN: There is a Service shop-api-proxy/);
    assert.equal(await tenants.find(ROUTE, 'shop-api'), undefined);
    assert.equal(await tenants.find(SLICE, 'shop-api-proxy-ipv4'), undefined);
    const after = await tenants.find(SERVICE, 'shop-api-proxy');
    assert.equal(after?.metadata.resourceVersion, metadata.resourceVersion);
    await tenants.cluster.client.remove({ ...SERVICE, namespace: 'tenants', name: 'shop-api-proxy' });
    await tenants.setStatus('shop', endpoint('100.65.0.31'));
    await tenants.untilReason('shop', 'Exposed');
  });

  it('adopts what was made by hand and says the same', async () => {
    await tenants.cluster.client.create({
      ...ROUTE,
      metadata: { name: 'manual-api', namespace: 'tenants' },
      spec: {
        parentRefs: [{ name: 'public', namespace: 'infra' }],
        hostnames: ['manual-cp.stage.kube-dc.com'],
        rules: [{ backendRefs: [{ name: 'manual-api-proxy', port: 6443 }] }],
      },
    });
    // With an address of its own, which cannot be taken from it.
    const { spec } = await tenants.cluster.client.create({
      ...SERVICE,
      metadata: { name: 'manual-api-proxy', namespace: 'tenants' },
      spec: { ports: [{ name: 'api', port: 6443 }] },
    });
    await tenants.createKdc('manual', endpoint('100.65.0.40'));
    await tenants.untilReason('manual', 'Exposed');
    const service = await tenants.find(SERVICE, 'manual-api-proxy');
    assert.equal(specOf<{ clusterIP: string }>(service).clusterIP, (spec as { clusterIP: string }).clusterIP);
    assert.equal(service?.metadata.labels?.['sluice.dev/tenants'], 'kdccluster');
    await tenants.cluster.client.remove(kdc('manual'));
    await untilGone('manual');
  });

  it('has its objects repaired, whatever is edited', async () => {
    const { client } = tenants.cluster;
    await tenants.createKdc('torn', endpoint('100.65.0.50'));
    await tenants.untilReason('torn', 'Exposed');
    const object = (type: typeof ROUTE | typeof SERVICE | typeof SLICE, name: string) => ({
      ...type,
      namespace: 'tenants',
      name,
    });
    await client.patch(object(SLICE, 'torn-api-proxy-ipv4'), { endpoints: [{ addresses: ['10.1.1.1'] }] });
    await untilSlice('torn', '100.65.0.50');
    await client.remove(object(ROUTE, 'torn-api'));
    await until(async () => hostsOf(await tenants.find(ROUTE, 'torn-api')) !== undefined, {
      what: 'a route',
    });
    await client.patch(object(SERVICE, 'torn-api-proxy'), {
      spec: { selector: { app: 'mine' }, ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4'] },
    });
    const selector = async () =>
      specOf<{ selector?: object }>(await tenants.find(SERVICE, 'torn-api-proxy')).selector;
    await until(async () => (await selector()) === undefined, { what: 'no selector' });
    const route = object(ROUTE, 'torn-api');
    await client.patch(route, { metadata: { labels: null, annotations: null, ownerReferences: null } });
    const label = async () =>
      (await tenants.find(ROUTE, 'torn-api'))?.metadata.labels?.['sluice.dev/tenants'];
    await until(async () => (await label()) === 'kdccluster', { what: 'the label' });
  });

  it('of which another writer changes an object all the time is not fought over', async () => {
    await tenants.createKdc('fought', endpoint('100.65.0.55'));
    await tenants.untilReason('fought', 'Exposed');
    const object = { ...SLICE, namespace: 'tenants', name: 'fought-api-proxy-ipv4' };
    const isContended = async () => (await tenants.report('fought'))?.reason === 'Contended';
    await until(
      async () => {
        await tenants.cluster.client.patch(object, { endpoints: [{ addresses: ['10.1.1.1'] }] });
        return await isContended();
      },
      { what: 'to be told of the other writer', timeoutMs: 20_000, intervalMs: 50 },
    );
  });

  it('that is deleted half-way is served on, and gets nothing new', async () => {
    const { client } = tenants.cluster;
    await tenants.createKdc('half', endpoint('100.65.0.60'));
    await tenants.untilReason('half', 'Exposed');
    await client.patch(kdc('half'), { metadata: { finalizers: ['example.com/slow'] } });
    await client.remove(kdc('half'));
    await tenants.setStatus('half', endpoint('100.65.0.61'));
    await untilSlice('half', '100.65.0.61');
    await client.remove({ ...ROUTE, namespace: 'tenants', name: 'half-api' });
    await tenants.setStatus('half', endpoint('100.65.0.62'));
    await untilSlice('half', '100.65.0.62');
    assert.equal(await tenants.find(ROUTE, 'half-api'), undefined);
    await client.patch(kdc('half'), { metadata: { finalizers: null } });
    await untilGone('half');
  });

  it('at a name is where the name server says, as far as that may be', async () => {
    names.records.set('cp.example.net', ['100.65.0.71', '127.0.0.1']);
    await tenants.createKdc('named', endpoint('cp.example.net'));
    const report = await tenants.untilReason('named', 'EndpointRefused');
    assert.match(report.message, /127\.0\.0\.1 \(a loopback address\)/);
    assert.equal(await slice('named'), '100.65.0.71');
    await tenants.createKdc('nowhere', endpoint('no-such.example.net'));
    assert.match((await tenants.untilReason('nowhere', 'NameUnresolved')).message, /ENOTFOUND/);
  });
});

describe('other kinds', { timeout: 60_000 }, () => {
  it("Cluster API's Cluster", async () => {
    const type = { apiVersion: 'cluster.x-k8s.io/v1beta2', kind: 'Cluster' };
    const { client } = tenants.cluster;
    const metadata = { name: 'capi', namespace: 'tenants' };
    await client.create({ ...type, metadata, spec: { controlPlaneEndpoint: { host: '', port: 0 } } });
    await tenants.untilReason('capi', 'NoEndpoint', type);
    await client.patch({ ...type, ...metadata }, { spec: endpoint('100.65.1.1', 7443) });
    await tenants.untilReason('capi', 'Exposed', type);
    assert.equal(await slice('capi'), '100.65.1.1');
    assert.deepEqual(hostsOf(await tenants.find(ROUTE, 'capi-api')), ['capi-tenants.stage.kube-dc.com']);
  });

  it("Kamaji's TenantControlPlane, with konnectivity; told by Events alone", async () => {
    const type = { apiVersion: 'kamaji.clastix.io/v1alpha1', kind: 'TenantControlPlane' };
    const { client } = tenants.cluster;
    const metadata = { name: 'kam', namespace: 'tenants' };
    const spec = { controlPlane: {}, addons: { konnectivity: { server: { port: 8132 } } } };
    await client.create({ ...type, metadata, spec });
    await client.patch({ ...type, ...metadata }, { status: { controlPlaneEndpoint: '?' } }, 'status');
    await until(
      async () => {
        const { items } = await client.list('events.k8s.io/v1', 'Event', 'tenants');
        return items.some(({ reason, note }) => reason === 'EndpointInvalid' && /"\?"/.test(String(note)));
      },
      { what: 'the Event' },
    );
    await client.patch(
      { ...type, ...metadata },
      { status: { controlPlaneEndpoint: '100.65.1.2:6443' } },
      'status',
    );
    const konnectivity = async () => await tenants.find(ROUTE, 'kam-konnectivity-public');
    await until(async () => (await konnectivity()) !== undefined, { what: 'the route of konnectivity' });
    assert.deepEqual(hostsOf(await konnectivity()), ['kam-tenants-konnectivity.stage.kube-dc.com']);
    const { ports } = (await tenants.find(SLICE, 'kam-public-ipv4')) as unknown as {
      ports: { port: number }[];
    };
    assert.deepEqual(
      ports.map(({ port }) => port),
      [6443, 8132],
    );
  });
});

describe('the controller', { timeout: 60_000 }, () => {
  it('killed and started again finds what has changed meanwhile, and leaves nothing', async () => {
    const { client } = tenants.cluster;
    for (const name of ['gone', 'moved', 'kept']) {
      await tenants.createKdc(name, endpoint('100.65.2.1'));
      await tenants.untilReason(name, 'Exposed');
    }
    const before = await tenants.find(SERVICE, 'kept-api-proxy');
    const made = (name: string, mapping: string) => ({
      ...SERVICE,
      metadata: { name, namespace: 'tenants', labels: { 'sluice.dev/tenants': mapping } },
      spec: { ports: [{ port: 1 }] },
    });
    // As if a tenant had gone with the moment; and what belongs to a mapping of another process.
    await client.apply([made('orphan', 'kdccluster'), made('elsewhere', 'other')], 'sluice-tenants');
    await until(async () => (await tenants.find(SERVICE, 'orphan')) === undefined, { what: 'orphan gone' });
    sluice.signal('SIGKILL');
    await sluice.finished;
    await client.remove(kdc('gone'));
    await tenants.setStatus('moved', endpoint('100.65.2.2'));
    await tenants.createKdc('new', endpoint('100.65.2.3'));
    sluice = await start();
    await untilGone('gone');
    assert.notEqual(await tenants.find(SERVICE, 'elsewhere'), undefined);
    await untilSlice('moved', '100.65.2.2');
    await tenants.untilReason('new', 'Exposed');
    const after = await tenants.find(SERVICE, 'kept-api-proxy');
    const metrics = await (await fetch(`${tenants.adminUrl}/metrics`)).text();
    const exposed = /^sluice_tenants\{mapping="kdccluster",state="Exposed"\} (\d+)$/m.exec(metrics)?.[1];
    assert.ok(Number(exposed) >= 3, metrics);
    assert.equal(
      after?.metadata.resourceVersion,
      before?.metadata.resourceVersion,
      'what is right is left alone',
    );
  });

  it('without permission for one kind says so, and does the rest', async () => {
    const { client } = tenants.cluster;
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name: 'sluice-tenants' };
    const { rules } = (await client.get(role)) as unknown as {
      rules: { resources: string[]; verbs: string[] }[];
    };
    const reading = rules.map((rule) =>
      rule.resources.includes('tlsroutes') ? { ...rule, verbs: ['get', 'list', 'watch'] } : rule,
    );
    await client.patch(role, { rules: reading });
    await tenants.createKdc('mute', endpoint('100.65.2.9'));
    const report = await tenants.untilReason('mute', 'Forbidden');
    assert.match(report.message, /^SLUICE_TENANT_FORBIDDEN: The TLSRoute was not taken/);
    assert.equal(await slice('mute'), '100.65.2.9');
    await client.patch(role, { rules });
    await tenants.setStatus('mute', endpoint('100.65.2.10'));
    await tenants.untilReason('mute', 'Exposed');
  });

  it('is one of two replicas, and the other when that stops', async () => {
    await sluice.stop();
    const electing = ['--leader-election', 'on', '--leader-election-namespace', 'sluice-system'];
    const replicas = await Promise.all([start(electing), start(electing)]);
    const leads = (replica: SluiceProcess) =>
      replica.stderr.includes('leading: this replica exposes tenants');
    await until(() => replicas.some(leads), { what: 'a leader' });
    const [first, second] = leads(replicas[0]) ? replicas : replicas.toReversed();
    await tenants.createKdc('one', endpoint('100.65.2.20'));
    await tenants.untilReason('one', 'Exposed');
    await first?.stop();
    await tenants.createKdc('two', endpoint('100.65.2.21'));
    await tenants.untilReason('two', 'Exposed');
    await second?.stop();
  });

  it('has a Deployment that the API server takes', async () => {
    await tenants.cluster.client.apply(await readFile(DEPLOYMENT, 'utf8'));
  });

  it('says what is wrong with a mapping', async () => {
    const { exitCode, stderr } = await runSluice([
      ...['tenants', '--kubeconfig', tenants.kubeconfig, '--mapping', 'generic'],
    ]);
    assert.equal(exitCode, 78);
    assert.match(stderr, /SLUICE_TENANT_MAPPING: generic: ports\[0\]\.hosts\[0\]: .* needs a domain/);
  });
});
