/** What breaks and what is replaced while a tenant's clients are connected, and how long each takes. */
import path from 'node:path';
import { NAMESPACE } from '../harness/helm.ts';
import type { ApiObject } from '../harness/kubernetes/client.ts';
import { type NodeCluster, untilReady } from '../harness/node/node-cluster.ts';
import { until } from '../harness/until.ts';
import {
  ENVOY_IMAGE,
  rollBackChart,
  rotateCertificates,
  type Setup,
  SLUICE_IMAGE,
  untilRolledOut,
  upgradeChart,
} from './installation.ts';

export interface FaultContext {
  readonly cluster: NodeCluster;
  readonly setup: Setup;
  /** DaemonSets that run Envoys: one for each Envoy of a node. */
  readonly daemonSets: readonly string[];
}

export interface Fault {
  /** For `--only`. */
  readonly id: string;
  /** As the table says it. */
  readonly name: string;
  /** Resolves when everything is as before again; with what else was seen. */
  run(context: FaultContext): Promise<string | undefined>;
}

/** The node that the faults are done to. */
const NODE = 'g1';
export const ENVOY_COMMAND = '^/usr/local/bin/envoy ';
const GATEWAY_LABEL = 'node-role.kubernetes.io/gateway';
/** Tags of the same images: a rollout asks no more. */
export const NEXT_SLUICE_IMAGE = SLUICE_IMAGE.replace('0.1.0', '0.1.1');
export const NEXT_ENVOY_IMAGE = `${ENVOY_IMAGE}-next`;

export const FAULTS: readonly Fault[] = [
  {
    id: 'helm-upgraded',
    name: 'A value of Envoy changed by `helm upgrade`',
    run: async ({ cluster, setup }) => {
      await upgradeChart(cluster, setup, { accessLogPercent: 50 });
      return undefined;
    },
  },
  {
    id: 'helm-rolled-back',
    name: '`helm rollback`',
    run: async ({ cluster, setup }) => {
      await rollBackChart(cluster, setup);
      return undefined;
    },
  },
  {
    id: 'envoy-killed-once',
    name: 'Envoy killed (SIGKILL)',
    run: async (context) => {
      await killEnvoy(context);
      await untilEnvoysReady(context);
      return undefined;
    },
  },
  {
    id: 'envoy-killed-twice',
    name: 'Envoy killed again as soon as it is back',
    run: async (context) => {
      await killEnvoy(context);
      await untilEnvoysReady(context);
      await killEnvoy(context);
      const since = performance.now();
      await untilEnvoysReady(context);
      return `back after ${seconds(since)}: kubelet's back-off`;
    },
  },
  {
    id: 'node-killed',
    name: 'Node killed whole, and started again',
    run: async (context) => {
      const { cluster } = context;
      const node = cluster.node(NODE);
      const since = performance.now();
      await node.kill();
      await until(async () => !(await addresses(cluster)).includes(node.address), {
        what: `${NODE} out of the Gateway's status`,
        timeoutMs: 120_000,
        intervalMs: 100,
      });
      const out = seconds(since);
      await node.start();
      await until(async () => (await addresses(cluster)).includes(node.address), {
        what: `${NODE} in the Gateway's status`,
        timeoutMs: 180_000,
        intervalMs: 100,
      });
      await untilReady(cluster, NODE);
      await untilEnvoysReady(context);
      return `out of the status after ${out}`;
    },
  },
  {
    id: 'worker-drained',
    name: 'Worker drained, with a replica of Sluice, and returned',
    run: async ({ cluster, setup }) => {
      const { kubectl } = cluster;
      await kubectl('drain', 'w2', '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=120s');
      await kubectl('uncordon', 'w2');
      await untilRolledOut(cluster, setup);
      return undefined;
    },
  },
  {
    id: 'sluice-upgraded',
    name: 'New version of Sluice',
    run: async ({ cluster, setup }) => {
      const { kubectl } = cluster;
      await kubectl('-n', NAMESPACE, 'set', 'image', 'deployment/sluice', `sluice=${NEXT_SLUICE_IMAGE}`);
      await untilRolledOut(cluster, setup);
      return undefined;
    },
  },
  {
    id: 'envoy-upgraded',
    name: "New version of Envoy's image and configuration",
    run: async (context) => {
      const { kubectl } = context.cluster;
      for (const name of context.daemonSets) {
        const images = [
          `envoy=${NEXT_ENVOY_IMAGE}`,
          `drain=${NEXT_SLUICE_IMAGE}`,
          `bootstrap=${NEXT_SLUICE_IMAGE}`,
        ];
        await kubectl('-n', NAMESPACE, 'set', 'image', `daemonset/${name}`, ...images);
      }
      await untilRolledOut(context.cluster, context.setup);
      return undefined;
    },
  },
  {
    id: 'gateway-drained',
    name: 'Gateway node drained (label removed), and returned',
    run: async (context) => {
      const { kubectl } = context.cluster;
      await kubectl('label', 'node', NODE, `${GATEWAY_LABEL}-`);
      await until(async () => (await envoyPods(context)).length === 0, {
        what: `no Envoy on ${NODE}`,
        timeoutMs: 300_000,
        intervalMs: 100,
      });
      await kubectl('label', 'node', NODE, `${GATEWAY_LABEL}=true`);
      await untilEnvoysReady(context);
      return undefined;
    },
  },
  {
    id: 'certificate-rotated',
    name: 'Certificates between Envoy and Sluice rotated',
    run: async ({ cluster }) => {
      const since = performance.now();
      const before = await mountedCertificates(cluster);
      await rotateCertificates(cluster);
      await until(async () => (await mountedCertificates(cluster)).every((each) => !before.includes(each)), {
        what: `new certificates in the pods of ${NODE}`,
        timeoutMs: 180_000,
        intervalMs: 500,
      });
      return `in the pods after ${seconds(since)}`;
    },
  },
];

