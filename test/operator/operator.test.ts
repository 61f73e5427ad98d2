/** The commands of operators against a running Sluice: through a real API server, as people with and without rights run them. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import type { HostVerdict } from '../../src/cli/operator/commands/host-verdict.ts';
import { service, tlsRoute } from '../harness/manifests.ts';
import { type Finished, runSluice, SluiceProcess } from '../harness/sluice-process.ts';
import { openLongLived } from '../harness/tls-client.ts';
import { until } from '../harness/until.ts';
import { assertGolden } from './golden.ts';
import {
  ADDRESSES,
  HOST,
  type Installation,
  install,
  NAMESPACE,
  NODES,
  startEnvoyAt,
  tokenOf,
} from './installation.ts';

const { reexecInNetworkNamespace } = await import('../harness/network-namespace.ts');
await reexecInNetworkNamespace(import.meta.url, { addresses: ADDRESSES });

const run = promisify(execFile);
let installation: Installation;
let directory: string;
let admin: string;

async function sluice(argv: readonly string[], kubeconfig = admin): Promise<Finished> {
  return await runSluice([...argv, '--kubeconfig', kubeconfig]);
}

async function verdict(host: string, ...more: readonly string[]): Promise<HostVerdict> {
  const { stdout, stderr } = await sluice(['explain', host, '-o', 'json', ...more]);
  assert.notEqual(stdout, '', stderr);
  return JSON.parse(stdout) as HostVerdict;
}

async function untilState(state: HostVerdict['state']): Promise<void> {
  await until(async () => (await verdict(HOST)).state === state, {
    what: `${HOST} ${state}`,
    timeoutMs: 20_000,
  });
}

before(
  async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'sluice-operator-'));
    installation = await install();
    admin = installation.cluster.kubeconfig;
    await untilState('live');
    // The first replica leads, and has for so long that it says which nodes are there.
    await until(async () => (await sluice(['status'])).exitCode === 0, {
      what: 'all is well',
      timeoutMs: 20_000,
    });
  },
  { timeout: 120_000 },
);
after(async () => {
  await installation?.[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

describe('while all is well', { timeout: 120_000 }, () => {
  for (const [name, argv, exitCode] of [
    ['explain', ['explain', HOST], 0],
    ['explain-wide', ['explain', HOST, '-o', 'wide'], 0],
    ['explain-closed', ['explain', 'empty.stage.example.com'], 2],
    ['explain-unknown', ['explain', 'demi.stage.example.com'], 2],
    ['explain-probe', ['explain', HOST, '--probe', '--dns-server', '127.0.0.1:1'], 0],
    ['status', ['status'], 0],
    ['nodes', ['nodes'], 0],
    ['nodes-wide', ['nodes', '-o', 'wide'], 0],
    ['routes', ['routes'], 2],
    ['routes-bad', ['routes', '--condition', 'bad', '--of-namespace', 'tenants'], 2],
  ] as const)
    it(name, async () => {
      const finished = await sluice(argv);
      assert.equal(finished.stderr, '');
      // Probes are told as they come.
      const lines = finished.stdout.split('\n');
      const at = lines.findIndex((line) => line.startsWith('probe of'));
      const text = at < 0 ? lines : [...lines.slice(0, at + 1), ...lines.slice(at + 1, -1).sort(), ''];
      await assertGolden(name, text.join('\n'));
      assert.equal(finished.exitCode, exitCode);
    });

  it('JSON and YAML say the same', async () => {
    const { parse } = await import('yaml');
    const json = await sluice(['nodes', '-o', 'json']);
    const yaml = await sluice(['nodes', '-o', 'yaml']);
    const names = (list: { items: { node: string }[] }) => list.items.map(({ node }) => node);
    assert.deepEqual(names(JSON.parse(json.stdout)), ['gw-1', 'gw-2', 'gw-3']);
    assert.deepEqual(names(parse(yaml.stdout)), ['gw-1', 'gw-2', 'gw-3']);
  });

  it('diff finds nothing, and what an Envoy does not have', async () => {
    const [envoy] = installation.envoys;
    assert.ok(envoy);
    const same = await sluice(['diff', 'gw-1', '--envoy-admin', envoy.adminAddress]);
    assert.equal(same.stderr, '');
    await assertGolden('diff', same.stdout);
    assert.equal(same.exitCode, 0);
    const dump = (await envoy.configDump()) as { configs: { dynamic_active_clusters?: unknown[] }[] };
    for (const config of dump.configs) config.dynamic_active_clusters?.splice(0, 1);
    const file = path.join(directory, 'dump.json');
    await writeFile(file, JSON.stringify(dump));
    const differs = await sluice(['diff', 'gw-1', '--config-dump', file]);
    await assertGolden('diff-missing', differs.stdout);
    assert.equal(differs.exitCode, 2);
    const unknown = await sluice(['diff', 'gw-9', '--config-dump', file]);
    assert.match(unknown.stderr, /SLUICE_NODE_UNKNOWN: .*connected are gw-1, gw-2, gw-3/);
  });

  it('routes by what their hosts have of connections, as each Envoy counts them', async () => {
    const admins = installation.envoys.flatMap(({ adminAddress }) => ['--envoy-admin', adminAddress]);
    // All three listen there: it is any of them that gets it.
    using connection = await openLongLived({ address: NODES[0] ?? '', port: 443, servername: HOST });
    assert.ok(connection.isOpen);
    const sorted = await sluice(['routes', '--sort', 'bytes', '--limit', '1', ...admins]);
    assert.equal(sorted.stderr, '');
    await assertGolden('routes-bytes', sorted.stdout.replace(/(?<= )\d{3,}(?= )/, 'BYTES'));
    const one = ['--envoy-admin', '127.0.0.1:1', ...admins.slice(0, 2)];
    const { stderr, stdout } = await sluice(['routes', '--sort', 'connections', '-o', 'json', ...one]);
    assert.match(stderr, /^note: Envoy of 127\.0\.0\.1:1: connect ECONNREFUSED/);
    const { items } = JSON.parse(stdout) as { items: readonly { connections?: number }[] };
    assert.equal(typeof items[0]?.connections, 'number');
    const none = await sluice(['routes', '--sort', 'connections', '--envoy-admin', '127.0.0.1:1']);
    assert.match(none.stderr, /SLUICE_ENVOY_UNREACHABLE/);
    assert.equal(none.exitCode, 69);
  });

  it('watch tells of a change, from what was read to the last Envoy', async () => {
    const watching = SluiceProcess.start(['watch', '--count', '1', '--kubeconfig', admin]);
    await until(() => watching.stdout.split('watching').length === 3, { what: 'two replicas watched' });
    await installation.cluster.client.apply([
      tlsRoute({ name: 'watched', hosts: ['watched.stage.example.com'], backends: [{ name: 'api' }] }),
    ]);
    const { stdout, exitCode } = await watching.finished;
    const [first = '', second = '', ...rest] = stdout
      .trim()
      .split('\n')
      .filter((line) => !line.startsWith('watching'));
    await assertGolden('watch', `${[first, second, ...rest.sort()].join('\n')}\n`);
    assert.equal(exitCode, 0);
  });

  it('bundle writes one archive, without secrets', async () => {
    const file = path.join(directory, 'bundle.tar.gz');
    const { exitCode, stdout } = await sluice(['bundle', '--file', file]);
    assert.equal(exitCode, 0);
    assert.match(stdout, /bundle\.tar\.gz: \d+ files/);
    const { stdout: listing } = await run('tar', ['-tzf', file]);
    for (const name of ['about.txt', 'cluster/pods.json', 'replica-0/status.json', 'replica-1/metrics.txt'])
      assert.ok(listing.split('\n').includes(name), name);
    const { stdout: content } = await run('tar', ['-xzOf', file], { maxBuffer: 64 * 1024 * 1024 });
    assert.doesNotMatch(content, /BEGIN [A-Z ]*PRIVATE KEY|eyJ[\w-]+\./);
    assert.match(content, /could not be had: replica-0\/log\.txt/);
  });
});

describe('who may look', { timeout: 120_000 }, () => {
  it('somebody with the Role sluice-operator, and nothing else', async () => {
    const kubeconfig = await installation.kubeconfigOf('operator');
    const { exitCode, stderr } = await sluice(['explain', HOST], kubeconfig);
    assert.equal(exitCode, 0, stderr);
  });
  it('nobody else: which verb on what is missing', async () => {
    const kubeconfig = await installation.kubeconfigOf('nobody');
    const { exitCode, stderr } = await sluice(['explain', HOST], kubeconfig);
    assert.equal(exitCode, 77);
    assert.match(
      stderr,
      /SLUICE_KUBE_FORBIDDEN: you may not list pods in namespace sluice-system.*cannot list resource "pods"/,
    );
  });
  it('a tenant, hosts of the namespaces that it may read and no others', async () => {
    const { client } = installation.cluster;
    const subject = { kind: 'ServiceAccount', name: 'tenant', namespace: 'others' };
    await client.apply([
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'tenant', namespace: 'others' } },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'Role',
        metadata: { name: 'routes', namespace: 'others' },
        rules: [{ apiGroups: ['gateway.networking.k8s.io'], resources: ['tlsroutes'], verbs: ['get'] }],
      },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { name: 'routes', namespace: 'others' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'routes' },
        subjects: [subject],
      },
      ...[
        ...service('mine', []),
        tlsRoute({ name: 'mine', hosts: ['mine.stage.example.com'], backends: [{ name: 'mine' }] }),
      ].map((each) => ({ ...each, metadata: { ...(each['metadata'] as object), namespace: 'others' } })),
    ]);
    await until(async () => (await verdict('mine.stage.example.com')).explanation.closed.length === 1, {
      what: 'the tenant’s route',
    });
    const tenant = ['--service-account', 'others/tenant'];
    const own = await verdict('mine.stage.example.com', ...tenant);
    assert.match(own.verdict, /not served: no EndpointSlice of Service others\/mine/);
    for (const host of [HOST, 'nobody.stage.example.com']) {
      const other = await sluice(['explain', host, ...tenant]);
      assert.equal(other.exitCode, 77);
      assert.match(
        other.stderr,
        /SLUICE_ADMIN_FORBIDDEN: no route that names .* is in a namespace whose TLSRoutes you may get/,
      );
    }
    const status = await sluice(['status', ...tenant]);
    assert.match(
      status.stderr,
      /SLUICE_ADMIN_FORBIDDEN: system:serviceaccount:others:tenant may not get the nonResourceURL \/sluice\.dev\/api\/v1\/status/,
    );
    const routes = await sluice(['routes', '--of-namespace', 'others', ...tenant]);
    assert.match(routes.stdout, /TLSRoute others\/mine/);
    assert.doesNotMatch(routes.stdout, /tenants\//);
  });
  it('the address itself: probes and metrics to all, pages with a token alone', async () => {
    const at = 'http://198.18.0.11:18001';
    for (const page of ['/healthz', '/livez', '/readyz', '/metrics'])
      assert.equal((await fetch(at + page)).status, 200);
    for (const page of ['/', '/debug/routes', '/problems', '/api/v1/status'])
      assert.equal((await fetch(at + page)).status, 401, page);
    const token = await tokenOf(installation.cluster, NAMESPACE, 'sluice-viewer', ['sluice.dev']);
    const file = path.join(directory, 'token');
    await writeFile(file, token);
    const direct = await runSluice(['explain', HOST, '--server', at, '--token-file', file]);
    assert.match(direct.stdout, /live on 2 of 3 nodes: gw-2 is not connected/);
    const forged = await fetch(`${at}/problems`, { headers: { authorization: `Bearer ${token}x` } });
    assert.equal(forged.status, 401);
  });
});

describe('while something is wrong', { timeout: 120_000 }, () => {
  it('a node that is away is named', async () => {
    await installation.envoys[2]?.stop();
    await untilState('partly');
    const finished = await sluice(['explain', HOST]);
    await assertGolden('explain-partly', finished.stdout);
    assert.equal(finished.exitCode, 2);
    await until(async () => (await sluice(['status'])).exitCode === 2, { what: 'status says it' });
    await assertGolden('status-partly', (await sluice(['status'])).stdout);
    installation.envoys[2] = await startEnvoyAt(installation.replicas[0]?.xdsPort ?? 0, 'gw-3');
    await untilState('live');
  });
  it('a replica that does not answer is named, and the other one answers', async () => {
    await installation.replicas[1]?.stop();
    const { stdout, stderr } = await sluice(['explain', HOST, '--timeout', '2s']);
    assert.match(stderr, /^note: replica sluice-b does not answer: /);
    assert.match(stdout, new RegExp(`^${HOST}: live on `));
    await installation.replicas[0]?.stop();
    const none = await sluice(['explain', HOST, '--timeout', '2s']);
    assert.equal(none.exitCode, 69);
    assert.match(
      none.stderr,
      /SLUICE_SERVER_UNREACHABLE: no replica of Sluice answers: sluice-a: .*; sluice-b: /,
    );
  });
  it('no Sluice, and no API server', async () => {
    const elsewhere = await sluice(['status', '--namespace', 'infra']);
    assert.match(elsewhere.stderr, /SLUICE_SERVER_NOT_FOUND: there is no Sluice in namespace infra/);
    assert.equal(elsewhere.exitCode, 69);
    const direct = await runSluice(['status', '--server', 'http://127.0.0.1:1']);
    assert.match(direct.stderr, /SLUICE_SERVER_UNREACHABLE: .*ECONNREFUSED/);
    await installation.cluster.apiServer.kill();
    const gone = await sluice(['status']);
    assert.match(
      gone.stderr,
      /SLUICE_KUBE_UNREACHABLE: the API server https:\/\/127\.0\.0\.1:\d+ cannot be reached/,
    );
    assert.equal(gone.exitCode, 69);
  });
});
