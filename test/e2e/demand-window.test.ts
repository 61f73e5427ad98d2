/**
 * An Envoy that starts beside a Sluice with thousands of hosts. One cluster is sent at a time here, so that the window is open for
 * seconds: with the defaults it would be over before a test has looked.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { readFlags } from '../../src/cli/flag.ts';
import { engineConfig, TRANSLATION_FLAGS } from '../../src/cli/flags.ts';
import { ControlPlane } from '../../src/cli/serve/control-plane.ts';
import { createSource } from '../../src/cli/source.ts';
import type { DemandWindowOptions } from '../../src/xds/demand-window.ts';
import { EnvoyProcess } from '../harness/envoy-process.ts';
import { gateway, gatewayClass, type Manifest, tlsRoute } from '../harness/manifests.ts';
import { startTlsBackend, type TlsBackend } from '../harness/tls-backend.ts';
import { type Attempt, attempt, type LongLived, openLongLived } from '../harness/tls-client.ts';
import { until } from '../harness/until.ts';
import { freePorts, serviceOf, testBootstrap } from './gateway-node.ts';

const HOSTS = 1_000;
const WINDOW = { fewClusters: 100, clustersPerResponse: 1, unknownNames: 50 };
const DRAIN_SECONDS = 1;
/** Past the drain time: what a change drains is closed by now. */
const LATER_MS = 2_500;

const hostOf = (index: number): string => `c${index}.stage.example.com`;

interface Options {
  readonly ports?: readonly number[];
  readonly addresses?: readonly string[];
  readonly more?: (backend: TlsBackend) => Manifest[];
}

