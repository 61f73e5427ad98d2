/** What faults happen to: a real API server, two replicas of Sluice, two Envoys, and paths between any two of them that can be cut. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bootstrapConfig } from '../../src/cli/bootstrap-config.ts';
import { BOOTSTRAP_FLAGS } from '../../src/cli/bootstrap-flags.ts';
import { readFlags } from '../../src/cli/flag.ts';
import { freePorts } from '../e2e/gateway-node.ts';
import { EnvoyProcess } from '../harness/envoy-process.ts';
import { type Cluster, startCluster } from '../harness/kubernetes/cluster.ts';
import { type CuttableProxy, startProxy } from '../harness/kubernetes/cuttable-proxy.ts';
import { gateway, gatewayClass, service } from '../harness/manifests.ts';
import { SluiceProcess } from '../harness/sluice-process.ts';
import { startTlsBackend } from '../harness/tls-backend.ts';

/** The API server takes no loopback address for an endpoint. */
export const BACKEND_ADDRESS = '198.18.0.1';
export const DOMAIN = 'stage.example.com';
/** Services, and the names that the TLS servers behind them tell. */
export const BACKENDS = ['a', 'b'] as const;

/** A replica of the control plane; it reaches the API server, and the Envoy reaches it, through a proxy each. */
export interface Replica {
  readonly kubeconfig: string;
  readonly xdsPort: number;
  readonly adminPort: number;
  /** Where it keeps what it has read: a disk of its own, of some megabytes. */
  readonly stateDirectory: string;
  /** Holds by how many milliseconds its wall clock is wrong. */
  readonly clockFile: string;
  readonly api: CuttableProxy;
  readonly xds: CuttableProxy;
  process: SluiceProcess;
  /** While it comes up again: two faults at a time may both have killed it. */
  restart?: Promise<void> | undefined;
}

/** A node with an Envoy. All of them listen on the same port, and the kernel shares connections out among them. */
export interface GatewayNode {
  readonly id: string;
  envoy: EnvoyProcess;
}

/** Nobody of `system:masters`, whom an API server refuses nothing, however busy it is. */
const SLUICE = 'sluice';
const RBAC = 'rbac.authorization.k8s.io';
const MAY_DO_ALL = {
  apiVersion: `${RBAC}/v1`,
  kind: 'ClusterRoleBinding',
  metadata: { name: SLUICE },
  roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [{ apiGroup: RBAC, kind: 'User', name: SLUICE }],
};
const NODES = ['gateway-1', 'gateway-2'];
/** Two states of all routes, and what is appended to them. */
const DISK_MB = 8;
const CLOCK = path.join(import.meta.dirname, 'shifted-clock.ts');

