/** Sluice as an operator installs it, and a tenant. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { gatewayApiCrds } from '../../scripts/kubernetes-assets.ts';
import { CHART, NAMESPACE, runHelm } from '../harness/helm.ts';
import { createAuthority } from '../harness/kubernetes/certificates.ts';
import type { NodeCluster } from '../harness/node/node-cluster.ts';
import { runSluice } from '../harness/sluice-process.ts';

const run = promisify(execFile);

export const HOST = 'demo-cluster-cp.stage.kube-dc.com';
export const SLUICE_IMAGE = 'registry.example.com/sluice:0.1.0';
export const ENVOY_IMAGE = 'docker.io/envoyproxy/envoy:distroless-v1.40.0';
const DEPLOY = path.join(import.meta.dirname, '../../deploy/envoy-hostnetwork');
const ROUTE = path.join(import.meta.dirname, 'tenant.yaml');
const CLUSTER_DNS = path.join(import.meta.dirname, '../harness/node/cluster-dns.yaml');

export interface Setup {
  /** Envoys of one gateway node. */
  readonly envoys: 1 | 2;
  /** How long connections of an Envoy that goes live on. The shipped time is ten minutes: rollouts would take hours. */
  readonly drainSeconds: number;
}

/** The cluster's DNS, the CRDs and a tenant that answers. */
export async function prepareTenant({ api, kubectl }: NodeCluster): Promise<void> {
  await api.client.apply(await readFile(CLUSTER_DNS, 'utf8'));
  await kubectl('apply', '--server-side', '-f', await gatewayApiCrds('standard'));
  const crd = 'crd/tlsroutes.gateway.networking.k8s.io';
  await kubectl('wait', '--for=condition=Established', crd, '--timeout=60s');
  const authority = await createAuthority('tenant');
  const { key, certificate } = await authority.server([HOST], []);
  const server = await readFile(path.join(import.meta.dirname, 'tenant-server.cjs'), 'utf8');
  const stringData = { 'tls.key': key, 'tls.crt': certificate, 'server.js': server };
  const metadata = { name: 'tenant', namespace: 'default' };
  await api.client.apply([{ apiVersion: 'v1', kind: 'Secret', metadata, stringData }]);
  await kubectl('apply', '--server-side', '-f', ROUTE);
  await kubectl('rollout', 'status', 'deployment/tenant', '--timeout=120s');
}

export function daemonSetsOf({ envoys }: Setup): string[] {
  return ['sluice-envoy', 'sluice-envoy-2'].slice(0, envoys);
}

/** `install.sh` as it is shipped; it ends with a connection to the first gateway. Resolves with what it said. */
export async function installByScript(
  cluster: NodeCluster,
  setup: Setup,
  gateways: readonly string[],
): Promise<string> {
  const { stdout } = await run(path.join(DEPLOY, 'install.sh'), gateways, {
    env: {
      ...cluster.env,
      CERTS: certificatesOf(cluster),
      ROUTE,
      HOST,
      OVERLAY: await writeOverlay(cluster, setup),
    },
  });
  await untilRolledOut(cluster, setup);
  return stdout;
}

/**
 * The chart, installed or upgraded by Helm, and its workloads Ready. `more` are further values.
 * The names of all objects are those that install.sh gives them.
 */
export async function installByChart(
  cluster: NodeCluster,
  setup: Setup,
  gateways: readonly string[],
  more: object = {},
): Promise<void> {
  const { kubectl } = cluster;
  const role = 'node-role.kubernetes.io/gateway=true';
  for (const name of gateways) {
    await kubectl('label', 'node', name, role, '--overwrite');
    await kubectl('taint', 'node', name, `${role}:NoSchedule`, '--overwrite');
  }
  await kubectl('apply', '--server-side', '-f', path.join(DEPLOY, 'base/namespace.yaml'));
  await rotateCertificates(cluster);
  await upgradeChart(cluster, setup, more);
}

