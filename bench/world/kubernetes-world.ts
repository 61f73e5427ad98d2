import { readFileSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { ETCD_VERSION, GATEWAY_API_VERSION, KUBERNETES_VERSION } from '../../scripts/kubernetes-assets.ts';
import { type Cluster, startCluster } from '../../test/harness/kubernetes/cluster.ts';
import { monotonicMs } from '../clock.ts';
import { childrenOf } from '../processes/children.ts';
import { cpuOf } from '../processes/usage.ts';
import { type Manifest, tenant } from './manifests.ts';
import { seed } from './seed.ts';
import type { World } from './world.ts';

/** As the kernel knows them, which keeps fifteen characters. */
const SERVERS = ['etcd', 'kube-apiserver'];

function nameOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
}

/** Sluice runs as in a pod; with which RBAC makes no difference to the figures. */
const SLUICE = { name: 'sluice', groups: ['system:masters'] };
/** Where the lease of the replica that writes statuses lives. */
const SYSTEM_NAMESPACE = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'sluice-system' } };
/** An API server that uses less of a core has done what it does after a start. */
const QUIET = { intervalMs: 500, cpuMs: 50, mostMs: 60_000 };

/** An API server that has just started fills its caches for a while, and with the first list of a kind. */
async function warmUp({ client }: Cluster, serverCpuMs: () => number): Promise<void> {
  await client.apply([SYSTEM_NAMESPACE]);
  for (const { apiVersion, kind } of tenant(0)) await client.list(apiVersion, kind);
  const deadline = monotonicMs() + QUIET.mostMs;
  for (let before = serverCpuMs(); monotonicMs() < deadline; ) {
    await delay(QUIET.intervalMs);
    const now = serverCpuMs();
    if (now - before < QUIET.cpuMs) return;
    before = now;
  }
}

/** A real etcd and kube-apiserver that hold the tenants. */
export async function kubernetesWorld(routes: number, progress: (line: string) => void): Promise<World> {
  const directory = await seed(routes, progress);
  progress('starting etcd and kube-apiserver');
  const cluster = await startCluster({ seed: directory, users: [SLUICE] });
  const { client } = cluster;
  const pids = childrenOf(process.pid).filter((pid) => SERVERS.includes(nameOf(pid)));
  const serverCpuMs = () => pids.reduce((sum, pid) => sum + cpuOf(pid), 0);
  await warmUp(cluster, serverCpuMs);
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
    sluice: {
      arguments: ['--source', 'kubernetes'],
      environment: await cluster.podEnvironment({ token: cluster.tokenOf(SLUICE.name) }),
    },
    versions: {
      kubernetes: KUBERNETES_VERSION,
      etcd: ETCD_VERSION,
      gatewayApi: GATEWAY_API_VERSION,
    },
    serverCpuMs,
    create: (object) => acknowledged(client.create(object)),
    replace: (object) => acknowledged(client.patch(addressOf(object), object)),
    remove: (object) => acknowledged(client.remove(addressOf(object))),
    [Symbol.asyncDispose]: () => cluster.stop(),
  };
}
