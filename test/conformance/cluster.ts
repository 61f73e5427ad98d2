import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { echoServer } from '../../scripts/conformance-assets.ts';
import type { CrdChannel } from '../../scripts/kubernetes-assets.ts';
import { type ApiObject, documents } from '../harness/kubernetes/client.ts';
import { type Cluster, startCluster } from '../harness/kubernetes/cluster.ts';
import { crdManifests, installCrds } from '../harness/kubernetes/crds.ts';
import { startControllerManager } from './controller-manager.ts';
import { Kubelet } from './kubelet/kubelet.ts';
import type { TestNode } from './kubelet/nodes.ts';

/** Every kind of the suite's manifests; it also wants all CRDs of one channel. */
const CRDS = [
  'backendtlspolicies',
  'gatewayclasses',
  'gateways',
  'grpcroutes',
  'httproutes',
  'listenersets',
  'referencegrants',
  'tcproutes',
  'tlsroutes',
  'udproutes',
];

export const NAMESPACE = 'sluice-system';
const DEPLOY = path.join(import.meta.dirname, '../../deploy/envoy-hostnetwork');
/** The component, because the suite asks whether listeners tell of Secrets that are missing or malformed. */
const SHIPPED = ['base/namespace.yaml', 'base/rbac.yaml', 'components/certificate-status/rbac.yaml'];
const CLUSTER_SCOPED = ['ClusterRole', 'ClusterRoleBinding', 'Namespace'];

export interface ConformanceCluster {
  /** kubeconfig of an administrator: the suite's. */
  readonly kubeconfig: string;
  /** kubeconfig with a token of the service account that Sluice is shipped with. */
  readonly sluiceKubeconfig: string;
  readonly cluster: Cluster;
  stop(): Promise<void>;
}

/**
 * etcd, kube-apiserver, kube-controller-manager, the CRDs of a channel, Nodes with a kubelet that runs the suite's
 * Pods, and Sluice's own service account. Run it in a contained network namespace.
 */
export async function startConformanceCluster(options: {
  readonly channel: CrdChannel;
  readonly nodes: readonly TestNode[];
  report(line: string): void;
}): Promise<ConformanceCluster> {
  const cluster = await startCluster({ users: [{ name: 'kubelet', groups: ['system:masters'] }] });
  const { url, apiServer, client } = cluster;
  const [controllers] = await Promise.all([
    startControllerManager(cluster.kubeconfig),
    crdManifests(options.channel, CRDS).then((crds) => installCrds(client, crds)),
  ]);
  const kubelet = await Kubelet.start({
    api: { url, ca: apiServer.authority.certificate, token: cluster.tokenOf('kubelet') },
    nodes: options.nodes,
    directory: await mkdtemp(path.join(tmpdir(), 'pods-')),
    servers: { '/echo-basic': await echoServer() },
    report: options.report,
  });
  await client.apply(await shippedManifests());
  return {
    cluster,
    kubeconfig: cluster.kubeconfig,
    sluiceKubeconfig: await cluster.writeKubeconfig('sluice', { token: await serviceAccountToken(cluster) }),
    async stop() {
      await controllers.stop();
      await kubelet.stop();
      await cluster.stop();
    },
  };
}

/** Namespace, service accounts and roles as they are installed; kustomize would set the namespace. */
async function shippedManifests(): Promise<ApiObject[]> {
  const texts = SHIPPED.map((file) => readFile(path.join(DEPLOY, file), 'utf8'));
  return (await Promise.all(texts))
    .flatMap(documents)
    .map((object) =>
      CLUSTER_SCOPED.includes(object.kind)
        ? object
        : { ...object, metadata: { ...object.metadata, namespace: NAMESPACE } },
    );
}

async function serviceAccountToken({ client }: Cluster): Promise<string> {
  const { status } = (await client.raw(
    'POST',
    `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/sluice/token`,
    { body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} } },
  )) as { status: { token: string } };
  return status.token;
}
