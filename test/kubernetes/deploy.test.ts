/** deploy/envoy-hostnetwork against a real kube-apiserver: it applies, its pods are admitted, its RBAC is enough and no more. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { envoyLimits } from '../../src/cli/bootstrap-limits.ts';
import { CERTS_FLAGS } from '../../src/cli/certs/certs-flags.ts';
import { readFlags } from '../../src/cli/flag.ts';
import { type Invocation, parseInvocation } from '../../src/cli/program.ts';
import { WATCHED_KINDS } from '../../src/kubernetes-api/watched-kind.ts';
import { freePorts } from '../e2e/gateway-node.ts';
import { type ApiObject, documents } from '../harness/kubernetes/client.ts';
import { type Cluster, startCluster } from '../harness/kubernetes/cluster.ts';
import { findKubectl, kustomize } from '../harness/kubernetes/kubectl.ts';
import { SluiceProcess } from '../harness/sluice-process.ts';
import { until } from '../harness/until.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');
const DEPLOY = join(ROOT, 'deploy', 'envoy-hostnetwork');
const NAMESPACE = 'sluice-system';

interface Container {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly env?: readonly { readonly name: string }[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly lifecycle?: { readonly preStop: { readonly httpGet: HttpGet } };
  readonly [field: string]: unknown;
}

interface HttpGet {
  readonly host?: string;
  readonly port: number | string;
  readonly path: string;
}

interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly terminationGracePeriodSeconds: number;
  readonly [field: string]: unknown;
}

/** As the downward API sets them: the memory limit in bytes. */
const VARIABLES: Readonly<Record<string, string>> = { SLUICE_ENVOY_MEMORY_LIMIT: String(3 * 2 ** 30) };

let cluster: Cluster;
let directory: string;
let objects: readonly ApiObject[];

before(
  async () => {
    directory = await mkdtemp(join(tmpdir(), 'sluice-deploy-'));
    objects = documents(await kustomize(join(DEPLOY, 'overlays', 'example')));
    cluster = await startCluster({ crds: 'standard' });
  },
  { timeout: 900_000 },
);
after(async () => {
  await cluster?.stop();
  await rm(directory, { recursive: true, force: true });
});

function object(kind: string, name: string, among = objects): ApiObject {
  const found = among.find((each) => each.kind === kind && each.metadata.name === name);
  assert.ok(found, `${kind} ${name}`);
  return found;
}

function podSpec(kind: 'Deployment' | 'DaemonSet', name: string): PodSpec {
  return (object(kind, name)['spec'] as { template: { spec: PodSpec } }).template.spec;
}

function container(spec: PodSpec, name: string): Container {
  const found = [...spec.containers, ...(spec.initContainers ?? [])].find((each) => each.name === name);
  assert.ok(found, name);
  return found;
}

type ConfigOf<C extends Invocation['command']> =
  Extract<Invocation, { readonly command: C }> extends { readonly config: infer F } ? F : never;

/** What the container's command line means to us; throws where it does not parse. */
function configOf<C extends Invocation['command']>(spec: PodSpec, name: string, command: C): ConfigOf<C> {
  const { args, env = [] } = container(spec, name);
  const variables = Object.fromEntries(env.map((each) => [each.name, VARIABLES[each.name] ?? 'gw-1']));
  const parsed = parseInvocation(args, variables);
  assert.equal(parsed.command, command);
  assert.ok('config' in parsed);
  return parsed.config as unknown as ConfigOf<C>;
}

function podOf(kind: 'Deployment' | 'DaemonSet', name: string): object {
  const { template } = object(kind, name)['spec'] as { template: { metadata: object; spec: object } };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { ...template.metadata, name }, spec: template.spec };
}

/** What kubectl prints; rejects where it warns. */
async function kubectl(...args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await run(await findKubectl(), [`--kubeconfig=${cluster.kubeconfig}`, ...args]);
  assert.equal(stderr, '');
  return stdout;
}

/** Applies everything as the readme says, once for all tests that need it. */
let applied: Promise<string> | undefined;
function applyAll(): Promise<string> {
  const overlay = join(DEPLOY, 'overlays', 'example');
  applied ??= kubectl('apply', '--server-side', '--validate=strict', '-k', overlay);
  return applied;
}