/** Manifests, a backend for all hosts, and what is started on them. */
class Place implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly #directory: string;
  readonly ports: readonly number[];
  #xdsPort = 0;

  private constructor(directory: string, ports: readonly number[]) {
    this.#directory = directory;
    this.ports = ports;
  }

  static async make({ addresses = ['127.0.0.1'], more = () => [] }: Options = {}): Promise<Place> {
    const [xdsPort = 0, ...ports] = await freePorts(3);
    const place = new Place(await mkdtemp(path.join(tmpdir(), 'sluice-window-')), ports);
    place.#xdsPort = xdsPort;
    place.#stack.defer(() => rm(place.#directory, { recursive: true, force: true }));
    const backend = place.#stack.use(await startTlsBackend({ name: 'api', address: '127.0.0.1' }));
    const listeners = ports.map((port) => ({ name: `tls-${port}`, port }));
    const items = [
      gatewayClass(),
      gateway('gw', listeners, addresses),
      ...serviceOf('api', backend),
      ...Array.from({ length: HOSTS }, (_, index) => [
        ...serviceOf(`c${index}`, backend),
        tlsRoute({ name: `c${index}`, hosts: [hostOf(index)], backends: [{ name: `c${index}` }] }),
      ]).flat(),
      ...more(backend),
    ];
    await place.write('all.json', items);
    return place;
  }

  async write(name: string, items: readonly Manifest[]): Promise<void> {
    const text = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    await writeFile(path.join(this.#directory, name), text);
  }

  /** Resolves when it is ready. */
  async sluice(demandWindow: DemandWindowOptions | undefined = WINDOW): Promise<ControlPlane> {
    const flags = readFlags(TRANSLATION_FLAGS, FLAGS, {});
    const directory = this.#directory;
    const logger = pino({ level: process.env['SLUICE_TEST_LOG'] ?? 'silent' }, pino.destination(2));
    const plane = await ControlPlane.start({
      source: createSource({ type: 'directory', path: directory, absolute: directory }, logger),
      engine: engineConfig(flags),
      xdsAddress: { host: '127.0.0.1', port: this.#xdsPort },
      adminAddress: { host: '127.0.0.1', port: 0 },
      demandWindow,
      drainTimeoutMs: 0,
      logger,
    });
    this.#stack.use(plane);
    await until(() => plane.engine.resources.ready, { what: 'Sluice ready', timeoutMs: 30_000 });
    return plane;
  }

  /** Resolves when it listens. */
  async envoy(): Promise<EnvoyProcess> {
    return this.#stack.use(
      await EnvoyProcess.start({
        bootstrap: testBootstrap(this.#xdsPort),
        drainTimeSeconds: DRAIN_SECONDS,
        concurrency: 2,
      }),
    );
  }

  attempt(
    servername: string | undefined,
    port = this.ports[0] ?? 0,
    address = '127.0.0.1',
  ): Promise<Attempt> {
    return attempt({ address, port, servername });
  }

  async longLived(servername: string): Promise<LongLived> {
    const connection = await openLongLived({ address: '127.0.0.1', port: this.ports[0] ?? 0, servername });
    this.#stack.defer(() => connection.end());
    return connection;
  }

  async answers(servername: string, port?: number, address?: string): Promise<void> {
    const { outcome } = await this.attempt(servername, port, address);
    assert.equal(outcome, 'answered', servername);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

const FLAGS = {
  allowLoopbackEndpoints: ['true'],
  namespaceHosts: ['100000'],
  namespacePairs: ['1000000'],
} as const;

async function metric(plane: ControlPlane, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${plane.adminPort}/metrics`)).text();
  return Number(new RegExp(`^${RegExp.escape(name)} (.*)$`, 'm').exec(text)?.[1] ?? 0);
}

async function untilEnded(plane: ControlPlane, reason = 'complete', windows = 1): Promise<void> {
  const name = `sluice_demand_windows_ended_total{reason="${reason}"}`;
  await until(async () => (await metric(plane, name)) === windows, { what: name, timeoutMs: 60_000 });
}

async function isOpen(plane: ControlPlane): Promise<boolean> {
  return (await metric(plane, 'sluice_demand_windows')) === 1;
}

async function untilCurrent(plane: ControlPlane): Promise<void> {
  const nodes = async () =>
    (await (await fetch(`http://127.0.0.1:${plane.adminPort}/debug/nodes`)).json()) as { current: boolean }[];
  const areCurrent = async (): Promise<boolean> => {
    const known = await nodes();
    return known.length > 0 && known.every(({ current }) => current);
  };
  await until(areCurrent, { what: 'Envoy current', timeoutMs: 60_000 });
}

async function pings(connections: readonly LongLived[]): Promise<void> {
  for (const connection of connections) assert.equal(await connection.ping(), 'api');
}

describe('an Envoy that starts', () => {
  it('serves any host before it has been told of all; the end of its window closes nothing', async () => {
    await using place = await Place.make();
    const plane = await place.sluice();
    const envoy = await place.envoy();
    const early: LongLived[] = [];
    for (const index of [HOSTS - 1, 800, 900]) early.push(await place.longLived(hostOf(index)));
    assert.ok(await isOpen(plane), 'the window is over: nothing was shown');
    assert.ok(((await envoy.stat('cluster_manager.active_clusters')) ?? HOSTS) < HOSTS);
    await untilEnded(plane);
    await untilCurrent(plane);
    const late = await place.longLived(hostOf(950));
    assert.equal((await place.attempt('made-up.stage.example.com')).outcome, 'closed');
    await delay(LATER_MS);
    await pings([...early, late]);
    const chains = envoy.accessLog().map(({ chain }) => chain);
    assert.deepEqual(chains, ['index'], 'after the window nothing waits');
  });

  it('a name of no host is closed at once, and served as soon as it is one', async () => {
    await using place = await Place.make();
    const plane = await place.sluice();
    await place.envoy();
    const first = await place.attempt('new.stage.example.com');
    assert.ok(first.outcome === 'closed' && first.afterMs < 1_000, JSON.stringify(first));
    // Envoy has been told that there is none and asks no more, but waits.
    const waiting = place.attempt('new.stage.example.com');
    await place.write('new.json', [
      tlsRoute({ name: 'new', hosts: ['new.stage.example.com'], backends: [{ name: 'api' }] }),
    ]);
    assert.equal((await waiting).outcome, 'answered');
    assert.ok(await isOpen(plane), 'the window is over: nothing was shown');
  });

  it('without a server name nothing waits', async () => {
    await using place = await Place.make();
    const plane = await place.sluice();
    await place.envoy();
    for (let again = 0; again < 3; again += 1) {
      const result = await place.attempt(undefined);
      assert.ok(result.outcome === 'closed' && result.afterMs < 1_000, JSON.stringify(result));
    }
    assert.ok(await isOpen(plane), 'the window is over: nothing was shown');
    assert.equal(await metric(plane, 'sluice_demand_unknown_names'), 0);
  });

  it('names of no host are asked for no more once there were many; hosts are, and nothing is closed', async () => {
    await using place = await Place.make();
    const plane = await place.sluice({ ...WINDOW, namedFrom: 20 });
    const envoy = await place.envoy();
    const early = await place.longLived(hostOf(HOSTS - 1));
    const madeUp = (count: number, mark: string) =>
      Promise.all(
        Array.from({ length: count }, (_, index) => place.attempt(`${mark}${index}.stage.example.com`)),
      );
    await madeUp(40, 'x');
    await envoy.waitForStat(
      'listener_manager.listener_in_place_updated',
      (value) => value === place.ports.length,
    );
    const unknown = await metric(plane, 'sluice_demand_unknown_names');
    for (const { outcome } of await madeUp(40, 'y')) assert.equal(outcome, 'closed');
    await place.answers(hostOf(HOSTS - 2));
    assert.ok(await isOpen(plane), 'the window is over: nothing was shown');
    assert.equal(await metric(plane, 'sluice_demand_unknown_names'), unknown);
    await untilEnded(plane);
    await untilCurrent(plane);
    await place.answers(hostOf(0));
    await delay(LATER_MS);
    await pings([early]);
  });

  it('too many names of no host end its window; hosts are served when it has been told of them', async () => {
    await using place = await Place.make();
    const plane = await place.sluice({ ...WINDOW, namedClusters: 0 });
    await place.envoy();
    const early = await place.longLived(hostOf(HOSTS - 1));
    const names = Array.from({ length: 2 * HOSTS }, (_, index) => `x${index}.stage.example.com`);
    await Promise.all(names.map((name) => place.attempt(name)));
    await untilEnded(plane, 'unknown names');
    await untilCurrent(plane);
    for (const index of [0, 700, HOSTS - 1]) await place.answers(hostOf(index));
    const made = await place.attempt('y.stage.example.com');
    assert.ok(made.outcome === 'closed' && made.afterMs < 1_000, JSON.stringify(made));
    await delay(LATER_MS);
    await pings([early]);
  });

  it('hosts under a wildcard, with chains of their own, of several backends, on two ports and families', async () => {
    await using place = await Place.make({
      addresses: ['127.0.0.1', '::1'],
      more: (backend) => [
        ...serviceOf('second', backend),
        tlsRoute({ name: 'wild', hosts: ['*.wild.example.com'], backends: [{ name: 'api' }] }),
        tlsRoute({ name: 'under', hosts: ['a.wild.example.com'], backends: [{ name: 'api' }] }),
        tlsRoute({
          name: 'two',
          hosts: ['two.example.com'],
          backends: [
            { name: 'api', weight: 1 },
            { name: 'second', weight: 1 },
          ],
        }),
        tlsRoute({
          ...{ name: 'idle', hosts: ['idle.example.com'], backends: [{ name: 'api' }] },
          annotations: { 'sluice.dev/idle-timeout': '90s' },
        }),
      ],
    });
    const plane = await place.sluice();
    const envoy = await place.envoy();
    const hosts = ['any.wild.example.com', 'a.wild.example.com', 'two.example.com', 'idle.example.com'];
    const asked: [string, number, string][] = [];
    for (const address of ['127.0.0.1', '::1']) {
      for (const port of place.ports)
        for (const host of [...hosts, hostOf(HOSTS - 1 - asked.length)]) asked.push([host, port, address]);
    }
    const results = await Promise.all(asked.map((each) => place.attempt(...each)));
    assert.ok(await isOpen(plane), 'the window is over: nothing was shown');
    for (const [index, { outcome }] of results.entries())
      assert.equal(outcome, 'answered', asked[index]?.join(' '));
    await envoy.waitFor(async () => (envoy.accessLog().length >= asked.length ? true : undefined), 'log');
    assert.deepEqual([...new Set(envoy.accessLog().map(({ chain }) => chain))].sort(), [
      '*.wild.example.com',
      'idle.example.com idle 90000ms',
      'index on demand',
      'index once on demand',
    ]);
    await untilEnded(plane);
    await untilCurrent(plane);
    for (const each of asked) await place.answers(...each);
  });

  it('loses Sluice in its window: what it has is served, the rest when Sluice is back, and nothing is closed', async () => {
    await using place = await Place.make();
    const first = await place.sluice();
    const envoy = await place.envoy();
    const early = await place.longLived(hostOf(HOSTS - 1));
    assert.ok(await isOpen(first), 'the window is over: nothing was shown');
    await first.stop();
    await envoy.waitForStat('control_plane.connected_state', (value) => value === 0);
    await place.answers(hostOf(HOSTS - 1));
    const late = await place.attempt(hostOf(HOSTS - 2));
    assert.ok(late.outcome === 'closed' && late.afterMs >= 1_500, `waits for 2 s: ${JSON.stringify(late)}`);
    const second = await place.sluice();
    await untilEnded(second);
    await untilCurrent(second);
    for (const index of [0, 700, HOSTS - 2]) await place.answers(hostOf(index));
    assert.equal((await place.attempt('made-up.stage.example.com')).outcome, 'closed');
    await delay(LATER_MS);
    await pings([early]);
  });
});

describe('an Envoy that goes from a Sluice', () => {
  const cases = [
    { what: 'without demand windows to one with them', from: undefined, to: WINDOW },
    { what: 'with demand windows to one without them', from: WINDOW, to: undefined },
  ];
  for (const { what, from, to } of cases) {
    it(`${what} keeps every connection, and gets no window`, async () => {
      await using place = await Place.make();
      const first = await place.sluice(from);
      const envoy = await place.envoy();
      const connections = [await place.longLived(hostOf(HOSTS - 1))];
      await untilCurrent(first);
      connections.push(await place.longLived(hostOf(0)));
      const updates = await envoy.stat('listener_manager.listener_modified');
      await first.stop();
      const second = await place.sluice(to);
      await untilCurrent(second);
      await place.write('new.json', [
        tlsRoute({ name: 'new', hosts: ['*.new.example.com'], backends: [{ name: 'api' }] }),
      ]);
      await until(async () => (await place.attempt('a.new.example.com')).outcome === 'answered', {
        what: 'a host that comes',
      });
      assert.equal(await metric(second, 'sluice_demand_windows_ended_total{reason="complete"}'), 0);
      // One for each listener: the wildcard.
      assert.equal(
        await envoy.stat('listener_manager.listener_modified'),
        (updates ?? 0) + place.ports.length,
      );
      await delay(LATER_MS);
      await pings(connections);
    });
  }
});