/** `helm upgrade` with the values of the test and `more`. */
export async function upgradeChart(cluster: NodeCluster, setup: Setup, more: object = {}): Promise<void> {
  const values = {
    image: { repository: SLUICE_IMAGE.split(':')[0] },
    tenantGateway: { hostname: '*.stage.kube-dc.com' },
    gateway: {
      twoEnvoys: setup.envoys === 2,
      drainTimeout: `${setup.drainSeconds}s`,
      unreadyTime: '1s',
      resources: { requests: { cpu: '100m' } },
      ...more,
    },
  };
  await helmCommand(cluster, ['upgrade', '--install', 'sluice', CHART, '--values', '-'], stringify(values));
  await untilRolledOut(cluster, setup);
}

/** Back to the revision before the last one. */
export async function rollBackChart(cluster: NodeCluster, setup: Setup): Promise<void> {
  await helmCommand(cluster, ['rollback', 'sluice']);
  await untilRolledOut(cluster, setup);
}

async function helmCommand({ api }: NodeCluster, args: readonly string[], values?: string): Promise<void> {
  await runHelm([...args, '--namespace', NAMESPACE, '--kubeconfig', api.kubeconfig], values);
}

/** Every replica and every Envoy of the newest version, and none of an older one. */
export async function untilRolledOut({ kubectl }: NodeCluster, setup: Setup): Promise<void> {
  for (const workload of ['deployment/sluice', ...daemonSetsOf(setup).map((name) => `daemonset/${name}`)])
    await kubectl('-n', NAMESPACE, 'rollout', 'status', workload, '--timeout=300s');
}

/** Takes away what was installed, by whatever way, and waits until its pods are gone. */
export async function uninstall({ kubectl }: NodeCluster): Promise<void> {
  // With pods in it, a namespace is looked at again after half of their termination grace period.
  const workloads = ['delete', 'daemonset,deployment', '--all', '--cascade=foreground', '--timeout=300s'];
  await kubectl('-n', NAMESPACE, ...workloads);
  await kubectl('delete', 'namespace', NAMESPACE, '--timeout=300s');
  for (const kind of ['clusterrole', 'clusterrolebinding'])
    await kubectl('delete', kind, 'sluice', 'sluice-viewer');
  await kubectl('delete', 'gatewayclass', 'sluice');
}

/** Makes new certificates of the same authority, as an operator does, and puts them into the two Secrets. */
export async function rotateCertificates(cluster: NodeCluster): Promise<void> {
  const directory = certificatesOf(cluster);
  const { exitCode, stderr } = await runSluice(['certs', '--out', directory]);
  if (exitCode !== 0) throw new Error(`sluice certs: ${stderr}`);
  for (const pair of ['server', 'gateway']) {
    const files = `--from-file=${path.join(directory, pair)}`;
    const secret = await cluster.kubectl(
      ...['-n', NAMESPACE, 'create', 'secret', 'generic', `sluice-xds-${pair}`, files],
      ...['--dry-run=client', '-o', 'yaml'],
    );
    await cluster.api.client.apply(secret);
  }
}

function certificatesOf({ directory }: NodeCluster): string {
  return path.join(directory, 'certificates');
}

/** An overlay as operators write it: the example's, two Envoys if so wished, other times, less of the processors. */
async function writeOverlay({ directory }: NodeCluster, { envoys, drainSeconds }: Setup): Promise<string> {
  const overlay = path.join(directory, `overlay-${envoys}`);
  await mkdir(overlay, { recursive: true });
  const shipped = (folder: string): string => path.relative(overlay, path.join(DEPLOY, folder));
  const target = { kind: 'DaemonSet', labelSelector: 'app.kubernetes.io/component=envoy' };
  const drain = '/spec/template/spec/containers/1/args';
  const patch = stringify([
    { op: 'replace', path: `${drain}/3`, value: `--timeout=${drainSeconds}s` },
    { op: 'add', path: `${drain}/-`, value: '--unready-time=1s' },
    // An uninstallation waits so long for a partner that does not come back.
    { op: 'add', path: `${drain}/-`, value: '--partner-time=20s' },
    { op: 'replace', path: '/spec/minReadySeconds', value: 1 },
    { op: 'replace', path: '/spec/template/spec/containers/0/resources/requests/cpu', value: '100m' },
  ]);
  await writeFile(
    path.join(overlay, 'kustomization.yaml'),
    stringify({
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      resources: [shipped('overlays/example')],
      components: envoys === 2 ? [shipped('components/two-envoys')] : [],
      patches: [{ target, patch }],
    }),
  );
  return overlay;
}
