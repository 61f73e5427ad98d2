/** What holds of an installation on real nodes, however it was installed. */
import assert from 'node:assert/strict';
import { NAMESPACE } from '../harness/helm.ts';
import type { ApiObject } from '../harness/kubernetes/client.ts';
import type { NodeCluster } from '../harness/node/node-cluster.ts';
import { runSluice } from '../harness/sluice-process.ts';
import { attempt, get, openLongLived } from '../harness/tls-client.ts';
import { until } from '../harness/until.ts';
import { addresses, ENVOY_COMMAND, envoyPods, type FaultContext, untilEnvoysReady } from './faults.ts';
import { HOST } from './installation.ts';

export interface Case {
  readonly name: string;
  run(context: FaultContext): Promise<void>;
}

const SLUICE_COMMAND = '^/nodejs/bin/node .*main.js serve';
const NET_BIND_SERVICE = 1n << 10n;

export const CASES: readonly Case[] = [
  {
    name: 'every replica and every Envoy is Ready by its own probes, none was restarted',
    run: async ({ cluster, daemonSets }) => {
      const pods = await podsOf(cluster);
      assert.equal(pods.length, 2 + 2 * daemonSets.length);
      for (const pod of pods) {
        const status = pod['status'] as PodStatus;
        assert.ok(status.conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True'));
        for (const { restartCount } of status.containerStatuses) assert.equal(restartCount, 0);
      }
    },
  },
  {
    name: 'the control plane has no privilege, the file systems are read-only, Envoy may bind low ports and no more',
    run: async ({ cluster }) => {
      const sluice = await processOn(cluster, 'w1', SLUICE_COMMAND);
      assert.deepEqual(sluice, { user: '65532', capabilities: 0n, noNewPrivileges: '1', root: 'ro' });
      const envoy = await processOn(cluster, 'g1', ENVOY_COMMAND);
      assert.deepEqual(envoy, {
        user: '0',
        capabilities: NET_BIND_SERVICE,
        noNewPrivileges: '1',
        root: 'ro',
      });
    },
  },
  {
    name: 'Sluice has a token of its service account, and Envoy has none',
    run: async ({ cluster }) => {
      const token = /\/var\/run\/secrets\/kubernetes\.io\/serviceaccount|\/run\/secrets\/kubernetes\.io/;
      assert.match(await mountsOf(cluster, 'w1', SLUICE_COMMAND), token);
      assert.doesNotMatch(await mountsOf(cluster, 'g1', ENVOY_COMMAND), token);
    },
  },
  {
    name: 'the Gateway is programmed on both nodes, over mutual TLS',
    run: async ({ cluster }) => {
      const nodes = ['g1', 'g2'].map((name) => cluster.node(name).address);
      await until(async () => (await addresses(cluster)).join() === nodes.join(), {
        what: 'both addresses in the status',
        timeoutMs: 60_000,
      });
    },
  },
  {
    name: "a TLSRoute is served on each node's port 443, TLS is the tenant's",
    run: async ({ cluster }) => {
      for (const name of ['g1', 'g2']) {
        const { address } = cluster.node(name);
        assert.equal((await get({ address, port: 443, servername: HOST })).certificateName, HOST);
        const nobody = await attempt({ address, port: 443, servername: 'nobody.stage.kube-dc.com' });
        assert.equal(nobody.outcome, 'closed');
      }
    },
  },
  {
    name: 'the log of an Envoy tells of the connection, that of Sluice is JSON',
    run: async ({ cluster: { kubectl }, daemonSets }) => {
      const selector = ['--selector', 'app.kubernetes.io/component=envoy', '--tail=-1'];
      await until(
        async () => (await kubectl('-n', NAMESPACE, 'logs', ...selector, '-c', 'envoy')).includes(HOST),
        {
          what: `${HOST} in the log of ${daemonSets.join()}`,
          timeoutMs: 30_000,
          intervalMs: 500,
        },
      );
      const lines = (await kubectl('-n', NAMESPACE, 'logs', 'deployment/sluice', '--tail=20'))
        .trim()
        .split('\n');
      for (const line of lines) assert.ok(JSON.parse(line));
    },
  },
  {
    name: "an operator asks Sluice and Envoy through the API server, by its proxy and by a kubelet's forwarded port",
    run: async ({ cluster }) => {
      const sluice = async (...argv: readonly string[]) =>
        await runSluice([...argv, '--kubeconfig', cluster.api.kubeconfig, '--timeout', '20s']);
      for (const through of ['proxy', 'port-forward', 'auto']) {
        const { stdout, stderr } = await sluice('explain', HOST, '--through', through);
        assert.match(stdout, /: live on 2 of 2 nodes\n/, `${through}: ${stdout}${stderr}`);
      }
      const diff = await sluice('diff', 'g1');
      assert.match(diff.stdout, /^g1 has all it should: /, diff.stderr);
      const { address } = cluster.node('g1');
      using connection = await openLongLived({ address, port: 443, servername: HOST });
      assert.ok(connection.isOpen);
      const routes = await sluice('routes', '--sort', 'connections', '-o', 'json');
      const { items } = JSON.parse(routes.stdout) as { items: readonly { connections: number }[] };
      assert.ok((items[0]?.connections ?? 0) >= 1, routes.stdout + routes.stderr);
    },
  },
  {
    name: 'an Envoy that has to go leaves an open connection alone until its client ends it',
    run: async (context) => {
      const { address } = context.cluster.node('g1');
      const connection = await openLongLived({ address, port: 443, servername: HOST });
      const gone = await deleteEnvoys(context);
      await until(async () => /draining Envoy/.test(await drainLog(context, gone)), {
        what: 'the drain that the hook begins',
        timeoutMs: 30_000,
        intervalMs: 250,
      });
      assert.equal(await connection.ping(), 'tenant');
      connection.end();
      await untilEnvoysReady(context);
    },
  },
  {
    name: 'a connection lives for the drain time, and ends before the termination grace period does',
    run: async (context) => {
      const { address } = context.cluster.node('g1');
      const connection = await openLongLived({ address, port: 443, servername: HOST });
      const started = performance.now();
      const gone = await deleteEnvoys(context);
      await connection.closed;
      const lived = (performance.now() - started) / 1_000;
      const { drainSeconds, envoys } = context.setup;
      const grace = Math.min(...gone.map((pod) => (pod['spec'] as PodSpec).terminationGracePeriodSeconds));
      // Of two Envoys it may be the second one's, which drains after the first one.
      assert.ok(lived >= drainSeconds, `closed after ${lived} s`);
      assert.ok(lived < grace && lived < envoys * (drainSeconds + 60), `closed after ${lived} s`);
      await untilEnvoysReady(context);
    },
  },
];

interface PodStatus {
  readonly conditions: readonly { readonly type: string; readonly status: string }[];
  readonly containerStatuses: readonly { readonly restartCount: number }[];
}

interface PodSpec {
  readonly terminationGracePeriodSeconds: number;
}

async function podsOf({ api }: NodeCluster): Promise<readonly ApiObject[]> {
  return (await api.client.list('v1', 'Pod', NAMESPACE)).items;
}

/** Asks for the end of all Envoys of the node; gives their pods as they were. */
async function deleteEnvoys(context: FaultContext): Promise<readonly ApiObject[]> {
  const pods = await envoyPods(context);
  const names = pods.map(({ metadata }) => metadata.name);
  await context.cluster.kubectl('-n', NAMESPACE, 'delete', 'pod', '--wait=false', ...names);
  return pods;
}

async function drainLog({ cluster }: FaultContext, pods: readonly ApiObject[]): Promise<string> {
  const logs = pods.map(({ metadata }) =>
    cluster.kubectl('-n', NAMESPACE, 'logs', metadata.name, '-c', 'drain').catch(() => ''),
  );
  return (await Promise.all(logs)).join('');
}

/** What the kernel says of the first process with that command. */
async function processOn(cluster: NodeCluster, name: string, command: string) {
  const status = await fileOf(cluster, name, command, 'status');
  const field = (key: string): string => new RegExp(`^${key}:\\s*(\\S+)`, 'm').exec(status)?.[1] ?? '';
  const [root = ''] = /^\d+ \d+ \S+ \S+ \/ (?:ro|rw)/m.exec(await mountsOf(cluster, name, command)) ?? [];
  return {
    user: field('Uid'),
    capabilities: BigInt(`0x${field('CapEff')}`),
    noNewPrivileges: field('NoNewPrivs'),
    root: root.slice(-2),
  };
}

function mountsOf(cluster: NodeCluster, name: string, command: string): Promise<string> {
  return fileOf(cluster, name, command, 'mountinfo');
}

async function fileOf(cluster: NodeCluster, name: string, command: string, file: string): Promise<string> {
  const node = cluster.node(name);
  const [pid] = await node.processes(command);
  assert.ok(pid !== undefined, `${command} runs on ${name}`);
  return await node.run('cat', `/proc/${pid}/${file}`);
}
