/** deploy/envoy-hostnetwork/install.sh against a real kube-apiserver. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { type Cluster, startCluster } from '../harness/kubernetes/cluster.ts';
import { findKubectl } from '../harness/kubernetes/kubectl.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');
const SCRIPT = join(ROOT, 'deploy', 'envoy-hostnetwork', 'install.sh');
const NAMESPACE = 'sluice-system';

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
    assert.match(await readFile(calls, 'utf8'), /^label node gw-1 /);
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
