/** deploy/helm/sluice by Helm itself against a real kube-apiserver: installed, upgraded, rolled back and removed. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { CHART, NAMESPACE, renderChart, runHelm } from '../harness/helm.ts';
import type { ApiObject } from '../harness/kubernetes/client.ts';
import { type Cluster, startCluster } from '../harness/kubernetes/cluster.ts';
import { crdManifests, installCrds } from '../harness/kubernetes/crds.ts';
import { findKubectl } from '../harness/kubernetes/kubectl.ts';
import { chartCases } from '../helm/cases.ts';

const run = promisify(execFile);
/** As the seed installs Higress: by flags, with a selector whose value is no text. */
const SEED = [
  ...['--set', 'gateway.nodeSelector.node-role\\.kubernetes\\.io/gateway=true'],
  ...['--set', 'gateway.tolerations[0].key=node-role.kubernetes.io/gateway'],
  ...['--set', 'gateway.tolerations[0].operator=Exists'],
  ...['--set', 'gateway.tolerations[0].effect=NoSchedule'],
  ...['--set', 'tenantGateway.hostname=*.stage.kube-dc.com'],
];

let cluster: Cluster;
let directory: string;

before(
  async () => {
    directory = await mkdtemp(join(tmpdir(), 'sluice-helm-'));
    cluster = await startCluster();
  },
  { timeout: 900_000 },
);
after(async () => {
  await cluster?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function helm(kubeconfig: string, ...args: readonly string[]): Promise<string> {
  return await runHelm([...args, '--namespace', NAMESPACE, '--kubeconfig', kubeconfig]);
}

async function install(...args: readonly string[]): Promise<string> {
  return await helm(cluster.kubeconfig, 'install', 'sluice', CHART, '--create-namespace', ...args);
}

async function object(apiVersion: string, kind: string, name: string): Promise<ApiObject> {
  return await cluster.client.get({ apiVersion, kind, namespace: NAMESPACE, name });
}

/** Arguments of a container of the control plane. */
async function serveArgs(): Promise<readonly string[]> {
  const { spec } = (await object('apps/v1', 'Deployment', 'sluice')) as unknown as {
    spec: { template: { spec: { containers: readonly [{ args: readonly string[] }] } } };
  };
  return spec.template.spec.containers[0].args;
}

describe('helm install', () => {
  it('is refused where the cluster lacks the CRDs, or has older ones; nothing is left of it', async () => {
    await assert.rejects(
      install(),
      /no CustomResourceDefinition gatewayclasses\.gateway\.networking\.k8s\.io: .*v1\.5/,
    );
    const crds = await crdManifests('standard');
    const old = crds.map((crd) => ({
      ...crd,
      metadata: {
        ...crd.metadata,
        annotations: { ...crd.metadata.annotations, 'gateway.networking.k8s.io/bundle-version': 'v1.4.1' },
      },
    }));
    await installCrds(cluster.client, old);
    await assert.rejects(
      install(),
      /CustomResourceDefinition \S+ is of the Gateway API v1\.4\.1: .*v1\.5 or later/,
    );
    await installCrds(cluster.client, crds);
    assert.equal((await helm(cluster.kubeconfig, 'list', '--short')).trim(), '');
  });

  it('is refused without permission, in the words of the API server', async () => {
    await cluster.client.apply([
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'nobody', namespace: 'default' } },
    ]);
    const path = '/api/v1/namespaces/default/serviceaccounts/nobody/token';
    const { status } = (await cluster.client.raw('POST', path, {
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
    })) as { status: { token: string } };
    const kubeconfig = await cluster.writeKubeconfig('nobody', { token: status.token });
    const refused = helm(kubeconfig, 'install', 'sluice', CHART);
    await assert.rejects(refused, /forbidden: User "system:serviceaccount:default:nobody" cannot/);
  });

  it("installs the seed's case by flags, and says what is missing", async () => {
    const notes = await install(...SEED);
    assert.match(
      notes,
      /WARNING: no node is a gateway node.*\n.*kubectl label node NODE node-role\.kubernetes\.io\/gateway=true/,
    );
    assert.match(
      notes,
      /kubectl label namespace sluice-system pod-security\.kubernetes\.io\/enforce=privileged/,
    );
    assert.match(notes, /sluice certs --out \S+ --hosts sluice\.sluice-system\.svc\n/);
    assert.doesNotMatch(notes, /There is no Gateway yet/);
    const { spec } = (await object('apps/v1', 'DaemonSet', 'sluice-envoy')) as unknown as {
      spec: { template: { spec: { nodeSelector: object; tolerations: readonly object[] } } };
    };
    assert.deepEqual(spec.template.spec.nodeSelector, { 'node-role.kubernetes.io/gateway': 'true' });
    await object('gateway.networking.k8s.io/v1', 'Gateway', 'tenant-gateway');
  });

  it('says no more than how to look at it once nodes, namespace and certificates are there', async () => {
    await cluster.client.apply([
      {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name: 'gw-1', labels: { 'node-role.kubernetes.io/gateway': 'true' } },
      },
      {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: NAMESPACE, labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } },
      },
      ...['server', 'gateway'].map((name) => ({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: `sluice-xds-${name}`, namespace: NAMESPACE },
      })),
    ]);
    const notes = await helm(cluster.kubeconfig, 'upgrade', 'sluice', CHART, '--reuse-values');
    const own = notes.slice(notes.indexOf('NOTES:\n') + 'NOTES:\n'.length).trim();
    assert.deepEqual(own.split('\n'), [
      'Sluice 0.1.0 is installed as sluice in sluice-system.',
      '',
      '  kubectl -n sluice-system rollout status deployment/sluice daemonset/sluice-envoy',
    ]);
  });
});

