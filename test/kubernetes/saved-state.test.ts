/** A restart of Sluice and of Envoy from what Sluice had saved, with and without an API server; all of it real. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { freePorts, testBootstrap } from '../e2e/gateway-node.ts';
import { EnvoyProcess } from '../harness/envoy-process.ts';
import { type Cluster, startCluster } from '../harness/kubernetes/cluster.ts';
import { reexecInNetworkNamespace } from '../harness/network-namespace.ts';
import { SluiceProcess } from '../harness/sluice-process.ts';
import { startTlsBackend, type TlsBackend } from '../harness/tls-backend.ts';
import { type Attempt, attempt } from '../harness/tls-client.ts';
import { until } from '../harness/until.ts';
import { gateway, gatewayClass, type RouteStatus, route, routeAt, statusOf } from './status-replica.ts';

const TIMEOUT = { timeout: 240_000 };
/** No endpoint of a Service may be on loopback. */
const ADDRESS = '100.65.0.105';

await reexecInNetworkNamespace(import.meta.url, { addresses: [`${ADDRESS}/32`] });

let cluster: Cluster;
let backend: TlsBackend;
let gatewayPort = 0;
before(async () => {
  cluster = await startCluster({ crds: 'standard' });
  backend = await startTlsBackend({ name: 'api', address: ADDRESS });
  [gatewayPort = 0] = await freePorts(1);
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'api-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'api' } },
    addressType: 'IPv4',
    ports: [{ name: '', port: backend.port, protocol: 'TCP' }],
    endpoints: [{ addresses: [ADDRESS] }],
  };
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'api', namespace: 'default' },
    spec: { ports: [{ port: 443 }] },
  };
  await cluster.client.apply([gatewayClass('sluice'), gateway('public', gatewayPort), service, slice]);
}, TIMEOUT);
after(async () => {
  await backend?.close();
  await cluster?.stop();
});

interface Node {
  readonly sluice: SluiceProcess;
  readonly admin: string;
  start(flags?: readonly string[]): Promise<void>;
  /** As a power cut does. */
  kill(): Promise<void>;
  readyz(): Promise<string>;
  saved(): string[];
}

/** Sluice and Envoy on one machine, with a folder that outlives both. */
async function node(t: TestContext): Promise<Node> {
  const directory = mkdtempSync(path.join(tmpdir(), 'sluice-saved-'));
  const [xds = 0, admin = 0] = await freePorts(2);
  let sluice: SluiceProcess | undefined;
  let envoy: EnvoyProcess | undefined;
  const url = `http://127.0.0.1:${admin}`;
  const kill = async (): Promise<void> => {
    sluice?.signal('SIGKILL');
    await Promise.all([sluice?.finished, envoy?.stop()]);
  };
  t.after(async () => {
    await kill();
    rmSync(directory, { recursive: true, force: true });
  });
  return {
    get sluice() {
      assert.ok(sluice);
      return sluice;
    },
    admin: url,
    async start(flags = []) {
      sluice = SluiceProcess.start([
        'serve',
        ...['--source', 'kubernetes', '--kubeconfig', cluster.kubeconfig, '--state-dir', directory],
        ...['--xds-address', `127.0.0.1:${xds}`, '--admin-address', `127.0.0.1:${admin}`],
        ...['--leader-election', 'off', '--log-format', 'json'],
        ...flags,
      ]);
      envoy = await EnvoyProcess.start({ bootstrap: testBootstrap(xds), waitUntilReady: false });
    },
    kill,
    readyz: async () => await (await fetch(`${url}/readyz`)).text(),
    saved: () => readdirSync(directory).sort(),
  };
}

function connect(name: string): Promise<Attempt> {
  return attempt({ address: '127.0.0.1', port: gatewayPort, servername: `${name}.example.com` });
}

async function untilServed(...names: readonly string[]): Promise<void> {
  for (const name of names)
    await until(async () => (await connect(name)).outcome === 'answered', {
      what: `${name} answers`,
      timeoutMs: 30_000,
    });
}

async function untilClosed(name: string): Promise<void> {
  const isClosed = async () => (await connect(name)).outcome === 'closed';
  await until(isClosed, { what: `${name} is closed`, timeoutMs: 30_000 });
}

function logged(sluice: SluiceProcess, pattern: RegExp): Promise<void> {
  return until(() => pattern.test(sluice.stderr), { what: `${pattern} in the log`, timeoutMs: 30_000 });
}

async function savedBytes({ sluice, admin }: Node): Promise<number> {
  const metrics = await sluice.untilPage(`${admin}/metrics`);
  return Number(/^sluice_state_saved_bytes (\d+)$/m.exec(metrics)?.[1]);
}

const create = (...names: readonly string[]) =>
  cluster.client.apply(names.map((name) => route(name, 'public')));

test(
  'with the API server down all hosts are served after a restart, and once it is back what has changed is right',
  TIMEOUT,
  async (t) => {
    await create('stays', 'goes');
    const gw = await node(t);
    await gw.start();
    await untilServed('stays', 'goes');
    await logged(gw.sluice, /"msg":"the state is saved"/);
    const before = await savedBytes(gw);
    await create('later');
    await untilServed('later');
    await until(async () => (await savedBytes(gw)) > before, { what: 'the change is appended' });
    const status = statusOf<RouteStatus>(await cluster.client.get(routeAt('stays')));
    assert.ok(status.parents);
    await gw.kill();

    await cluster.client.remove(routeAt('goes'));
    await create('comes');
    await cluster.apiServer.kill();
    await gw.start();
    await untilServed('stays', 'goes', 'later');
    assert.match(
      await gw.readyz(),
      /^ok\nserved as saved \d+ s ago \(.*\), until the API server confirms it: .*TLSRoute/,
    );
    assert.match(gw.sluice.stderr, /serving what was saved/);
    assert.match(gw.sluice.stderr, /SLUICE_KUBE_UNREACHABLE/);

    await cluster.apiServer.restart();
    await Promise.all([untilServed('comes'), untilClosed('goes')]);
    await untilServed('stays', 'later');
    await logged(gw.sluice, /what was saved is confirmed/);
    assert.match(await gw.readyz(), /^ok\n$/);
  },
);

test(
  'with the API server there a restart serves what was saved, and reads on from there without a list',
  TIMEOUT,
  async (t) => {
    await create('one', 'two');
    const gw = await node(t);
    await gw.start();
    await untilServed('one', 'two');
    await logged(gw.sluice, /"msg":"the state is saved"/);
    await gw.kill();
    await cluster.client.remove(routeAt('two'));
    await create('three');
    await gw.start(['--log-level', 'debug']);
    await Promise.all([untilServed('one', 'three'), untilClosed('two')]);
    await logged(gw.sluice, /what was saved is confirmed/);
    assert.doesNotMatch(gw.sluice.stderr, /SLUICE_KUBE_GONE/);
    await logged(gw.sluice, /"msg":"the state is saved"/);
    assert.equal(gw.saved().filter((name) => name.endsWith('.state')).length, 1);
  },
);
