/** deploy/helm/sluice without a cluster: what it makes of values, and that it makes the same as the kustomize base. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse, stringify } from 'yaml';
import { parseInvocation } from '../../src/cli/program.ts';
import { CHART, NAMESPACE, renderChart, runHelm } from '../harness/helm.ts';
import { type ApiObject, documents } from '../harness/kubernetes/client.ts';
import { kustomize } from '../harness/kubernetes/kubectl.ts';
import { chartCases, goldenOf, identity, orphanedGoldens } from './cases.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const DEPLOY = join(ROOT, 'deploy', 'envoy-hostnetwork');

interface Container {
  readonly image: string;
  readonly args: readonly string[];
}

function containersOf({ spec }: ApiObject): readonly Container[] {
  const { template } = (spec ?? {}) as {
    template?: { spec: { containers: readonly Container[]; initContainers?: readonly Container[] } };
  };
  return [...(template?.spec.initContainers ?? []), ...(template?.spec.containers ?? [])];
}

let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-chart-'));
});
after(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe('the chart', () => {
  it('passes helm lint, of the version of Sluice', async () => {
    await runHelm(['lint', '--strict', CHART]);
    const chart = parse(await readFile(join(CHART, 'Chart.yaml'), 'utf8')) as Record<string, string>;
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    assert.deepEqual([chart['version'], chart['appVersion']], [version, version]);
  });

  it('makes of each set of values what its golden says', async () => {
    const [cases, defaults] = [await chartCases(), await renderChart()];
    assert.ok(cases.length >= 12, String(cases.length));
    for (const each of cases)
      assert.equal(
        await goldenOf(each, defaults),
        await readFile(each.golden, 'utf8'),
        `${each.name}: npm run golden`,
      );
    assert.deepEqual(await orphanedGoldens(cases), []);
  });

  it('gives Sluice command lines that it reads, whatever the values', async () => {
    let read = 0;
    for (const { name, values } of await chartCases())
      for (const container of (await renderChart(values)).flatMap(containersOf)) {
        if (!/\/sluice:/.test(container.image)) continue;
        const variables = { SLUICE_NODE_ID: 'gw-1', SLUICE_ENVOY_MEMORY_LIMIT: String(2 ** 32) };
        const args = container.args.map((each) => each.replace('$(NODE_IP)', 'fd00::7'));
        assert.doesNotThrow(() => parseInvocation(args, variables), `${name}: ${args.join(' ')}`);
        read += 1;
      }
    // Three of them, two more of the second Envoy, one of each of the two in "last-good", which has a second Envoy too, and "tenants" once.
    assert.equal(read, 3 * (await chartCases()).length + 2 + 4 + 1);
  });

  it('keeps two releases apart, and each of them together', async () => {
    const values = stringify({
      certificates: { source: 'cert-manager' },
      certificateStatus: true,
      tenants: { enabled: true },
    });
    const [one, two] = [await renderChart(values, 'sluice'), await renderChart(values, 'edge')];
    const names = new Set(one.map(identity));
    const shared = two.map(identity).filter((each) => names.has(each));
    assert.deepEqual(
      shared,
      ['GatewayClass sluice'],
      'a class has one name in a cluster, which values may change',
    );
    const text = stringify(two);
    // The namespace, and the name that the certificate of every gateway is for.
    for (const [reference] of text.matchAll(/(?<![\w-])sluice-(?:system|envoy|xds)[\w-]*/g))
      assert.ok(['sluice-system', 'sluice-envoy'].includes(reference), reference);
    assert.match(text, /--xds-address=edge-sluice\.sluice-system\.svc:18000/);
  });

  it('restarts nothing for a new version of the chart alone', async () => {
    const pods = (objects: readonly ApiObject[]) =>
      objects.flatMap(({ spec }) => (spec as { template?: object } | undefined)?.template ?? []);
    const copy = join(directory, 'chart');
    await runHelm(['package', CHART, '--version', '9.9.9', '--destination', copy]);
    const newer = documents(
      await runHelm(['template', 'sluice', join(copy, 'sluice-9.9.9.tgz'), '--namespace', NAMESPACE]),
    );
    assert.equal(pods(newer).length, 2);
    assert.deepEqual(pods(newer), pods(await renderChart()));
  });
});

