/** deploy/envoy-hostnetwork/install.sh against a real kube-apiserver. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { type Cluster, startCluster } from '../harness/kubernetes/cluster.ts';
import { crdManifests, installCrds } from '../harness/kubernetes/crds.ts';
import { findKubectl } from '../harness/kubernetes/kubectl.ts';
import { startTlsBackend } from '../harness/tls-backend.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');
const SCRIPT = join(ROOT, 'deploy', 'envoy-hostnetwork', 'install.sh');
const NAMESPACE = 'sluice-system';
const BUNDLE = 'gateway.networking.k8s.io/bundle-version';

let cluster: Cluster;
let directory: string;

before(
  async () => {
    directory = await mkdtemp(join(tmpdir(), 'sluice-install-'));
    cluster = await startCluster({ crds: 'standard' });
  },
  { timeout: 900_000 },
);
after(async () => {
  await cluster?.stop();
  await rm(directory, { recursive: true, force: true });
});

describe('install.sh', () => {
  it('labels, taints, installs and applies a route, and may be run again', { timeout: 120_000 }, async () => {
    for (const name of ['gw-1', 'gw-2', 'other'])
      await cluster.client.apply([{ apiVersion: 'v1', kind: 'Node', metadata: { name } }]);
    const certs = join(directory, 'certs');
    const env = {
      PATH: process.env['PATH'] ?? '',
      HOME: directory,
      KUBECTL: `${await findKubectl()} --kubeconfig=${cluster.kubeconfig}`,
      CERTS: certs,
      VERIFY: 'no',
    };
    const install = async (...nodes: readonly string[]): Promise<void> => {
      await run('sh', [SCRIPT, ...nodes], { env });
    };
    const nodeOf = async (name: string) =>
      (await cluster.client.get({ apiVersion: 'v1', kind: 'Node', name })) as unknown as {
        metadata: { labels?: Record<string, string> };
        spec: { taints?: readonly { key: string; effect: string; value?: string }[] };
      };
    const secretOf = async (name: string) =>
      (await cluster.client.get({
        apiVersion: 'v1',
        kind: 'Secret',
        namespace: NAMESPACE,
        name,
      })) as unknown as {
        data: Record<string, string>;
      };

    await install('gw-1', 'gw-2');
    for (const name of ['gw-1', 'gw-2']) {
      const { metadata, spec } = await nodeOf(name);
      assert.equal(metadata.labels?.['node-role.kubernetes.io/gateway'], 'true');
      const taint = spec.taints?.find(({ key }) => key === 'node-role.kubernetes.io/gateway');
      assert.deepEqual([taint?.value, taint?.effect], ['true', 'NoSchedule']);
    }
    assert.equal((await nodeOf('other')).metadata.labels?.['node-role.kubernetes.io/gateway'], undefined);
    const { data } = await secretOf('sluice-xds-gateway');
    assert.deepEqual(Object.keys(data).sort(), ['ca.crt', 'tls.crt', 'tls.key']);
    const before = new X509Certificate(Buffer.from(data['tls.crt'] ?? '', 'base64'));
    const route = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'TLSRoute',
      namespace: 'default',
      name: 'demo-cluster-api',
    };
    await cluster.client.get(route);

    await install('gw-1', 'other');
    assert.equal((await nodeOf('other')).metadata.labels?.['node-role.kubernetes.io/gateway'], 'true');
    const { data: renewed } = await secretOf('sluice-xds-gateway');
    const after = new X509Certificate(Buffer.from(renewed['tls.crt'] ?? '', 'base64'));
    assert.notEqual(after.serialNumber, before.serialNumber);
    assert.equal(renewed['ca.crt'], data['ca.crt'], 'the authority is kept');
  });

  it('touches nothing where certificates cannot be made, unless cert-manager makes them', async () => {
    const [kubectl, calls] = [join(directory, 'kubectl'), join(directory, 'calls')];
    await writeFile(kubectl, `#!/bin/sh\necho "$*" >> ${calls}\n`);
    await chmod(kubectl, 0o755);
    const missing = join(directory, 'no-such-sluice');
    const env = { PATH: process.env['PATH'] ?? '', KUBECTL: kubectl, SLUICE: missing, VERIFY: 'no' };

    const refused = run('sh', [SCRIPT, 'gw-1'], { env: { ...env, CERTS: join(directory, 'none') } });
    await assert.rejects(refused, (error: Error & { code?: number; stderr?: string }) => {
      assert.equal(error.code, 69);
      assert.match(error.stderr ?? '', /SLUICE=.*CERTS=/);
      return true;
    });
    await assert.rejects(readFile(calls), { code: 'ENOENT' });

    await run('sh', [SCRIPT, 'gw-1'], { env: { ...env, CERTS: '' } });
    assert.match(await readFile(calls, 'utf8'), /^label node gw-1 /m);
  });

  it('takes over a route that was applied client-side, instead of failing half way', async () => {
    const kubectl = `${await findKubectl()} --kubeconfig=${cluster.kubeconfig}`;
    const example = await readFile(join(SCRIPT, '..', 'example-route.yaml'), 'utf8');
    const route = join(directory, 'route.yaml');
    await writeFile(route, example.replaceAll('demo-cluster', 'other-cluster'));
    const [command = '', ...flags] = kubectl.split(' ');
    await run(command, [...flags, 'apply', '-f', route]);
    await writeFile(
      route,
      example
        .replaceAll('demo-cluster', 'other-cluster')
        .replace('other-cluster-cp.stage', 'renamed-cp.stage'),
    );
    await cluster.client.apply([{ apiVersion: 'v1', kind: 'Node', metadata: { name: 'gw-3' } }]);
    const env = {
      PATH: process.env['PATH'] ?? '',
      HOME: directory,
      KUBECTL: kubectl,
      CERTS: '',
      VERIFY: 'no',
    };
    await run('sh', [SCRIPT, 'gw-3'], { env: { ...env, ROUTE: route } });
    const { spec } = (await cluster.client.get({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'TLSRoute',
      namespace: 'default',
      name: 'other-cluster-api',
    })) as unknown as { spec: { hostnames: readonly string[] } };
    assert.deepEqual(spec.hostnames, ['renamed-cp.stage.kube-dc.com']);
  });

  it('changes nothing for a user who may not install it, nor where the CRDs are too old', async () => {
    const old = await startCluster({ users: [{ name: 'reader' }] });
    try {
      const [plain] = await crdManifests('standard', ['tlsroutes']);
      assert.ok(plain);
      const annotations = { ...plain.metadata.annotations, [BUNDLE]: 'v1.4.1' };
      await installCrds(old.client, [{ ...plain, metadata: { ...plain.metadata, annotations } }]);
      await old.client.apply([{ apiVersion: 'v1', kind: 'Node', metadata: { name: 'gw-1' } }]);
      const reader = await old.writeKubeconfig('reader', { token: old.tokenOf('reader') });
      for (const [kubeconfig, code, words] of [
        [reader, 77, /you may not install this/],
        [old.kubeconfig, 69, /CRDs of the Gateway API are of v1\.4\.1, and v1\.5 is needed: kubectl apply/],
      ] as const) {
        const env = {
          PATH: process.env['PATH'] ?? '',
          HOME: directory,
          KUBECTL: `${await findKubectl()} --kubeconfig=${kubeconfig}`,
          CERTS: '',
        };
        const refused = run('sh', [SCRIPT, 'gw-1'], { env });
        await assert.rejects(refused, (error: Error & { code?: number; stderr?: string }) => {
          assert.equal(error.code, code);
          assert.match(error.stderr ?? '', words);
          return true;
        });
      }
      const { metadata } = await old.client.get({ apiVersion: 'v1', kind: 'Node', name: 'gw-1' });
      assert.equal(metadata.labels?.['node-role.kubernetes.io/gateway'], undefined);
    } finally {
      await old.stop();
    }
  });

  it('waits for a tenant that still starts, and says so where it never answers', async () => {
    const kubectl = join(directory, 'kubectl-that-agrees');
    await writeFile(kubectl, '#!/bin/sh\n');
    await chmod(kubectl, 0o755);
    await using backend = await startTlsBackend({ name: 'demo-cluster', address: '127.0.0.1' });
    let refusals = 2;
    const gateway = createServer((socket) => {
      refusals -= 1;
      if (refusals >= 0) return void socket.destroy();
      const upstream = connect(backend.port, '127.0.0.1');
      socket.pipe(upstream).pipe(socket);
      for (const each of [socket, upstream]) each.on('error', () => each.destroy());
    });
    gateway.listen(0, '127.0.0.1');
    await once(gateway, 'listening');
    const { port } = gateway.address() as AddressInfo;
    const env = {
      ...{ PATH: process.env['PATH'] ?? '', KUBECTL: kubectl, CERTS: '' },
      ...{ GATEWAY_IP: '127.0.0.1', GATEWAY_PORT: String(port) },
    };
    const { stdout } = await run('sh', [SCRIPT, 'gw-1'], { env });
    assert.match(stdout, /subject=.*demo-cluster\n200 from 127\.0\.0\.1\n$/);
    assert.ok(refusals < 0);

    refusals = Number.POSITIVE_INFINITY;
    const unanswered = run('sh', [SCRIPT, 'gw-1'], { env: { ...env, VERIFY_SECONDS: '0' } });
    await assert.rejects(unanswered, (error: Error & { code?: number; stderr?: string }) => {
      assert.equal(error.code, 1);
      assert.match(
        error.stderr ?? '',
        /everything is installed, but demo-cluster-cp\S+ was not answered within 0 s: curl/,
      );
      return true;
    });
    gateway.close();
  });

  it('says how it is used when it is given no node', async () => {
    const refused = run('sh', [SCRIPT]);
    await assert.rejects(refused, (error: Error & { code?: number; stderr?: string }) => {
      assert.equal(error.code, 64);
      assert.match(error.stderr ?? '', /usage: .*NODE/);
      return true;
    });
  });
});