describe('helm upgrade', () => {
  it('changes what a value is about and restarts nothing else; rollback takes it back', async () => {
    const before = await object('apps/v1', 'DaemonSet', 'sluice-envoy');
    const plane = await serveArgs();
    const adopt = 'controlPlane.adoptControllerNames={higress.io/gateway-controller}';
    await helm(cluster.kubeconfig, 'upgrade', 'sluice', CHART, '--reuse-values', '--set', adopt);
    assert.deepEqual(await serveArgs(), [...plane, '--adopt-controller-name=higress.io/gateway-controller']);
    const after = await object('apps/v1', 'DaemonSet', 'sluice-envoy');
    assert.equal(after.metadata.generation, before.metadata.generation, 'no Envoy is restarted');
    await helm(cluster.kubeconfig, 'rollback', 'sluice');
    assert.deepEqual(await serveArgs(), plane);
  });

  it('leaves all as it is where a value is wrong', async () => {
    const plane = await serveArgs();
    const refused = helm(
      ...[
        cluster.kubeconfig,
        'upgrade',
        'sluice',
        CHART,
        '--reuse-values',
        '--set',
        'controlPlane.replicas=none',
      ],
    );
    await assert.rejects(refused, /controlPlane[./]replicas/);
    assert.deepEqual(await serveArgs(), plane);
  });
});

describe('the chart', () => {
  it('renders what a real API server takes, every field known to it and no warning', async () => {
    const unknown = /^(?:cert-manager\.io|monitoring\.coreos\.com)\//;
    // Each object once, however many sets of values make the same of it.
    const distinct = new Set<string>();
    for (const { values } of await chartCases())
      for (const each of await renderChart(values))
        if (!unknown.test(each.apiVersion)) distinct.add(stringify(each));
    const file = join(directory, 'all.yaml');
    await writeFile(file, [...distinct].join('---\n'));
    const { stderr } = await run(await findKubectl(), [
      ...[`--kubeconfig=${cluster.kubeconfig}`, 'apply', '--server-side', '--validate=strict'],
      ...['--dry-run=server', '--force-conflicts', '-f', file],
    ]);
    assert.equal(stderr, '');
  });
});

describe('helm uninstall', () => {
  it('leaves nothing but what you made', async () => {
    await helm(cluster.kubeconfig, 'uninstall', 'sluice');
    for (const [apiVersion, kind] of [
      ['apps/v1', 'Deployment'],
      ['apps/v1', 'DaemonSet'],
      ['v1', 'Service'],
      ['v1', 'ServiceAccount'],
      ['rbac.authorization.k8s.io/v1', 'Role'],
      ['policy/v1', 'PodDisruptionBudget'],
      ['networking.k8s.io/v1', 'NetworkPolicy'],
      ['gateway.networking.k8s.io/v1', 'Gateway'],
    ] as const) {
      const { items } = await cluster.client.list(apiVersion, kind, NAMESPACE);
      // The namespace's own service account is the controller manager's, which does not run here.
      assert.deepEqual(
        items.map(({ metadata }) => metadata.name),
        [],
        kind,
      );
    }
    const secrets = await cluster.client.list('v1', 'Secret', NAMESPACE);
    assert.deepEqual(secrets.items.map(({ metadata }) => metadata.name).sort(), [
      'sluice-xds-gateway',
      'sluice-xds-server',
    ]);
  });
});
