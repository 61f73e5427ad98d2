/**
 * The user's own manifests, unmodified, with kubectl on a real API server, to a real Envoy and back to deletion: in a
 * network namespace of the test's own.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { startControllerManager } from '../conformance/controller-manager.ts';
import { testBootstrap, toYaml } from '../e2e/gateway-node.ts';
import { EnvoyProcess } from '../harness/envoy-process.ts';
import { startCluster } from '../harness/kubernetes/cluster.ts';
import { findKubectl } from '../harness/kubernetes/kubectl.ts';
import { gatewayClass } from '../harness/manifests.ts';
import { reexecInNetworkNamespace } from '../harness/network-namespace.ts';
import { SluiceProcess } from '../harness/sluice-process.ts';
import { startTlsBackend } from '../harness/tls-backend.ts';
import { attempt, get } from '../harness/tls-client.ts';
import { until } from '../harness/until.ts';

const SEED = path.join(import.meta.dirname, '..', '..', 'examples', 'seed');
const TENANT = '100.65.0.105';
const PUBLIC = '168.119.17.49';
const HOST = 'demo-cluster-cp.stage.kube-dc.com';
const CONTROLLER = 'higress.io/gateway-controller';

await reexecInNetworkNamespace(import.meta.url, { addresses: [`${TENANT}/32`, '10.99.0.1/32'] });

interface Conditions {
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly observedGeneration: number;
  }[];
}

const CASES = [
  { channel: 'experimental', version: 'v1alpha2', unmodified: true },
  { channel: 'standard', version: 'v1', unmodified: false },
] as const;

describe("the seed's manifests, by kubectl", () => {
  for (const { channel, version, unmodified } of CASES) {
    it(`TLSRoute ${version}, ${channel} CRDs`, { timeout: 180_000 }, async () => {
      await using resources = new AsyncDisposableStack();
      const cluster = await startCluster({ crds: channel });
      resources.defer(() => cluster.stop());
      // Mirrors the Endpoints object to a slice, as in every cluster.
      const controllerManager = await startControllerManager(cluster.kubeconfig);
      resources.defer(() => controllerManager.stop());
      const directory = await mkdtemp(path.join(tmpdir(), 'sluice-kubectl-'));
      resources.defer(() => rm(directory, { recursive: true, force: true }));
      const binary = await findKubectl();
      const kubectl = async (...argv: string[]): Promise<string> => {
        const env = { ...process.env, KUBECONFIG: cluster.kubeconfig };
        return (await promisify(execFile)(binary, argv, { env })).stdout;
      };
      const manifest = async (name: string): Promise<string> => {
        if (unmodified) return path.join(SEED, name);
        const text = await readFile(path.join(SEED, name), 'utf8');
        const file = path.join(directory, name);
        await writeFile(file, text.replace('networking.k8s.io/v1alpha2', 'networking.k8s.io/v1'));
        return file;
      };

      resources.use(await startTlsBackend({ name: 'tenant-api', address: TENANT, port: 6443 }));
      const sluice = resources.use(
        SluiceProcess.start([
          ...['serve', '--source', 'kubernetes', '--kubeconfig', cluster.kubeconfig],
          ...['--leader-election-namespace', 'default', '--gateway-address', PUBLIC],
          ...['--adopt-controller-name', CONTROLLER],
        ]),
      );
      await sluice.untilPage('http://127.0.0.1:18001/readyz');
      resources.use(await EnvoyProcess.start({ bootstrap: testBootstrap(18_000), drainTimeSeconds: 1 }));

      await kubectl('create', 'namespace', 'higress-system');
      const classes = path.join(directory, 'class.yaml');
      await writeFile(classes, toYaml([gatewayClass('higress', CONTROLLER)]));
      await kubectl('apply', '-f', classes);
      await kubectl(
        'apply',
        '-f',
        await manifest('option-b-gateway.yaml'),
        '-f',
        await manifest('backend.yaml'),
      );

      await until(
        async () =>
          (await attempt({ address: '127.0.0.1', port: 443, servername: HOST })).outcome === 'answered',
        {
          what: 'the tenant, through Envoy',
          timeoutMs: 60_000,
        },
      );
      assert.equal((await get({ address: '127.0.0.1', port: 443, servername: HOST })).backend, 'tenant-api');

      const read = async <T>(kind: string, namespace: string, name: string) =>
        JSON.parse(await kubectl('get', kind, '-n', namespace, name, '-o', 'json')) as {
          metadata: { generation: number };
          status?: T;
        };
      const isTrue = (status: Conditions | undefined, type: string, generation: number): boolean =>
        status?.conditions?.some(
          (each) => each.type === type && each.status === 'True' && each.observedGeneration === generation,
        ) ?? false;
      await until(
        async () => {
          const { metadata, status } = await read<
            Conditions & {
              addresses?: { value: string }[];
              listeners?: (Conditions & { attachedRoutes: number })[];
            }
          >('gateway', 'higress-system', 'tenant-gateway');
          return (
            isTrue(status, 'Accepted', metadata.generation) &&
            isTrue(status, 'Programmed', metadata.generation) &&
            status?.addresses?.[0]?.value === PUBLIC &&
            status.listeners?.[0]?.attachedRoutes === 1 &&
            isTrue(status.listeners[0], 'Programmed', metadata.generation)
          );
        },
        { what: 'the Gateway accepted and programmed, with its address and one route', timeoutMs: 30_000 },
      );
      await until(
        async () => {
          const { metadata, status } = await read<{ parents?: (Conditions & { controllerName: string })[] }>(
            'tlsroute',
            'default',
            'demo-cluster-api',
          );
          const [parent] = status?.parents ?? [];
          return (
            parent?.controllerName === CONTROLLER &&
            isTrue(parent, 'Accepted', metadata.generation) &&
            isTrue(parent, 'ResolvedRefs', metadata.generation)
          );
        },
        { what: 'the TLSRoute accepted and resolved', timeoutMs: 30_000 },
      );

      await kubectl('delete', '-f', await manifest('option-b-gateway.yaml'));
      await until(
        async () =>
          (await attempt({ address: '127.0.0.1', port: 443, servername: HOST })).outcome !== 'answered',
        {
          what: 'closed',
          timeoutMs: 30_000,
        },
      );
    });
  }
});