export class Installation implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly replicas: readonly Replica[];
  readonly nodes: readonly GatewayNode[];
  /** Where the Envoys listen, on 127.0.0.1. */
  readonly port: number;
  readonly #resources: AsyncDisposableStack;

  private constructor(
    parts: Pick<Installation, 'cluster' | 'replicas' | 'nodes' | 'port'>,
    resources: AsyncDisposableStack,
  ) {
    this.cluster = parts.cluster;
    this.replicas = parts.replicas;
    this.port = parts.port;
    this.nodes = parts.nodes;
    this.#resources = resources;
  }

  /** Resolves when all of it runs; no route is there yet. Ends what it started if anything does not start. */
  static async start(): Promise<Installation> {
    await using started = new AsyncDisposableStack();
    const cluster = await startCluster({
      crds: 'standard',
      users: [{ name: SLUICE }],
    });
    started.defer(() => cluster.stop());
    const [port = 0, ...ports] = await freePorts(5);
    await cluster.client.apply([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'infra' } },
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'tenants' } },
      MAY_DO_ALL,
      gatewayClass(),
      gateway('gw', [{ name: 'tls', port, hostname: `*.${DOMAIN}` }]),
    ]);
    for (const name of BACKENDS) {
      const backend = await startTlsBackend({ name, address: BACKEND_ADDRESS });
      started.defer(() => backend.close());
      await cluster.client.apply(service(name, [backend]));
    }
    const replicas: Replica[] = [];
    for (const index of [0, 1]) {
      const [xdsPort = 0, adminPort = 0] = ports.slice(2 * index);
      const api = await startProxy(cluster.apiServer.port);
      started.defer(() => api.stop());
      const xds = await startProxy(xdsPort);
      started.defer(() => xds.stop());
      const kubeconfig = await cluster.writeKubeconfig(`replica-${index}`, {
        token: cluster.tokenOf(SLUICE),
        url: `https://127.0.0.1:${api.port}`,
      });
      const stateDirectory = await mkdtemp(path.join(tmpdir(), 'sluice-chaos-'));
      started.defer(() => rm(stateDirectory, { recursive: true, force: true }));
      const disk = mountDisk(stateDirectory);
      started.defer(disk);
      const clockFile = path.join(tmpdir(), `clock-${index}`);
      await writeFile(clockFile, '0');
      const given = { kubeconfig, xdsPort, adminPort, stateDirectory, clockFile };
      const process = startReplica(given);
      const replica: Replica = { ...given, api, xds, process };
      started.defer(() => kill(replica));
      await process.untilPage(readiness(replica));
      replicas.push(replica);
    }
    const nodes: GatewayNode[] = [];
    for (const id of NODES) {
      const node = { id, envoy: await startEnvoy(id, replicas) };
      started.defer(() => node.envoy.stop('SIGKILL'));
      nodes.push(node);
    }
    return new Installation({ cluster, replicas, nodes, port }, started.move());
  }

  /** Starts a replica that was killed again, once for all who ask; resolves when it serves. */
  async restartReplica(replica: Replica): Promise<void> {
    if (replica.restart === undefined) {
      if (replica.process.isRunning) return;
      replica.process = startReplica(replica);
      replica.restart = replica.process.untilPage(readiness(replica)).then(() => {
        replica.restart = undefined;
      });
    }
    await replica.restart;
  }

  async restartEnvoy(node: GatewayNode): Promise<void> {
    node.envoy = await startEnvoy(node.id, this.replicas);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}

export async function kill({ process }: Replica): Promise<void> {
  process.signal('SIGKILL');
  await process.finished;
}

function readiness({ adminPort }: Replica): string {
  return `http://127.0.0.1:${adminPort}/readyz`;
}

type Given = Pick<Replica, 'kubeconfig' | 'xdsPort' | 'adminPort' | 'stateDirectory' | 'clockFile'>;

function startReplica({ kubeconfig, xdsPort, adminPort, stateDirectory, clockFile }: Given): SluiceProcess {
  return SluiceProcess.start(
    [
      ...['serve', '--source', 'kubernetes', '--kubeconfig', kubeconfig],
      ...['--leader-election-namespace', 'default', '--listen-address', '127.0.0.1'],
      ...['--xds-address', `127.0.0.1:${xdsPort}`, '--admin-address', `127.0.0.1:${adminPort}`],
      ...['--state-dir', stateDirectory],
    ],
    { NODE_OPTIONS: `--import=${CLOCK}`, SLUICE_CHAOS_CLOCK: clockFile },
  );
}

/** A small file system of its own in the folder; what it gives takes it away. */
function mountDisk(folder: string): () => void {
  const mount = ['-t', 'tmpfs', '-o', `size=${DISK_MB}m`, 'tmpfs', folder];
  const { status, stderr, error } = spawnSync('mount', mount, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mount ${mount.join(' ')}: ${error?.message ?? stderr}`);
  return () => void spawnSync('umount', ['--lazy', folder]);
}

async function startEnvoy(id: string, replicas: readonly Replica[]): Promise<EnvoyProcess> {
  const flags = {
    xdsAddress: replicas.map(({ xds }) => `127.0.0.1:${xds.port}`),
    nodeId: [id],
    envoyAdminAddress: ['127.0.0.1:0'],
  };
  return await EnvoyProcess.start({
    bootstrap: bootstrapConfig(readFlags(BOOTSTRAP_FLAGS, flags, {})),
    drainTimeSeconds: 1,
    waitUntilReady: false,
  });
}
