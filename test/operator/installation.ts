/**
 * Sluice as it is installed, on one machine: a real kube-apiserver that reaches two replicas as pods, with the RBAC of the manifests,
 * and three real Envoys on three gateway nodes.
 */
import path from 'node:path';
import { bootstrapConfig } from '../../src/cli/bootstrap-config.ts';
import { BOOTSTRAP_FLAGS } from '../../src/cli/bootstrap-flags.ts';
import { readFlags } from '../../src/cli/flag.ts';
import type { ControlPlane } from '../../src/cli/serve/control-plane.ts';
import { EnvoyProcess } from '../harness/envoy-process.ts';
import { documents } from '../harness/kubernetes/client.ts';
import { type Cluster, startCluster } from '../harness/kubernetes/cluster.ts';
import { kustomize } from '../harness/kubernetes/kubectl.ts';
import { gateway, gatewayClass, service, tlsRoute } from '../harness/manifests.ts';
import { startTlsBackend, type TlsBackend } from '../harness/tls-backend.ts';
import { until } from '../harness/until.ts';
import { startReplica } from '../kubernetes/status-replica.ts';

const BASE = path.join(import.meta.dirname, '..', '..', 'deploy', 'envoy-hostnetwork', 'base');
export const NAMESPACE = 'sluice-system';
export const HOST = 'demo.stage.example.com';
const BACKEND = '198.18.0.1';
/** Of the replicas' pods, and of the gateway nodes. */
const PODS = ['198.18.0.11', '198.18.0.12'];
export const NODES = ['198.18.1.1', '198.18.1.2', '198.18.1.3'];
/** What the loopback interface of the network namespace must have. */
export const ADDRESSES = [BACKEND, ...PODS, ...NODES].map((address) => `${address}/32`);
const PORT = 443;
/** Fast enough for a test; two replicas in one process share its clock. */
const ELECTION = { duration: 3_000, renewDeadline: 2_000, retry: 200 };

export interface Installation extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly replicas: readonly ControlPlane[];
  readonly envoys: EnvoyProcess[];
  /** kubeconfig of a user by name: `admin`, or one of the cluster's. */
  kubeconfigOf(user: string): Promise<string>;
}

const inNamespace = (namespace: string, each: object): object => {
  const object = each as { metadata: object };
  return { ...object, metadata: { namespace, ...object.metadata } };
};

export async function install(): Promise<Installation> {
  await using resources = new AsyncDisposableStack();
  const cluster = await startCluster({ crds: 'standard', users: [{ name: 'operator' }, { name: 'nobody' }] });
  resources.defer(() => cluster.stop());
  const backend: TlsBackend = resources.use(await startTlsBackend({ name: HOST, address: BACKEND }));
  const rbac = documents(await kustomize(BASE)).filter(({ kind }) =>
    ['ServiceAccount', 'ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'].includes(kind),
  );
  const namespaces = ['infra', 'tenants', 'others', NAMESPACE];
  await cluster.client.apply([
    ...namespaces.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
    ...rbac,
    gatewayClass(),
    gateway('gw', [{ name: 'tls', port: PORT, hostname: '*.stage.example.com' }], [], {
      addresses: undefined,
    }),
    ...service('api', [backend]),
    ...service('empty', []),
    tlsRoute({
      name: 'demo',
      hosts: [HOST],
      backends: [{ name: 'api' }],
      annotations: { 'sluice.dev/stats': 'true' },
    }),
    tlsRoute({ name: 'empty', hosts: ['empty.stage.example.com'], backends: [{ name: 'empty' }] }),
    inNamespace(NAMESPACE, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'operator' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'sluice-operator' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'operator' }],
    }),
  ]);
  for (const [index, address] of NODES.entries()) await createNode(cluster, `gw-${index + 1}`, address);
  for (const [index, podIP] of PODS.entries()) await createPod(cluster, `sluice-${'ab'[index]}`, podIP);
  const token = await tokenOf(cluster, NAMESPACE, 'sluice');
  const kubeconfig = await cluster.writeKubeconfig('sluice', { token });
  const replicas: ControlPlane[] = [];
  for (const host of PODS) {
    const replica = await startReplica(cluster, {
      kubeconfig,
      adminAddress: { host, port: 18_001 },
      guarded: true,
      electionTimes: ELECTION,
      envoyGraceMs: 1_000,
      flags: { leaderElectionNamespace: [NAMESPACE] },
    });
    resources.defer(() => replica.stop());
    replicas.push(replica);
    // So that the first one leads.
    await until(() => replica.engine.resources.ready, { what: 'a replica that has read everything' });
  }
  const envoys: EnvoyProcess[] = [];
  // Those that a test has put in their place, too.
  resources.defer(async () => void (await Promise.all(envoys.map((envoy) => envoy.stop()))));
  for (const index of NODES.keys())
    envoys.push(await startEnvoyAt(replicas[index % 2]?.xdsPort ?? 0, `gw-${index + 1}`));
  const owned = resources.move();
  return {
    cluster,
    replicas,
    envoys,
    kubeconfigOf: async (user) =>
      user === 'admin'
        ? cluster.kubeconfig
        : await cluster.writeKubeconfig(user, { token: cluster.tokenOf(user) }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

export async function startEnvoyAt(xdsPort: number, nodeId: string): Promise<EnvoyProcess> {
  const flags = {
    xdsAddress: [`127.0.0.1:${xdsPort}`],
    nodeId: [nodeId],
    envoyAdminAddress: ['127.0.0.1:0'],
  };
  const bootstrap = bootstrapConfig(readFlags(BOOTSTRAP_FLAGS, flags, {}));
  return await EnvoyProcess.start({ bootstrap, drainTimeSeconds: 1 });
}

/** A token of a service account, for Sluice alone where an audience is given. */
export async function tokenOf(
  { client }: Cluster,
  namespace: string,
  name: string,
  audiences?: readonly string[],
): Promise<string> {
  const answer = (await client.raw('POST', `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`, {
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: 3_600, ...(audiences !== undefined && { audiences }) },
    },
  })) as { status: { token: string } };
  return answer.status.token;
}

async function createNode({ client }: Cluster, name: string, address: string): Promise<void> {
  const node = { apiVersion: 'v1', kind: 'Node', name };
  const labels = { 'node-role.kubernetes.io/gateway': 'true' };
  await client.create({ apiVersion: 'v1', kind: 'Node', metadata: { name, labels } });
  await client.patch(node, { status: { addresses: [{ type: 'InternalIP', address }] } }, 'status');
}

/** As kubelet tells of a pod that runs. */
async function createPod({ client }: Cluster, name: string, podIP: string): Promise<void> {
  await client.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: NAMESPACE,
      labels: { 'app.kubernetes.io/name': 'sluice', 'app.kubernetes.io/component': 'control-plane' },
    },
    spec: {
      serviceAccountName: 'sluice',
      automountServiceAccountToken: false,
      containers: [{ name: 'sluice', image: 'sluice', ports: [{ name: 'admin', containerPort: 18_001 }] }],
    },
  });
  const pod = { apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE, name };
  await client.patch(pod, { status: { phase: 'Running', podIP, podIPs: [{ ip: podIP }] } }, 'status');
}
