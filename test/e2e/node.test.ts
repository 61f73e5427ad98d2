/**
 * `sluice node` between a real Envoy and a control plane, each a process: what it serves while the control plane is there, and
 * that a gateway node starts from its disk while there is none.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { EnvoyProcess } from '../harness/envoy-process.ts';
import { gateway, gatewayClass, type Manifest, tlsRoute } from '../harness/manifests.ts';
import { SluiceProcess } from '../harness/sluice-process.ts';
import { startTlsBackend, type TlsBackend } from '../harness/tls-backend.ts';
import { attempt, type LongLived, openLongLived } from '../harness/tls-client.ts';
import { until } from '../harness/until.ts';
import { freePorts, serviceOf, testBootstrap, toYaml } from './gateway-node.ts';

const NODE_ID = 'gw-1';

/** What `/debug/nodes` of the control plane says of one Envoy. */
interface NodePage {
  readonly id: string;
  readonly current: boolean;
  readonly limits?: object;
  readonly types: readonly { readonly type: string; readonly held: Readonly<Record<string, unknown>> }[];
}

/** A gateway node of three processes: Sluice on manifests, `sluice node` with a folder for its state, and Envoy. */
class NodeWithState implements AsyncDisposable {
  readonly directory: string;
  readonly port: number;
  readonly backend: TlsBackend;
  readonly #ports: readonly number[];
  readonly #cleanUps: (() => unknown)[] = [];
  plane: SluiceProcess | undefined;
  node!: SluiceProcess;
  envoy!: EnvoyProcess;

  private constructor(directory: string, ports: readonly number[], backend: TlsBackend) {
    this.directory = directory;
    this.#ports = ports;
    this.port = ports[0] ?? 0;
    this.backend = backend;
  }

  static async start(hosts: readonly string[]): Promise<NodeWithState> {
    const directory = await mkdtemp(path.join(tmpdir(), 'sluice-node-'));
    const scenario = new NodeWithState(
      directory,
      await freePorts(4),
      await startTlsBackend({ name: 'demo', address: '127.0.0.1' }),
    );
    await scenario.writeHosts(hosts);
    scenario.startPlane();
    scenario.startNode();
    await scenario.startEnvoy();
    return scenario;
  }

  get #manifests(): string {
    return path.join(this.directory, 'manifests.yaml');
  }

  get stateDirectory(): string {
    return path.join(this.directory, 'state');
  }

  async writeHosts(hosts: readonly string[], more: readonly Manifest[] = []): Promise<void> {
    await mkdir(this.stateDirectory, { recursive: true });
    const manifests = [
      gatewayClass(),
      gateway('gw', [{ name: 'tls', port: this.port, hostname: '*.stage.example.com' }]),
      ...serviceOf('demo', this.backend),
      ...hosts.map((host) =>
        tlsRoute({ name: host.split('.')[0] ?? '', hosts: [host], backends: [{ name: 'demo' }] }),
      ),
      ...more,
    ];
    await writeFile(`${this.#manifests}.new`, toYaml(manifests));
    await rename(`${this.#manifests}.new`, this.#manifests);
  }

  startPlane(): void {
    const [, xds, admin] = this.#ports;
    this.plane = SluiceProcess.start([
      ...['serve', '--source', `directory:${this.#manifests}`, '--allow-loopback-endpoints'],
      ...[
        '--xds-address',
        `127.0.0.1:${xds}`,
        '--admin-address',
        `127.0.0.1:${admin}`,
        '--log-format',
        'json',
      ],
    ]);
  }

  startNode(): void {
    const [, xds, , admin] = this.#ports;
    this.node = SluiceProcess.start([
      ...['node', '--control-plane', `127.0.0.1:${xds}`, '--listen', `unix:${this.directory}/xds.sock`],
      ...[
        '--state-dir',
        this.stateDirectory,
        '--admin-address',
        `127.0.0.1:${admin}`,
        '--log-format',
        'json',
      ],
    ]);
  }

  async startEnvoy(): Promise<void> {
    this.envoy = await EnvoyProcess.start({
      bootstrap: testBootstrap(0, NODE_ID, { xdsAddress: [`unix:${this.directory}/xds.sock`] }),
      drainTimeSeconds: 3,
    });
  }

  async killPlane(): Promise<void> {
    this.plane?.signal('SIGKILL');
    await this.plane?.finished;
  }

  async killNode(): Promise<void> {
    this.node.signal('SIGKILL');
    await this.node.finished;
  }

  /** What its first Envoy was told is on the disk. */
  async untilKept(): Promise<void> {
    await until(
      async () => {
        const text = await (await fetch(`http://127.0.0.1:${this.#ports[3]}/metrics`)).text();
        return Number(/^sluice_node_state_timestamp_seconds (\S+)$/m.exec(text)?.[1]) > 0;
      },
      { what: 'kept on the disk' },
    );
  }

  readyPage(status = 200): Promise<string> {
    return this.node.untilPage(`http://127.0.0.1:${this.#ports[3]}/readyz`, status);
  }

  async nodePage(): Promise<NodePage | undefined> {
    const response = await fetch(`http://127.0.0.1:${this.#ports[2]}/debug/nodes`).catch(() => undefined);
    return ((await response?.json()) as readonly NodePage[] | undefined)?.[0];
  }

  async longLived(host: string): Promise<LongLived> {
    const connection = await openLongLived({ address: '127.0.0.1', port: this.port, servername: host });
    this.#cleanUps.push(() => connection.end());
    return connection;
  }

  async outcome(host: string): Promise<string> {
    return (await attempt({ address: '127.0.0.1', port: this.port, servername: host })).outcome;
  }

  async until(host: string, outcome: string): Promise<void> {
    await until(async () => (await this.outcome(host)) === outcome, { what: `${host} ${outcome}` });
  }

  /** Those of the hosts that are not answered. */
  async unanswered(hosts: readonly string[]): Promise<string[]> {
    const missing: string[] = [];
    const left = [...hosts];
    const worker = async (): Promise<void> => {
      for (let host = left.pop(); host !== undefined; host = left.pop())
        if ((await this.outcome(host)) !== 'answered') missing.push(host);
    };
    await Promise.all(Array.from({ length: 16 }, worker));
    return missing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const cleanUp of this.#cleanUps) await cleanUp();
    await this.envoy.stop();
    await this.node.stop();
    await this.plane?.stop();
    await this.backend.close();
    await rm(this.directory, { recursive: true, force: true });
  }
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `h${index}.stage.example.com`);
}