/** Ends the Envoy of the first DaemonSet: where there is a second one, it is not hit. */
async function killEnvoy(context: FaultContext): Promise<void> {
  const node = context.cluster.node(NODE);
  const pods = await envoyPods(context);
  const uid = pods.find(({ metadata }) => metadata.labels?.['sluice.dev/envoy'] === undefined)?.metadata.uid;
  for (const pid of await node.processes(ENVOY_COMMAND)) {
    if (!(await node.run('cat', `/proc/${pid}/cgroup`)).includes(uid ?? 'none')) continue;
    await node.run('kill', '-KILL', pid);
    await until(async () => !(await node.processes(ENVOY_COMMAND)).includes(pid), {
      what: 'the end of Envoy',
    });
    return;
  }
  throw new Error(`no Envoy of the first DaemonSet runs on ${NODE}`);
}

/** As many pods as DaemonSets, none on its way out, each Ready, each with an Envoy that runs. */
export async function untilEnvoysReady(context: FaultContext): Promise<void> {
  const { cluster, daemonSets } = context;
  await until(
    async () => {
      const pods = await envoyPods(context);
      const processes = await cluster.node(NODE).processes(ENVOY_COMMAND);
      return [pods.filter(isReady), pods, processes].every(({ length }) => length === daemonSets.length);
    },
    { what: `Envoys ready on ${NODE}`, timeoutMs: 180_000, intervalMs: 200 },
  );
}

export async function envoyPods({ cluster }: FaultContext): Promise<ApiObject[]> {
  const { items } = await cluster.api.client.list('v1', 'Pod', NAMESPACE);
  return items.filter(
    ({ metadata, ...pod }) =>
      metadata.labels?.['app.kubernetes.io/component'] === 'envoy' &&
      (pod['spec'] as { readonly nodeName?: string }).nodeName === NODE,
  );
}

interface PodStatus {
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  readonly containerStatuses?: readonly { readonly ready: boolean }[];
}

function isReady(pod: ApiObject): boolean {
  const { conditions = [], containerStatuses = [] } = pod['status'] as PodStatus;
  return (
    pod.metadata.deletionTimestamp === undefined &&
    conditions.some(({ type, status }) => type === 'Ready' && status === 'True') &&
    containerStatuses.every(({ ready }) => ready)
  );
}

export async function addresses({ api }: NodeCluster): Promise<string[]> {
  const gateway = await api.client.get({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    namespace: NAMESPACE,
    name: 'tenant-gateway',
  });
  const { addresses: found = [] } = (gateway['status'] ?? {}) as {
    readonly addresses?: readonly { readonly value: string }[];
  };
  return found.map(({ value }) => value);
}

async function mountedCertificates({ node }: NodeCluster): Promise<string[]> {
  const files = path.join('/var/lib/kubelet/pods/*/volumes/kubernetes.io~secret/tls/tls.crt');
  const sums = await node(NODE).run('sh', '-c', `sha256sum ${files}`);
  return sums
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(' ')[0] ?? '');
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1_000).toFixed(1)} s`;
}
