/**
 * A gateway node for tests: Sluice on a directory of manifests, a real Envoy that it configures, real TLS backends.
 * Everything on loopback, on free ports, and gone with the test.
 */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { stringify } from 'yaml';
import { bootstrapConfig } from '../../src/cli/bootstrap-config.ts';
import { BOOTSTRAP_FLAGS } from '../../src/cli/bootstrap-flags.ts';
import { envoyLimits } from '../../src/cli/bootstrap-limits.ts';
import { readFlags } from '../../src/cli/flag.ts';
import { engineConfig, TRANSLATION_FLAGS } from '../../src/cli/flags.ts';
import { ControlPlane } from '../../src/cli/serve/control-plane.ts';
import { createSource } from '../../src/cli/source.ts';
import { DEFAULT_DEMAND_WINDOW, type DemandWindowOptions } from '../../src/xds/demand-window.ts';
import { type EnvoyOptions, EnvoyProcess } from '../harness/envoy-process.ts';
import { type Manifest, service } from '../harness/manifests.ts';
import { startTlsBackend, type TlsBackend } from '../harness/tls-backend.ts';
import { type Attempt, attempt, get, type LongLived, openLongLived } from '../harness/tls-client.ts';

export interface GatewayNodeOptions {
  /** Flags as on the command line, e.g. `{ sniMode: ['chain'] }`. */
  readonly flags?: Readonly<Record<string, readonly string[]>>;
  readonly drainTimeSeconds?: number;
  /** Flags of `sluice bootstrap`, in the same form. */
  readonly bootstrap?: Readonly<Record<string, readonly string[]>>;
  /** Limits of Envoy's file descriptors: those of this process unless given. */
  readonly descriptors?: EnvoyOptions['descriptors'];
  /** The default ones unless given. */
  readonly demandWindow?: DemandWindowOptions | undefined;
}

/** Below those that the kernel gives to connections and to who asks for any port: nobody takes one of these meanwhile by chance. */
const PORTS = { from: 20_000, to: 30_000 } as const;

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = [];
  while (servers.length < count) {
    const server = createServer();
    const port = PORTS.from + Math.floor(Math.random() * (PORTS.to - PORTS.from));
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (isFree) servers.push(server);
  }
  return await Promise.all(
    servers.map(async (server) => {
      const { port } = server.address() as { port: number };
      await new Promise<void>((resolve) => server.close(() => resolve()));
      return port;
    }),
  );
}

export class GatewayNode implements AsyncDisposable {
  readonly directory: string;
  readonly plane: ControlPlane;
  readonly envoy: EnvoyProcess;
  readonly #backends: TlsBackend[] = [];
  readonly #longLived: LongLived[] = [];

  private constructor(directory: string, plane: ControlPlane, envoy: EnvoyProcess) {
    this.directory = directory;
    this.plane = plane;
    this.envoy = envoy;
  }

  /** Writes the manifests, one file for each key, and starts Sluice and Envoy. Resolves when Envoy has it all. */
  static async start(
    files: Readonly<Record<string, readonly Manifest[]>>,
    options: GatewayNodeOptions = {},
  ): Promise<GatewayNode> {
    const directory = await mkdtemp(path.join(tmpdir(), 'sluice-manifests-'));
    for (const [name, manifests] of Object.entries(files))
      await writeFile(path.join(directory, name), toYaml(manifests));
    const logger = pino({ level: process.env['SLUICE_TEST_LOG'] ?? 'silent' }, pino.destination(2));
    const flags = readFlags(TRANSLATION_FLAGS, { allowLoopbackEndpoints: ['true'], ...options.flags }, {});
    const plane = await ControlPlane.start({
      source: createSource({ type: 'directory', path: directory, absolute: directory }, logger),
      engine: engineConfig(flags),
      xdsAddress: { host: '127.0.0.1', port: 0 },
      adminAddress: { host: '127.0.0.1', port: 0 },
      demandWindow: 'demandWindow' in options ? options.demandWindow : DEFAULT_DEMAND_WINDOW,
      drainTimeoutMs: 1_000,
      logger,
    });
    const envoy = await EnvoyProcess.start({
      bootstrap: testBootstrap(plane.xdsPort, 'test-node', options.bootstrap, options.descriptors?.hard),
      ...(options.descriptors && { descriptors: options.descriptors }),
      drainTimeSeconds: options.drainTimeSeconds ?? 3,
    });
    return new GatewayNode(directory, plane, envoy);
  }

  /** A new backend; it is asked for by its name in manifests, see `service`. */
  async backend(name: string): Promise<TlsBackend> {
    const backend = await startTlsBackend({ name, address: '127.0.0.1' });
    this.#backends.push(backend);
    return backend;
  }

  /** Replaces a file as editors do. An empty list removes it. */
  async write(name: string, manifests: readonly Manifest[]): Promise<void> {
    const file = path.join(this.directory, name);
    if (manifests.length === 0) return await rm(file);
    await writeFile(`${file}.new`, toYaml(manifests));
    await rename(`${file}.new`, file);
  }

  get(servername: string | undefined, port: number): ReturnType<typeof get> {
    return get({ address: '127.0.0.1', port, servername });
  }

  attempt(servername: string | undefined, port: number): Promise<Attempt> {
    return attempt({ address: '127.0.0.1', port, servername });
  }

  async longLived(servername: string, port: number): Promise<LongLived> {
    const connection = await openLongLived({ address: '127.0.0.1', port, servername });
    this.#longLived.push(connection);
    return connection;
  }

  /** Connects again and again until the outcome is as wished: Envoy says nowhere when a change is in force. */
  async until(
    servername: string,
    port: number,
    wished: (attempt: Attempt) => boolean,
    timeoutMs = 10_000,
  ): Promise<void> {
    await this.envoy.waitFor(
      async () => (wished(await this.attempt(servername, port)) ? true : undefined),
      `${servername}:${port} as wished`,
      timeoutMs,
    );
  }

  async untilServedBy(backend: string, servername: string, port: number): Promise<void> {
    await this.until(servername, port, (each) => each.outcome === 'answered' && each.backend === backend);
  }

  async untilClosed(servername: string, port: number): Promise<void> {
    await this.until(servername, port, (each) => each.outcome === 'closed');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#longLived) connection.end();
    await this.envoy.stop();
    await this.plane.stop();
    for (const backend of this.#backends) await backend.close();
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** What `sluice bootstrap` prints, with an admin port that is free. */
export function testBootstrap(
  xdsPort: number,
  nodeId = 'test-node',
  more: Readonly<Record<string, readonly string[]>> = {},
  descriptors?: number,
): Record<string, unknown> {
  const given = {
    xdsAddress: [`127.0.0.1:${xdsPort}`],
    nodeId: [nodeId],
    envoyAdminAddress: ['127.0.0.1:0'],
    ...more,
  };
  const options = readFlags(BOOTSTRAP_FLAGS, given, {});
  return bootstrapConfig(options, envoyLimits(options, descriptors));
}

/** A Service whose only endpoint is the backend. */
export function serviceOf(name: string, ...backends: readonly TlsBackend[]): Manifest[] {
  return service(name, backends);
}

export function toYaml(manifests: readonly Manifest[]): string {
  return manifests.map((manifest) => stringify(manifest)).join('---\n');
}