describe('the manifests', () => {
  it('apply to a real API server, every field known to it', async () => {
    const output = await applyAll();
    assert.equal(output.trim().split('\n').length, objects.length);
    await kubectl('apply', '--server-side', '--validate=strict', '-f', join(DEPLOY, 'example-route.yaml'));
  });

  it('make pods that are admitted, the control plane at the level "restricted"', async () => {
    await applyAll();
    const pods = `/api/v1/namespaces/${NAMESPACE}/pods`;
    const dryRun = { dryRun: 'All' };
    await cluster.client.raw('POST', pods, { body: podOf('DaemonSet', 'sluice-envoy'), query: dryRun });
    await cluster.client.apply([
      {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: {
          name: 'restricted',
          labels: { 'pod-security.kubernetes.io/enforce': 'restricted' },
        },
      },
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'sluice', namespace: 'restricted' } },
      {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'sluice-envoy', namespace: 'restricted' },
      },
    ]);
    const restricted = '/api/v1/namespaces/restricted/pods';
    await cluster.client.raw('POST', restricted, { body: podOf('Deployment', 'sluice'), query: dryRun });
    // What it takes to be on the host's network at port 443, and not a thing more.
    const refused = cluster.client.raw('POST', restricted, {
      body: podOf('DaemonSet', 'sluice-envoy'),
      query: dryRun,
    });
    await assert.rejects(refused, (error: Error) => {
      assert.match(error.message, /host namespaces \(hostNetwork=true\)/);
      assert.doesNotMatch(error.message, /unrestricted capabilities|allowPrivilegeEscalation|seccomp/);
      return true;
    });
  });

  it('agree with each other and with our defaults: names, ports, paths, times', () => {
    const [plane, node] = [podSpec('Deployment', 'sluice'), podSpec('DaemonSet', 'sluice-envoy')];
    const serve = configOf(plane, 'sluice', 'serve');
    const bootstrap = configOf(node, 'bootstrap', 'bootstrap');
    const drain = configOf(node, 'drain', 'drain');
    const certs = readFlags(CERTS_FLAGS, { out: ['x'] }, {});

    assert.deepEqual(serve.source, { type: 'kubernetes' });
    for (const file of [serve.xdsTlsCert, serve.xdsTlsKey, serve.xdsTlsClientCa]) {
      assert.match(file ?? '', /^\/etc\/sluice\/tls\/(tls|ca)\.(crt|key)$/);
    }
    assert.deepEqual(serve.xdsAllowedClients, [certs.clientName]);
    const [xdsAddress] = bootstrap.xdsAddresses;
    assert.ok(xdsAddress !== undefined && 'host' in xdsAddress);
    const { host: xdsHost, port: xdsPort } = xdsAddress;
    assert.ok(certs.hosts.includes(xdsHost), xdsHost);
    assert.equal(xdsPort, serve.xdsAddress.port);
    assert.equal(xdsHost, `${object('Service', 'sluice').metadata.name}.${NAMESPACE}.svc`);

    const envoy = container(node, 'envoy');
    const configMount = envoy.volumeMounts?.find(({ name }) => name === 'config');
    assert.equal(bootstrap.out, configMount?.mountPath);
    assert.ok(envoy.args.includes(`${bootstrap.out}/envoy.yaml`));
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
      const { httpGet } = envoy[probe] as { httpGet: HttpGet };
      assert.deepEqual(
        { host: httpGet.host, port: httpGet.port },
        { host: bootstrap.envoyAdminAddress.host, port: bootstrap.envoyAdminAddress.port },
      );
    }
    assert.equal(envoyLimits(bootstrap).maxHeapBytes, 2 * 2 ** 30);
    const { memory } = (envoy['resources'] as { limits: { memory: string } }).limits;
    assert.equal(memory, '3Gi');
    assert.deepEqual(drain.envoyAdmin, bootstrap.envoyAdminAddress);
    assert.deepEqual(envoy.lifecycle?.preStop.httpGet, { ...drain.hookAddress, path: '/drain' });
    const drainSeconds = (drain.unreadyMs + drain.timeoutMs) / 1000;
    assert.ok(node.terminationGracePeriodSeconds >= drainSeconds + 30, 'the hook is not cut short');
    assert.ok(plane.terminationGracePeriodSeconds * 1000 >= serve.drainTimeoutMs + 10_000);
  });

  it('keep the DaemonSet where and how gateway nodes want it', () => {
    const node = podSpec('DaemonSet', 'sluice-envoy');
    assert.equal(node['hostNetwork'], true);
    assert.equal(node['dnsPolicy'], 'ClusterFirstWithHostNet');
    assert.deepEqual(node['nodeSelector'], { 'node-role.kubernetes.io/gateway': 'true' });
    const all = [...node.containers, ...(node.initContainers ?? [])];
    for (const { name, securityContext } of all) {
      const { capabilities, ...context } = securityContext as {
        capabilities: { drop: readonly string[]; add?: readonly string[] };
        allowPrivilegeEscalation: boolean;
        readOnlyRootFilesystem: boolean;
      };
      assert.equal(context.allowPrivilegeEscalation, false, name);
      assert.equal(context.readOnlyRootFilesystem, true, name);
      assert.deepEqual(capabilities.drop, ['ALL'], name);
      assert.deepEqual(capabilities.add ?? [], name === 'envoy' ? ['NET_BIND_SERVICE'] : [], name);
    }
  });

  it('render with all that the example offers in comments', async () => {
    const example = await readFile(join(DEPLOY, 'overlays', 'example', 'kustomization.yaml'), 'utf8');
    const offered = example.replaceAll(/^# (?=components:|patches:|- | {2,}\S)/gm, '');
    // The components are where the overlay's relative paths lead.
    const copy = join(directory, 'envoy-hostnetwork');
    await cp(DEPLOY, copy, { recursive: true });
    const overlay = join(copy, 'overlays', 'mine');
    await cp(join(DEPLOY, 'overlays', 'example'), overlay, { recursive: true });
    await writeFile(join(overlay, 'kustomization.yaml'), offered);
    const rendered = documents(await kustomize(overlay));
    const { template } = object('Deployment', 'sluice', rendered)['spec'] as { template: { spec: PodSpec } };
    const { args } = container(template.spec, 'sluice');
    assert.equal(args.filter((each) => each.startsWith('--adopt-controller-name=')).length, 2);
    object('Certificate', 'sluice-xds-server', rendered);
    object('ServiceMonitor', 'sluice', rendered);
    object('PodMonitor', 'sluice-envoy', rendered);
    object('PrometheusRule', 'sluice', rendered);
    object('ConfigMap', 'sluice-dashboard-overview', rendered);
  });

  it('render with cert-manager and the Prometheus operator; the certificates are for the same names', async () => {
    const overlay = join(directory, 'overlay');
    await mkdir(overlay);
    const components = ['cert-manager', 'service-monitor', 'envoy-metrics'].map((name) =>
      join(DEPLOY, 'components', name),
    );
    await writeFile(
      join(overlay, 'kustomization.yaml'),
      JSON.stringify({
        apiVersion: 'kustomize.config.k8s.io/v1beta1',
        kind: 'Kustomization',
        resources: [relative(overlay, join(DEPLOY, 'base'))],
        components: components.map((each) => relative(overlay, each)),
      }),
    );
    const rendered = documents(await kustomize(overlay));
    const certs = readFlags(CERTS_FLAGS, { out: ['x'] }, {});
    for (const [name, names] of [
      ['sluice-xds-server', certs.hosts],
      ['sluice-xds-gateway', [certs.clientName]],
    ] as const) {
      const { secretName, dnsNames } = object('Certificate', name, rendered)['spec'] as {
        secretName: string;
        dnsNames: readonly string[];
      };
      assert.equal(secretName, name);
      assert.deepEqual(dnsNames, names);
    }
    const { template } = object('DaemonSet', 'sluice-envoy', rendered)['spec'] as {
      template: { spec: PodSpec };
    };
    const args = container(template.spec, 'bootstrap').args.map((each) =>
      each.replace('$(NODE_IP)', '10.0.0.1'),
    );
    const bootstrap = parseInvocation(args, { SLUICE_NODE_ID: 'gw-1' });
    assert.ok(bootstrap.command === 'bootstrap');
    assert.deepEqual(bootstrap.config.metricsAddress, { host: '10.0.0.1', port: 15_002 });
    assert.deepEqual(container(template.spec, 'envoy')['ports'], [
      { name: 'metrics', containerPort: 15_002 },
    ]);
    const { selector, endpoints } = object('ServiceMonitor', 'sluice', rendered)['spec'] as {
      selector: { matchLabels: Record<string, string> };
      endpoints: readonly { port: string }[];
    };
    const metrics = object('Service', 'sluice-metrics', rendered);
    assert.deepEqual(metrics.metadata.labels, selector.matchLabels);
    const { ports } = metrics['spec'] as { ports: readonly { name: string }[] };
    assert.deepEqual(
      endpoints.map(({ port }) => port),
      ports.map(({ name }) => name),
    );
  });
});

