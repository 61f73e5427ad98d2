/** A whole Kubernetes cluster on this machine: the control plane, real nodes, and the cluster's DNS. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { gatewayApiCrds, kubernetesAsset } from '../../../scripts/kubernetes-assets.ts';
import { NODE_PROGRAMS, type NodeProgram, nodeProgram } from '../../../scripts/node-assets.ts';
import { type Cluster, kubeconfigOf, startCluster } from '../kubernetes/cluster.ts';
import { startGuarded } from '../kubernetes/guarded-process.ts';
import { until } from '../until.ts';
import { cgroupName } from './cgroups.ts';
import { KubernetesNode, makeBridge, TEST_ADDRESS } from './node.ts';

const run = promisify(execFile);

/** On every node's PATH. */
const ON_NODES: readonly NodeProgram[] = [
  'containerd',
  'containerd-shim-runc-v2',
  'ctr',
  'kubelet',
  'kube-proxy',
];
const READY_MS = 120_000;

/** Builds and fetches what a cluster runs, while there is a network; afterwards it comes from the cache. */
export async function prepareNodeCluster(): Promise<void> {
  for (const name of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl'] as const)
    await kubernetesAsset(name);
  for (const name of NODE_PROGRAMS) await nodeProgram(name);
  await gatewayApiCrds('standard');
}

export interface NodeClusterOptions {
  /** Node name → OCI archives that it has from the start. */
  readonly nodes: Readonly<Record<string, readonly string[]>>;
  /** Kernel settings of every node's network, path below `/proc/sys` → value. */
  readonly sysctls?: Readonly<Record<string, string>>;
  /** Looks for a runtime that the containers are run by; Debian's unless given. */
  readonly runc?: string;
}

export interface NodeCluster {
  readonly api: Cluster;
  node(name: string): KubernetesNode;
  /** kubectl as the administrator; resolves with its standard output, rejects with its words. */
  kubectl(...args: readonly string[]): Promise<string>;
  /** Environment in which `kubectl` and `helm` reach the cluster. */
  readonly env: NodeJS.ProcessEnv;
  /** Folder that goes with the run. */
  readonly directory: string;
}

/**
 * Resolves when every node is Ready. Only in a contained network namespace (`reexecInNetworkNamespace`), whose end ends
 * all of it, after `removeCgroupsAtEnd`.
 */
export async function startNodeCluster(options: NodeClusterOptions): Promise<NodeCluster> {
  const names = Object.keys(options.nodes);
  const directory = await mkdtemp(path.join(tmpdir(), 'nodes-'));
  const programs = path.join(directory, 'bin');
  await mkdir(programs);
  for (const name of ON_NODES) await symlink(await nodeProgram(name), path.join(programs, name));
  const kubectlPath = await kubernetesAsset('kubectl');
  await symlink(kubectlPath, path.join(programs, 'kubectl'));
  await makeBridge();

  const api = await startCluster({
    address: TEST_ADDRESS,
    users: [
      { name: 'system:kube-proxy' },
      ...names.map((name) => ({ name: `system:node:${name}`, groups: ['system:nodes'] })),
    ],
    apiServerFlags: [
      '--authorization-mode=Node',
      '--enable-admission-plugins=NodeRestriction',
      '--allow-privileged=true',
      // Nobody resolves the nodes' names.
      '--kubelet-preferred-address-types=InternalIP',
    ],
  });
  const url = `https://${TEST_ADDRESS}:${api.apiServer.port}`;
  const kubeconfig = (user: string): string =>
    kubeconfigOf(url, api.apiServer.authority.certificate, api.tokenOf(user));
  await startControllers(api, directory);

  const indexes = names.map((_, position) => position + 1);
  const nodes = new Map<string, KubernetesNode>();
  for (const [position, [name, images]] of Object.entries(options.nodes).entries()) {
    const own = path.join(directory, name);
    await mkdir(own);
    nodes.set(
      name,
      new KubernetesNode({
        name,
        index: position + 1,
        indexes,
        directory: own,
        programs,
        images,
        runc: options.runc ?? '/usr/sbin/runc',
        cgroup: `${cgroupName()}/${name}`,
        kubeconfigs: {
          kubelet: kubeconfig(`system:node:${name}`),
          kubeProxy: kubeconfig('system:kube-proxy'),
        },
        sysctls: options.sysctls ?? {},
      }),
    );
  }
  await Promise.all([...nodes.values()].map((node) => node.start()));
  const env = {
    ...process.env,
    PATH: `${programs}:${process.env['PATH']}`,
    HOME: directory,
    KUBECONFIG: api.kubeconfig,
  };
  const cluster: NodeCluster = {
    api,
    directory,
    env,
    node(name) {
      const node = nodes.get(name);
      if (node === undefined) throw new Error(`the cluster was started without a node ${name}`);
      return node;
    },
    kubectl: async (...args) => (await run(kubectlPath, args, { env, maxBuffer: 1 << 24 })).stdout,
  };
  for (const name of names) await untilReady(cluster, name);
  return cluster;
}

/** Waits until the API says that a node is Ready. Rejects with the end of its kubelet's log. */
export async function untilReady({ api, node }: NodeCluster, name: string): Promise<void> {
  await until(async () => (await readiness(api, name)) === 'True', {
    what: `node ${name} Ready`,
    timeoutMs: READY_MS,
    intervalMs: 100,
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}; its kubelet:\n${node(name).log('kubelet')}`);
  });
}

async function readiness({ client }: Cluster, name: string): Promise<string | undefined> {
  const found = await client.get({ apiVersion: 'v1', kind: 'Node', name }).catch(() => undefined);
  const { conditions = [] } = (found?.['status'] ?? {}) as {
    conditions?: readonly { readonly type: string; readonly status: string }[];
  };
  return conditions.find(({ type }) => type === 'Ready')?.status;
}

async function startControllers({ apiServer, kubeconfig }: Cluster, directory: string): Promise<void> {
  const common = [`--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--secure-port=0'];
  const fast = ['--kube-api-qps=500', '--kube-api-burst=1000'];
  const key = path.join(apiServer.directory, 'service-account.key');
  const authority = path.join(apiServer.directory, 'ca.crt');
  await startGuarded(
    'kube-controller-manager',
    await kubernetesAsset('kube-controller-manager'),
    [...common, ...fast, `--service-account-private-key-file=${key}`, `--root-ca-file=${authority}`],
    directory,
  );
  const scheduler = await nodeProgram('kube-scheduler');
  await startGuarded('kube-scheduler', scheduler, [...common, ...fast], directory);
}
