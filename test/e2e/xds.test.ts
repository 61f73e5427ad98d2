/** Sluice and a real Envoy over xDS when something goes wrong between them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { EnvoyProcess } from '../harness/envoy-process.ts';
import { gateway, gatewayClass, type Manifest, tlsRoute } from '../harness/manifests.ts';
import { SluiceProcess } from '../harness/sluice-process.ts';
import { attempt, get, openLongLived } from '../harness/tls-client.ts';
import { until } from '../harness/until.ts';
import { freePorts, GatewayNode, serviceOf, testBootstrap, toYaml } from './gateway-node.ts';

const HOSTS = ['a', 'b', 'c'].map((name) => `${name}.stage.example.com`);

function routes(annotations: Readonly<Record<string, string>> = {}): Manifest[] {
  return HOSTS.map((host) =>
    tlsRoute({ name: host.split('.')[0] ?? '', hosts: [host], backends: [{ name: 'api' }], annotations }),
  );
}

interface Node {
  readonly current: boolean;
  readonly limits: object;
  readonly problems: readonly { readonly reason: string }[];
  readonly types: readonly {
    readonly type: string;
    readonly held: Readonly<Record<string, { error: string }>>;
  }[];
}

async function nodes(adminPort: number): Promise<Node[]> {
  return (await (await fetch(`http://127.0.0.1:${adminPort}/debug/nodes`)).json()) as Node[];
}

describe('Sluice and Envoy', () => {
  it('a listener whose port is taken harms no other, and is served once the port is free', async () => {
    const [port = 0, takenPort = 0] = await freePorts(2);
    const squatter = createServer().listen(takenPort, '127.0.0.1');
    await once(squatter, 'listening');
    await using node = await GatewayNode.start({
      'gateway.yaml': [
        gatewayClass(),
        gateway('gw', [
          { name: 'good', port },
          { name: 'taken', port: takenPort },
        ]),
      ],
    });
    await node.write('routes.yaml', [...serviceOf('api', await node.backend('api')), ...routes()]);
    await node.untilServedBy('api', 'a.stage.example.com', port);
    const [held] = (await nodes(node.plane.adminPort)).flatMap(({ types }) =>
      types.flatMap((type) => Object.entries(type.held)),
    );
    assert.equal(held?.[0], `127.0.0.1:${takenPort}`);
    assert.match(held?.[1].error ?? '', /Address already in use/);
    squatter.close();
    await once(squatter, 'close');
    await node.until(
      'a.stage.example.com',
      takenPort,
      (each) => each.outcome === 'answered' && each.backend === 'api',
      20_000,
    );
  });

  it('an Envoy with fewer descriptors than connections is told, and served', async () => {
    const [port = 0] = await freePorts(1);
    await using node = await GatewayNode.start(
      { 'gateway.yaml': [gatewayClass(), gateway('gw', [{ name: 'tls', port }])] },
      { descriptors: { soft: 1_024, hard: 1_024 }, bootstrap: { maxConnections: ['30000'] } },
    );
    await node.write('routes.yaml', [...serviceOf('api', await node.backend('api')), ...routes()]);
    await node.untilServedBy('api', 'a.stage.example.com', port);
    const [{ limits, problems } = assert.fail()] = await nodes(node.plane.adminPort);
    assert.deepEqual(limits, { maxConnections: 30_000, descriptors: 1_024 });
    assert.deepEqual(
      problems.map(({ reason }) => reason),
      ['TooFewDescriptors'],
    );
    const metrics = await (await fetch(`http://127.0.0.1:${node.plane.adminPort}/metrics`)).text();
    assert.match(metrics, /^sluice_xds_nodes_limited 1$/m);
  });

  it('a changed cluster is in force at once: Envoy does not wait 15 s for endpoints that it has', async () => {
    const [port = 0] = await freePorts(1);
    await using node = await GatewayNode.start({
      'gateway.yaml': [gatewayClass(), gateway('gw', [{ name: 'tls', port }])],
    });
    const service = serviceOf('api', await node.backend('api'));
    await node.write('routes.yaml', [...service, ...routes()]);
    await node.untilServedBy('api', 'a.stage.example.com', port);
    await node.write('routes.yaml', [...service, ...routes({ 'sluice.dev/max-connections': '1' })]);
    await using connections = new AsyncDisposableStack();
    // The limit is seen when a second connection is refused.
    const start = performance.now();
    await until(
      async () => {
        const first = await openLongLived({ address: '127.0.0.1', port, servername: 'b.stage.example.com' });
        connections.defer(() => first.end());
        const second = await attempt({ address: '127.0.0.1', port, servername: 'b.stage.example.com' });
        first.end();
        return second.outcome === 'closed';
      },
      { what: 'a second connection refused', timeoutMs: 10_000 },
    );
    assert.ok(performance.now() - start < 10_000);
    await until(async () => (await nodes(node.plane.adminPort)).every(({ current }) => current), {
      what: 'everything acknowledged',
      timeoutMs: 5_000,
    });
  });

  it('an Envoy whose control plane is restarted keeps serving, and is sent the difference only', async () => {
    const [port = 0, xdsPort = 0, adminPort = 0] = await freePorts(3);
    await using resources = new AsyncDisposableStack();
    const directory = await mkdtemp(path.join(tmpdir(), 'sluice-restart-'));
    resources.defer(() => rm(directory, { recursive: true, force: true }));
    const { startTlsBackend } = await import('../harness/tls-backend.ts');
    const backend = resources.use(await startTlsBackend({ name: 'api', address: '127.0.0.1' }));
    const write = (name: string, manifests: readonly Manifest[]) =>
      writeFile(path.join(directory, name), toYaml(manifests));
    await write('gateway.yaml', [gatewayClass(), gateway('gw', [{ name: 'tls', port }])]);
    await write('routes.yaml', [...serviceOf('api', backend), ...routes()]);

    const serve = async (): Promise<SluiceProcess> => {
      const sluice = resources.use(
        SluiceProcess.start([
          ...['serve', '--source', `directory:${directory}`, '--allow-loopback-endpoints'],
          ...['--xds-address', `127.0.0.1:${xdsPort}`, '--admin-address', `127.0.0.1:${adminPort}`],
        ]),
      );
      await sluice.untilPage(`http://127.0.0.1:${adminPort}/readyz`);
      return sluice;
    };
    const first = await serve();
    await using envoy = await EnvoyProcess.start({ bootstrap: testBootstrap(xdsPort) });
    assert.equal((await get({ address: '127.0.0.1', port, servername: HOSTS[0] })).backend, 'api');
    using connection = await openLongLived({ address: '127.0.0.1', port, servername: HOSTS[0] });

    first.signal('SIGKILL');
    await first.finished;
    await envoy.waitForStat('control_plane.connected_state', (value) => value === 0);
    assert.equal(await connection.ping(), 'api');
    assert.equal((await get({ address: '127.0.0.1', port, servername: HOSTS[1] })).backend, 'api');

    // While it is away, one route goes and one comes.
    await write('routes.yaml', [
      ...serviceOf('api', backend),
      ...routes().slice(1),
      tlsRoute({ name: 'new', hosts: ['new.stage.example.com'], backends: [{ name: 'api' }] }),
    ]);
    const second = await serve();
    await until(
      async () =>
        (await attempt({ address: '127.0.0.1', port, servername: 'new.stage.example.com' })).outcome ===
        'answered',
      {
        what: 'the new route',
        timeoutMs: 30_000,
      },
    );
    await until(async () => (await nodes(adminPort)).some(({ current }) => current), {
      what: 'everything acknowledged',
    });
    assert.equal((await attempt({ address: '127.0.0.1', port, servername: HOSTS[0] })).outcome, 'closed');
    const metrics = await second.untilPage(`http://127.0.0.1:${adminPort}/metrics`);
    const sent = (type: string, change: string): string | undefined =>
      new RegExp(`^sluice_xds_sent_resources_total\\{type="${type}",change="${change}"\\} (\\d+)`, 'm').exec(
        metrics,
      )?.[1];
    assert.equal(sent('cluster', 'upsert'), '1');
    assert.equal(sent('cluster', 'removal'), '1');
    assert.equal(sent('listener', 'upsert') ?? '0', '0');
    // What is removed from Envoy's table closes nothing that is open.
    assert.equal(await connection.ping(), 'api');
  });

  it('an Envoy that starts before its control plane has synced waits, and is not ready', async () => {
    const [port = 0, xdsPort = 0] = await freePorts(2);
    await using envoy = await EnvoyProcess.start({
      bootstrap: testBootstrap(xdsPort),
      waitUntilReady: false,
    });
    assert.equal(await envoy.get('/ready').catch(() => 'not ready'), 'not ready');
    assert.equal((await attempt({ address: '127.0.0.1', port, servername: HOSTS[0] })).outcome, 'refused');
  });
});