describe('sluice node', () => {
  it('serves 1,000 hosts after a start with the control plane down, and takes the difference when it is back', async () => {
    const hosts = names(1_000);
    await using node = await NodeWithState.start(hosts);
    // Until then a host that has not come yet waits 2 s, and no longer.
    await until(async () => (await node.nodePage())?.current === true, {
      what: 'current',
      timeoutMs: 60_000,
    });
    assert.deepEqual(await node.unanswered(hosts), []);
    const page = await node.nodePage();
    assert.equal(page?.id, NODE_ID);
    assert.ok(page?.limits !== undefined, 'the metadata of the Envoy is passed on');
    await node.untilKept();

    await node.killPlane();
    await node.killNode();
    await node.envoy.stop('SIGKILL');
    node.startNode();
    await node.startEnvoy();
    assert.deepEqual(await node.unanswered(hosts), []);
    const ready = await node.readyPage();
    assert.match(ready, /^ok\nserved as kept \d+ s ago .*\nno control plane since /);

    const connection = await node.longLived('h1.stage.example.com');
    await node.writeHosts([...hosts.slice(1), 'new.stage.example.com']);
    node.startPlane();
    await node.until('new.stage.example.com', 'answered');
    await node.until('h0.stage.example.com', 'closed');
    assert.equal(await connection.ping(), 'demo');
    assert.deepEqual(await node.unanswered(hosts.slice(1)), []);
    assert.match(await node.readyPage(), /^ok\nconnected to the control plane since /);
    assert.ok(connection.isOpen);
    await until(async () => (await node.nodePage())?.current === true, { what: 'current' });
  });

  it('serves an Envoy that is restarted alone, and follows changes while Envoy runs on without it', async () => {
    const hosts = names(20);
    await using node = await NodeWithState.start(hosts);
    await node.untilKept();
    await node.killPlane();
    await node.envoy.stop('SIGKILL');
    await node.startEnvoy();
    assert.deepEqual(await node.unanswered(hosts), []);

    const connection = await node.longLived('h1.stage.example.com');
    await node.killNode();
    assert.deepEqual(await node.unanswered(hosts), []);
    await node.writeHosts([...hosts, 'new.stage.example.com']);
    node.startPlane();
    node.startNode();
    await node.until('new.stage.example.com', 'answered');
    assert.equal(await connection.ping(), 'demo');
  });

  it('names a state that is cut off, leaves it alone and starts without it', async () => {
    const hosts = names(20);
    await using node = await NodeWithState.start(hosts);
    await node.untilKept();
    await node.killNode();
    const [file = ''] = await readdir(node.stateDirectory);
    await truncate(path.join(node.stateDirectory, file), 200);
    node.startNode();
    await until(() => node.node.stderr.includes('SLUICE_STATE_DAMAGED'), { what: 'named' });
    await node.readyPage();
    await node.untilKept();
    assert.deepEqual((await readdir(node.stateDirectory)).sort(), [file, '000002.node-state']);
    assert.deepEqual(await node.unanswered(hosts), []);
  });

  it('tells the control plane what its Envoy rejects', async () => {
    const hosts = names(3);
    await using node = await NodeWithState.start(hosts);
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const name = `127.0.0.1:${port}`;
    const more = [gateway('taken', [{ name: 'tls', port, hostname: '*.stage.example.com' }])];
    await node.writeHosts(hosts, more);
    const isHeld = async () => (await node.nodePage())?.types.some(({ held }) => Object.hasOwn(held, name));
    await until(async () => (await isHeld()) === true, { what: 'the rejection at the control plane' });
    taken.close();
    await until(async () => (await isHeld()) === false, { what: 'acceptance', timeoutMs: 60_000 });
    assert.deepEqual(await node.unanswered(hosts), []);
  });
});