describe('its RBAC', () => {
  async function tokenOf(serviceAccount: string): Promise<string> {
    const path = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/${serviceAccount}/token`;
    const { status } = (await cluster.client.raw('POST', path, {
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
    })) as { status: { token: string } };
    return status.token;
  }

  async function may(token: string, verb: string, path: string, namespace?: string): Promise<boolean> {
    const [group = '', resource = '', subresource = ''] = path.split('/');
    const { status } = (await cluster
      .clientOf(token)
      .raw('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
        body: {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SelfSubjectAccessReview',
          spec: { resourceAttributes: { verb, group, resource, subresource, namespace } },
        },
      })) as { status: { allowed: boolean } };
    return status.allowed;
  }

  it('names what Sluice reads, the statuses it writes and whom it asks about visitors, and nothing else', () => {
    const { rules } = object('ClusterRole', 'sluice') as unknown as {
      rules: readonly {
        readonly apiGroups: readonly string[];
        readonly resources: readonly string[];
        readonly verbs: readonly string[];
      }[];
    };
    const granted = rules.flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) => resources.map((resource) => `${group}/${resource}: ${verbs.join()}`)),
    );
    const routes = ['tlsroutes', 'httproutes', 'grpcroutes', 'tcproutes', 'udproutes'];
    const statuses = ['gatewayclasses', 'gateways', 'listenersets', ...routes].map(
      (plural) => `gateway.networking.k8s.io/${plural}/status: patch,update`,
    );
    assert.deepEqual(
      granted.sort(),
      [
        ...WATCHED_KINDS.map(({ group, plural }) => `${group}/${plural}: get,list,watch`),
        ...statuses,
        'networking.k8s.io/ingresses/status: patch,update',
        'events.k8s.io/events: create,patch',
        'authentication.k8s.io/tokenreviews: create',
        'authorization.k8s.io/subjectaccessreviews: create',
      ].sort(),
    );
  });

  it('lets Sluice become ready, write a status and take its lease', { timeout: 60_000 }, async () => {
    await applyAll();
    const kubeconfig = await cluster.writeKubeconfig('deployed', { token: await tokenOf('sluice') });
    const [adminPort = 0] = await freePorts(1);
    await using sluice = SluiceProcess.start([
      ...['serve', '--source', 'kubernetes', '--kubeconfig', kubeconfig, '--log-format', 'json'],
      ...['--xds-address', '127.0.0.1:0', '--admin-address', `127.0.0.1:${adminPort}`],
      ...['--leader-election-namespace', NAMESPACE],
    ]);
    await sluice.untilPage(`http://127.0.0.1:${adminPort}/readyz`);
    const gatewayAddress = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      namespace: NAMESPACE,
      name: 'tenant-gateway',
    };
    await until(
      async () => {
        const { status } = (await cluster.client.get(gatewayAddress)) as unknown as {
          status?: { conditions?: readonly { type: string; status: string }[] };
        };
        return (
          status?.conditions?.some((each) => each.type === 'Accepted' && each.status === 'True') === true
        );
      },
      { what: 'the Gateway is accepted', timeoutMs: 30_000 },
    );
    const { items } = await cluster.client.list('coordination.k8s.io/v1', 'Lease', NAMESPACE);
    assert.ok(items.length > 0);
    assert.doesNotMatch(sluice.stderr, /forbidden/i);
  });

  it('lets neither Sluice nor Envoy do what they need not', async () => {
    await applyAll();
    const sluice = await tokenOf('sluice');
    assert.equal(await may(sluice, 'list', 'gateway.networking.k8s.io/tlsroutes'), true);
    for (const [verb, resource, namespace] of [
      ['get', '/secrets', NAMESPACE],
      ['list', '/secrets', 'default'],
      ['list', '/pods', NAMESPACE],
      ['list', '/configmaps', NAMESPACE],
      ['update', 'gateway.networking.k8s.io/tlsroutes', 'default'],
      ['delete', 'gateway.networking.k8s.io/gateways', NAMESPACE],
      ['patch', '/services', 'default'],
      ['create', 'discovery.k8s.io/endpointslices', 'default'],
      ['patch', '/nodes', undefined],
      ['update', 'coordination.k8s.io/leases', 'kube-system'],
      ['create', '/serviceaccounts/token', NAMESPACE],
    ] as const) {
      assert.equal(await may(sluice, verb, resource, namespace), false, `${verb} ${resource}`);
    }
    const envoy = await tokenOf('sluice-envoy');
    for (const resource of ['/services', 'gateway.networking.k8s.io/tlsroutes', '/secrets'])
      assert.equal(await may(envoy, 'list', resource, NAMESPACE), false, resource);
  });
});
