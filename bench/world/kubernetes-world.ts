import { ETCD_VERSION, GATEWAY_API_VERSION, KUBERNETES_VERSION } from '../../scripts/kubernetes-assets.ts';
import { startCluster } from '../../test/harness/kubernetes/cluster.ts';
import { monotonicMs } from '../clock.ts';
import type { Manifest } from './manifests.ts';
import { seed } from './seed.ts';
import type { World } from './world.ts';

/** A real etcd and kube-apiserver that hold the tenants. */
export async function kubernetesWorld(routes: number, progress: (line: string) => void): Promise<World> {
  const directory = await seed(routes, progress);
  progress('starting etcd and kube-apiserver');
  const cluster = await startCluster({ seed: directory });
  const { client } = cluster;
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
    create: (object) => acknowledged(client.create(object)),
    replace: (object) => acknowledged(client.patch(addressOf(object), object)),
    remove: (object) => acknowledged(client.remove(addressOf(object))),
    [Symbol.asyncDispose]: () => cluster.stop(),
  };
}