describe('wrong values', () => {
  for (const [values, named] of [
    [{ gateway: { nodeSelektor: { a: 'b' } } }, /gateway.*nodeSelektor/s],
    [{ replicas: 3 }, /replicas/],
    [{ controlPlane: { replicas: 0 } }, /controlPlane[./]replicas/],
    [{ gateway: { drainTimeout: '10' } }, /gateway[./]drainTimeout/],
    [{ gateway: { drainTimeout: '500ms' } }, /gateway[./]drainTimeout/],
    [{ gateway: { drainTimeout: '' } }, /gateway[./]drainTimeout/],
    [{ gateway: { nodeSelector: { 'node-role.kubernetes.io/gateway': null } } }, /gateway[./]nodeSelector/],
    [{ gateway: { resources: { limits: { memory: '3GB' } } } }, /gateway[./]resources[./]limits[./]memory/],
    [{ gateway: { resources: { limits: { memory: null } } } }, /gateway[./]resources[./]limits/],
    [{ gateway: { nodeSelector: { 'node-role.kubernetes.io/gateway': 'edge' } } }, /gateway[./]nodeSelector/],
    [{ gateway: { accessLogPercent: 101 } }, /gateway[./]accessLogPercent/],
    [{ gateway: { lastGood: { maxAge: '1d' } } }, /gateway[./]lastGood[./]maxAge/],
    [{ gateway: { lastGood: { hostPath: 'var/lib' } } }, /gateway[./]lastGood[./]hostPath/],
    [{ tenantGateway: { hostname: 'https://stage' } }, /tenantGateway[./]hostname/],
    [{ tenantGateway: { port: 70_000 } }, /tenantGateway[./]port/],
    [{ certificates: { source: 'certmanager' } }, /certificates[./]source/],
    [{ controlPlane: { adoptControllerNames: ['higress'] } }, /controlPlane[./]adoptControllerNames/],
    [{ controlPlane: { denyEndpoints: ['10.0.0.1'] } }, /controlPlane[./]denyEndpoints/],
    [{ controlPlane: { listenAddresses: ['0.0.0.0:443'] } }, /controlPlane[./]listenAddresses/],
    [{ image: { repository: 'Registry/Sluice' } }, /image[./]repository/],
    [{ tenants: { domain: '*.example.com' } }, /tenants[./]domain/],
    [{ tenants: { gateway: 'public' } }, /tenants[./]gateway/],
    [{ clientLimits: { connections: 0 } }, /clientLimits[./]connections/],
    [{ clientLimits: { ports: [] } }, /clientLimits[./]ports/],
    [{ clientLimits: { exempt: ['a; flush ruleset'] } }, /clientLimits[./]exempt/],
    [{ certificates: { certManager: { issuerRef: { name: 'ca' } } } }, /certificates\.source .*cert-manager/],
    [{ controlPlane: { drainTimeout: '11m' } }, /controlPlane\.drainTimeout is 11m, .*10m/],
    [{ controlPlane: { state: { maxAge: '30s' } } }, /controlPlane\.state\.maxAge is 30s, .*1m to 720h/],
    [{ gateway: { drainTimeout: '25h' } }, /gateway\.drainTimeout is 25h, .*24h/],
    [{ gateway: { lastGood: { maxAge: '721h' } } }, /gateway\.lastGood\.maxAge is 721h, .*720h/],
  ] as const) {
    it(`are told by name: ${JSON.stringify(values)}`, async () => {
      await assert.rejects(renderChart(stringify(values)), named);
    });
  }
});

