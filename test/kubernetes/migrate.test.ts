/**
 * Moving in, as in docs/migration/from-ingress-nginx.md: a real nginx is the old gateway, a real API server has its Ingresses, and
 * clients are connected all the time.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Nginx, nginx } from '../../scripts/assets/nginx-asset.ts';
import { migrate as runMigration } from '../../src/cli/migrate/migrate.ts';
import type { MigrateConfig } from '../../src/cli/migrate/migrate-flags.ts';
import { parseInvocation } from '../../src/cli/program.ts';
import { testBootstrap } from '../e2e/gateway-node.ts';
import { EnvoyProcess } from '../harness/envoy-process.ts';
import { type Cluster, startCluster } from '../harness/kubernetes/cluster.ts';
import { gatewayClass } from '../harness/manifests.ts';
import { reexecInNetworkNamespace } from '../harness/network-namespace.ts';
import { startNginx } from '../harness/nginx-process.ts';
import { runSluice, SluiceProcess } from '../harness/sluice-process.ts';
import { startTlsBackend, type TlsBackend } from '../harness/tls-backend.ts';
import { attempt, get, openWatch, type Watch } from '../harness/tls-client.ts';
import { until } from '../harness/until.ts';

const OLD = '192.0.2.10';
const NEW = '192.0.2.20';
const [SHOP, API] = ['10.1.0.1', '10.1.0.2'];
const NGINX = { 'nginx.ingress.kubernetes.io/ssl-passthrough': 'true' };

// Outside the namespace, where it can be fetched.
const found: Nginx | string = await nginx().catch((error: unknown) => String(error));
await reexecInNetworkNamespace(import.meta.url, {
  addresses: [OLD, NEW, SHOP, API].map((address) => `${address}/32`),
});

const namespaced = (
  kind: string,
  apiVersion: string,
  name: string,
  rest: object,
  metadata: object = {},
): object => {
  return { apiVersion, kind, metadata: { name, namespace: 'shop', ...metadata }, ...rest };
};
const service = (name: string, selector?: object) =>
  namespaced('Service', 'v1', name, {
    spec: { ports: [{ name: 'tls', port: 443, targetPort: 6443 }], ...(selector && { selector }) },
  });
const ingress = (name: string, host: string, backend: string, annotations: object = NGINX) =>
  namespaced(
    'Ingress',
    'networking.k8s.io/v1',
    name,
    {
      spec: {
        ingressClassName: 'nginx',
        rules: [
          {
            host,
            http: {
              paths: [
                {
                  path: '/',
                  pathType: 'Prefix',
                  backend: { service: { name: backend, port: { name: 'tls' } } },
                },
              ],
            },
          },
        ],
      },
    },
    { annotations },
  );
const OBJECTS = [
  ...['shop', 'sluice-system'].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
  gatewayClass(),
  service('web', { app: 'web' }),
  namespaced(
    'EndpointSlice',
    'discovery.k8s.io/v1',
    'web-1',
    { addressType: 'IPv4', endpoints: [{ addresses: [SHOP] }], ports: [{ name: 'tls', port: 6443 }] },
    { labels: { 'kubernetes.io/service-name': 'web' } },
  ),
  // By hand, and nothing mirrors them here.
  service('api'),
  namespaced('Endpoints', 'v1', 'api', {
    subsets: [{ addresses: [{ ip: API }], ports: [{ name: 'tls', port: 6443 }] }],
  }),
  ingress('web', 'shop.example.com', 'web'),
  ingress('api', 'api.example.com', 'api', {
    ...NGINX,
    'nginx.ingress.kubernetes.io/whitelist-source-range': '10.0.0.0/8',
  }),
];

let cluster: Cluster;
let directory: string;
const backends: TlsBackend[] = [];
before(async () => {
  if (typeof found === 'string') return;
  directory = await mkdtemp(path.join(tmpdir(), 'sluice-migrate-'));
  cluster = await startCluster({ crds: 'standard', users: [{ name: 'guest' }] });
  for (const [name, address] of [
    ['web', SHOP],
    ['api', API],
  ] as const)
    backends.push(await startTlsBackend({ name, address, port: 6443 }));
  await cluster.client.apply(OBJECTS);
});
after(async () => {
  for (const backend of backends) await backend.close();
  await cluster?.stop();
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
});

/** As from the command line, without a process of its own: those take a second each. */
const migrate = async (...argv: readonly string[]) => {
  const invocation = parseInvocation(['migrate', ...argv, '--kubeconfig', cluster.kubeconfig], {});
  assert.equal(invocation.command, 'migrate');
  return await runMigration(undefined, (invocation as { config: MigrateConfig }).config);
};

