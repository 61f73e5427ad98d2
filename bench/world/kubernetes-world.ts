import { readFileSync } from 'node:fs';
import process from 'node:process';
import { ETCD_VERSION, GATEWAY_API_VERSION, KUBERNETES_VERSION } from '../../scripts/kubernetes-assets.ts';
import { startCluster } from '../../test/harness/kubernetes/cluster.ts';
import { monotonicMs } from '../clock.ts';
import { childrenOf } from '../processes/children.ts';
import { cpuOf } from '../processes/usage.ts';
import type { Manifest } from './manifests.ts';
import { seed } from './seed.ts';
import type { World } from './world.ts';

/** As the kernel knows them, which keeps fifteen characters. */
const SERVERS = ['etcd', 'kube-apiserver'];

function nameOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
}

/** A real etcd and kube-apiserver that hold the tenants. */
export async function kubernetesWorld(routes: number, progress: (line: string) => void): Promise<World> {
  const directory = await seed(routes, progress);
  progress('starting etcd and kube-apiserver');
  const cluster = await startCluster({ seed: directory });
  const { client } = cluster;
  const pids = childrenOf(process.pid).filter((pid) => SERVERS.includes(nameOf(pid)));
  const addressOf = ({ apiVersion, kind, metadata: { name, namespace } }: Manifest) => ({
    apiVersion,
    kind,
    name,
    ...(namespace === undefined ? {} : { namespace }),
  });
  const acknowledged = async (write: Promise<unknown>) => {
    await write;
    return monotonicMs();
  };
  return {
    type: 'kubernetes',
    routes,
    sluice: { arguments: ['--source', 'kubernetes'], environment: { KUBECONFIG: cluster.kubeconfig } },
    versions: {
      kubernetes: KUBERNETES_VERSION,
      etcd: ETCD_VERSION,
      gatewayApi: GATEWAY_API_VERSION,
    },
    serverCpuMs: () => pids.reduce((sum, pid) => sum + cpuOf(pid), 0),
    create: (object) => acknowledged(client.create(object)),
    replace: (object) => acknowledged(client.patch(addressOf(object), object)),
    remove: (object) => acknowledged(client.remove(addressOf(object))),
    [Symbol.asyncDispose]: () => cluster.stop(),
  };
}