describe('kustomize and Helm make the same of', () => {
  /** What each adds of its own: labels of the release; the namespace, which "helm install --create-namespace" makes. */
  function common(objects: readonly ApiObject[]): Record<string, object> {
    const release = /^(?:app\.kubernetes\.io\/(?:instance|version|managed-by)|helm\.sh\/chart)$/;
    const plain = objects
      .filter(({ kind }) => kind !== 'Namespace')
      .map((object) => {
        const { labels = {}, ...metadata } = object.metadata;
        const kept = Object.entries(labels).filter(([name]) => !release.test(name));
        return {
          ...object,
          metadata: { ...metadata, ...(kept.length > 0 && { labels: Object.fromEntries(kept) }) },
        };
      });
    return Object.fromEntries(plain.map((object) => [identity(object as ApiObject), object]));
  }

  async function overlay(name: string, kustomization: object): Promise<ApiObject[]> {
    const path = join(directory, name);
    await mkdir(path);
    const lookUp = (each: string) => relative(path, join(DEPLOY, each));
    const { components = [], ...rest } = kustomization as { components?: string[] };
    const content = {
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      resources: [lookUp('base')],
      components: components.map((each) => lookUp(`components/${each}`)),
      images: [{ name: 'sluice', newName: 'docker.io/library/sluice' }],
      ...rest,
    };
    await writeFile(join(path, 'kustomization.yaml'), JSON.stringify(content));
    return documents(await kustomize(path));
  }

  it('overlays/example', async () => {
    const values = {
      image: { repository: 'registry.example.com/sluice' },
      tenantGateway: { hostname: '*.stage.kube-dc.com' },
    };
    const theirs = documents(await kustomize(join(DEPLOY, 'overlays', 'example')));
    assert.deepEqual(common(await renderChart(stringify(values))), common(theirs));
  });

  it('each component', async () => {
    const components = await readdir(join(DEPLOY, 'components'));
    assert.deepEqual(
      components.sort(),
      cases.flatMap(([name]) => (components.includes(name) ? name : [])).sort(),
    );
  });

  const noClass = { gatewayClass: { create: false } };
  const adopted = ['higress.io/gateway-controller', 'higress.io/higress-controller'];
  const cases = [
    ['base', {}, noClass],
    [
      'cert-manager',
      { components: ['cert-manager'] },
      { ...noClass, certificates: { source: 'cert-manager' } },
    ],
    ['certificate-status', { components: ['certificate-status'] }, { ...noClass, certificateStatus: true }],
    [
      'service-monitor',
      { components: ['service-monitor'] },
      { ...noClass, monitoring: { serviceMonitor: true } },
    ],
    [
      'envoy-metrics',
      { components: ['envoy-metrics'] },
      { ...noClass, monitoring: { envoyPodMonitor: true } },
    ],
    ['alerts', { components: ['alerts'] }, { ...noClass, monitoring: { prometheusRule: true } }],
    ['dashboards', { components: ['dashboards'] }, { ...noClass, monitoring: { dashboards: true } }],
    ['tenants', { components: ['tenants'] }, { ...noClass, tenants: { enabled: true } }],
    ['client-limits', { components: ['client-limits'] }, { ...noClass, clientLimits: { enabled: true } }],
    [
      'two-envoys',
      { components: ['two-envoys'] },
      {
        ...noClass,
        gateway: { twoEnvoys: true, resources: { requests: { cpu: '500m' } } },
      },
    ],
    [
      'metrics of two Envoys',
      { components: ['two-envoys', 'envoy-metrics'] },
      {
        ...noClass,
        gateway: { twoEnvoys: true, resources: { requests: { cpu: '500m' } } },
        monitoring: { envoyPodMonitor: true },
      },
    ],
    ['last-good', { components: ['last-good'] }, { ...noClass, gateway: { lastGood: { enabled: true } } }],
    [
      'two Envoys that both keep what Sluice said',
      { components: ['two-envoys', 'last-good'] },
      {
        ...noClass,
        gateway: {
          twoEnvoys: true,
          resources: { requests: { cpu: '500m' } },
          lastGood: { enabled: true },
        },
      },
    ],
    [
      'the patches that overlays/example offers',
      {
        patches: [
          {
            target: { kind: 'NetworkPolicy', name: 'sluice' },
            patch: JSON.stringify([
              { op: 'add', path: '/spec/ingress/0/from', value: [{ ipBlock: { cidr: '10.0.0.0/24' } }] },
            ]),
          },
          {
            target: { kind: 'Deployment', name: 'sluice' },
            patch: JSON.stringify(
              adopted.map((each) => ({
                op: 'add',
                path: '/spec/template/spec/containers/0/args/-',
                value: `--adopt-controller-name=${each}`,
              })),
            ),
          },
        ],
      },
      {
        ...noClass,
        controlPlane: { adoptControllerNames: adopted },
        networkPolicy: { gatewayNodes: ['10.0.0.0/24'] },
      },
    ],
  ] as const;
  for (const [name, kustomization, values] of cases) {
    it(name, async () => {
      const [theirs, ours] = [
        common(await overlay(name.replaceAll(/\W/g, '-'), kustomization)),
        common(await renderChart(stringify(values))),
      ];
      assert.deepEqual(Object.keys(ours).sort(), Object.keys(theirs).sort());
      for (const [object, content] of Object.entries(theirs)) assert.deepEqual(ours[object], content, object);
    });
  }
});
