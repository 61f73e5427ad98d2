/** Sluice as an operator installs it, and a tenant. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { gatewayApiCrds } from '../../scripts/kubernetes-assets.ts';
import { createAuthority } from '../harness/kubernetes/certificates.ts';
import type { NodeCluster } from '../harness/node/node-cluster.ts';

const run = promisify(execFile);

export const HOST = 'demo-cluster-cp.stage.kube-dc.com';
export const NAMESPACE = 'sluice-system';
export const SLUICE_IMAGE = 'registry.example.com/sluice:0.1.0';
const DEPLOY = path.join(import.meta.dirname, '../../deploy/envoy-hostnetwork');
const ROUTE = path.join(import.meta.dirname, 'tenant.yaml');

/** The cluster's DNS, the CRDs and a tenant that answers. */
export async function prepareTenant(cluster: NodeCluster): Promise<void> {
  const { api, kubectl } = cluster;
  await api.client.apply(
    await readFile(path.join(import.meta.dirname, '../harness/node/cluster-dns.yaml'), 'utf8'),
  );
  await kubectl('apply', '--server-side', '-f', await gatewayApiCrds('standard'));
  await kubectl(
    'wait',
    '--for=condition=Established',
    'crd/tlsroutes.gateway.networking.k8s.io',
    '--timeout=60s',
  );
  const authority = await createAuthority('tenant');
  const { key, certificate } = await authority.server([HOST], []);
  const server = await readFile(path.join(import.meta.dirname, 'tenant-server.cjs'), 'utf8');
  const stringData = { 'tls.key': key, 'tls.crt': certificate, 'server.js': server };
  const metadata = { name: 'tenant', namespace: 'default' };
  await api.client.apply([{ apiVersion: 'v1', kind: 'Secret', metadata, stringData }]);
  await kubectl('apply', '--server-side', '-f', ROUTE);
  await kubectl('rollout', 'status', 'deployment/tenant', '--timeout=120s');
}

/** `install.sh` as it is shipped, with its example overlay; it ends with a connection to the first gateway. */
export async function installByScript(cluster: NodeCluster, gateways: readonly string[]): Promise<string> {
  const { stdout } = await run(path.join(DEPLOY, 'install.sh'), gateways, {
    env: {
      ...cluster.env,
      CERTS: path.join(cluster.directory, 'certificates'),
      ROUTE,
      HOST,
    },
  });
  return stdout;
}