describe('moving in', { skip: typeof found === 'string' ? found : false }, () => {
  it('from nginx and back, with connections open all the time', { timeout: 120_000 }, async () => {
    await using resources = new AsyncDisposableStack();
    const old = await startNginx(found as Nginx, {
      listen: `${OLD}:443`,
      backends: { 'shop.example.com': `${SHOP}:6443`, 'api.example.com': `${API}:6443` },
      directory,
    });
    resources.defer(() => old.kill('SIGKILL'));
    const sluice = resources.use(
      SluiceProcess.start([
        ...['serve', '--source', 'kubernetes', '--kubeconfig', cluster.kubeconfig],
        ...['--leader-election-namespace', 'default', '--listen-address', NEW],
      ]),
    );
    resources.use(await EnvoyProcess.start({ bootstrap: testBootstrap(18_000), drainTimeSeconds: 1 }));

    // What clients are told by DNS.
    let address = OLD;
    const target = (servername: string, at = address) => ({ address: at, port: 443, servername });
    const watches: Watch[] = [];
    const connect = async (): Promise<void> => {
      for (const host of ['shop.example.com', 'api.example.com'])
        watches.push(resources.use(await openWatch(target(host))));
    };
    const allAreOpen = async (text: string): Promise<void> => {
      for (const backend of backends) backend.emit(text);
      for (const watch of watches) assert.equal(await watch.next(), text);
    };
    await until(async () => (await attempt(target('shop.example.com'))).outcome === 'answered', {
      what: 'nginx',
      timeoutMs: 20_000,
    });
    await connect();
    await sluice.untilPage('http://127.0.0.1:18001/readyz');

    const plan = await runSluice(['migrate', '--kubeconfig', cluster.kubeconfig]);
    assert.equal(plan.exitCode, 0, plan.stderr);
    assert.match(plan.stdout, /kind: Gateway\n/);
    assert.match(plan.stdout, /- shop\.example\.com\n/);
    assert.match(plan.stderr, /lost, matters in some cases: .*whitelist-source-range.* of Ingress shop\/api/);
    assert.match(plan.stderr, /2 hosts, 2 TLSRoutes, nothing that matters much/);
    const first = await migrate('--apply');
    assert.equal(first.exitCode, 0, first.stdout + first.stderr);
    assert.match(first.stdout, /4 objects: 4 created, 0 changed, 0 unchanged, 0 not written/);
    const second = await migrate('--apply');
    assert.match(second.stdout, /4 objects: 0 created, 0 changed, 4 unchanged, 0 not written/);

    for (const host of ['shop.example.com', 'api.example.com'])
      await until(async () => (await attempt(target(host, NEW))).outcome === 'answered', {
        what: `${host} at the new gateway`,
        timeoutMs: 20_000,
      });
    const verified = await migrate('--verify', '--from', OLD, '--to', NEW);
    assert.equal(verified.exitCode, 0, verified.stdout + verified.stderr);
    assert.match(verified.stdout, /2 hosts: 2 the same, 0 different\n$/);
    await allAreOpen('before');

    // Cut over: DNS answers with the new address, and external-dns may publish it.
    const published = await migrate('--apply', '--dns', 'publish');
    assert.match(published.stdout, /4 objects: 0 created, 2 changed, 2 unchanged, 0 not written/);
    address = NEW;
    assert.equal((await get(target('api.example.com'))).backend, 'api');
    await connect();
    await allAreOpen('both gateways');

    const kept = await migrate('--apply');
    assert.match(kept.stdout, /0 changed, 4 unchanged/, 'what is published stays so');

    // And back.
    assert.match((await migrate('--apply', '--dns', 'hold')).stdout, /2 changed, 2 unchanged/);
    address = OLD;
    assert.equal((await get(target('api.example.com'))).backend, 'api');
    await connect();
    await allAreOpen('rolled back');
    // The old Ingresses go, and the old gateway with them: who is connected through Sluice stays so.
    address = NEW;
    await cluster.client.removeAll('networking.k8s.io/v1', 'Ingress', 'shop');
    await old.kill('SIGKILL');
    const through = watches.splice(2, 2);
    watches.length = 0;
    watches.push(...through);
    await connect();
    await allAreOpen('moved');
    const down = await migrate(
      '--verify',
      '--from',
      OLD,
      '--to',
      NEW,
      '--host',
      'shop.example.com',
      '--host',
      'x.example.com',
    );
    assert.equal(down.exitCode, 69);
    assert.match(
      down.stderr,
      /SLUICE_MIGRATE_GATEWAY_DOWN: the old gateway 192\.0\.2\.10 port 443 takes no connections/,
    );
    await cluster.client.apply(OBJECTS.slice(-2));
  });

  it('leaves alone what it did not make, and says who owns what it may not change', {
    timeout: 60_000,
  }, async () => {
    const { client } = cluster;
    const route = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'TLSRoute', namespace: 'shop' };
    await migrate('--apply');
    // One that somebody else made in the place of ours, and one that somebody else has changed.
    await client.remove({ ...route, name: 'web.web.443' });
    const foreign = namespaced('TLSRoute', route.apiVersion, 'web.web.443', {
      spec: { hostnames: ['mine.example.com'], rules: [{ backendRefs: [{ name: 'web', port: 443 }] }] },
    });
    await client.create(foreign);
    await client.patch({ ...route, name: 'api.api.443' }, { spec: { hostnames: ['other.example.com'] } });
    const { stdout, exitCode } = await migrate('--apply');
    assert.equal(exitCode, 2);
    assert.match(
      stdout,
      /TLSRoute shop\/web\.web\.443 was not written: SLUICE_MIGRATE_FOREIGN: it is there already/,
    );
    assert.match(
      stdout,
      /TLSRoute shop\/api\.api\.443 was not written: SLUICE_MIGRATE_CONFLICT: .*\.spec\.hostnames \(conflict with "/,
    );
    assert.match(stdout, /4 objects: 0 created, 0 changed, 2 unchanged, 2 not written/);
    const kept = (await client.get({ ...route, name: 'web.web.443' }))['spec'] as { hostnames: string[] };
    assert.deepEqual(kept.hostnames, ['mine.example.com']);
  });

  it('says what it may not read, and goes on with the rest', { timeout: 60_000 }, async () => {
    const { client } = cluster;
    const rbac = 'rbac.authorization.k8s.io';
    const rules = [
      { apiGroups: ['networking.k8s.io'], resources: ['ingresses'], verbs: ['list'] },
      {
        apiGroups: ['gateway.networking.k8s.io'],
        resources: ['gateways', 'tlsroutes'],
        verbs: ['list', 'get'],
      },
    ];
    await client.apply([
      { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name: 'guest' }, rules },
      {
        apiVersion: `${rbac}/v1`,
        kind: 'ClusterRoleBinding',
        metadata: { name: 'guest' },
        roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'guest' },
        subjects: [{ apiGroup: rbac, kind: 'User', name: 'guest' }],
      },
    ]);
    const kubeconfig = await cluster.writeKubeconfig('guest', { token: cluster.tokenOf('guest') });
    const config = parseInvocation(['migrate', '-o', 'table', '--kubeconfig', kubeconfig], {});
    const { stdout, exitCode } = await runMigration(undefined, (config as { config: MigrateConfig }).config);
    assert.equal(exitCode, 2);
    assert.match(stdout, /SLUICE_KUBE_FORBIDDEN: you may not list services of all namespaces/);
    assert.match(
      stdout,
      /SLUICE_KUBE_FORBIDDEN: you may not list ingressclasses\.networking\.k8s\.io of all namespaces/,
    );
    assert.match(stdout, /^api\.example\.com +Ingress shop\/api/m);
  });
});
