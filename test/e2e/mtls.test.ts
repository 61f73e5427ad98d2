/**
 * Mutual TLS between a real Envoy and `serve`, with the files of `sluice certs` and `sluice bootstrap`: what it refuses,
 * and that both follow new certificates and a new authority while they run.
 */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { type Logger, pino } from 'pino';
import { bootstrapYaml } from '../../src/cli/bootstrap-config.ts';
import { bootstrap } from '../../src/cli/bootstrap-files.ts';
import { BOOTSTRAP_FLAGS, type BootstrapOptions } from '../../src/cli/bootstrap-flags.ts';
import { makeCertificates } from '../../src/cli/certs/certs.ts';
import { CERTS_FLAGS } from '../../src/cli/certs/certs-flags.ts';
import { readFlags } from '../../src/cli/flag.ts';
import { engineConfig, TRANSLATION_FLAGS } from '../../src/cli/flags.ts';
import { ControlPlane } from '../../src/cli/serve/control-plane.ts';
import { openXdsTls, type XdsTls } from '../../src/cli/serve/xds-tls.ts';
import { createSource } from '../../src/cli/source.ts';
import { XDS_TLS_FLAGS } from '../../src/cli/tls-flags.ts';
import { EnvoyProcess } from '../harness/envoy-process.ts';
import { gateway, gatewayClass, tlsRoute } from '../harness/manifests.ts';
import { startTlsBackend } from '../harness/tls-backend.ts';
import { attempt } from '../harness/tls-client.ts';
import { until } from '../harness/until.ts';
import { freePorts, serviceOf, toYaml } from './gateway-node.ts';

const HOST = 'demo.stage.example.com';
const LATER = 'later.stage.example.com';
const SERVER_NAME = 'sluice.sluice-system.svc';

/** Of Envoy's page `/certs`. */
interface EnvoyCertificate {
  readonly ca_cert?: readonly { readonly serial_number: string }[];
  readonly cert_chain?: readonly { readonly serial_number: string }[];
}

function isSerial(number: string) {
  return (one: { readonly serial_number: string }): boolean => one.serial_number === number.toLowerCase();
}

/** The path between Envoy and Sluice, which can be cut: both then have to shake hands again. */
async function startLine(targetPort: number) {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(targetPort, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port,
    cut,
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

class Scenario implements AsyncDisposable {
  readonly directory: string;
  readonly port: number;
  readonly log: Record<string, unknown>[] = [];
  readonly logger: Logger;
  #cleanUps: (() => unknown)[] = [];
  plane!: ControlPlane;
  tls!: XdsTls;
  line!: Awaited<ReturnType<typeof startLine>>;

  private constructor(directory: string, port: number) {
    this.directory = directory;
    this.port = port;
    this.logger = pino(
      { level: 'info', base: null },
      { write: (line: string) => void this.log.push(JSON.parse(line) as Record<string, unknown>) },
    );
  }

  static async start(): Promise<Scenario> {
    const directory = await mkdtemp(path.join(tmpdir(), 'sluice-mtls-'));
    const [port = 0] = await freePorts(1);
    const scenario = new Scenario(directory, port);
    await scenario.#start();
    return scenario;
  }

  async #start(): Promise<void> {
    await this.certs();
    const backend = await startTlsBackend({ name: 'demo', address: '127.0.0.1' });
    this.#cleanUps.push(() => backend.close());
    const manifests = path.join(this.directory, 'manifests');
    await this.write('base.yaml', [
      gatewayClass(),
      gateway('gw', [{ name: 'tls', port: this.port, hostname: '*.stage.example.com' }]),
      ...serviceOf('demo', backend),
      tlsRoute({ name: 'demo', hosts: [HOST], backends: [{ name: 'demo' }] }),
    ]);
    const files = {
      xdsTlsCert: [this.path('certs/server/tls.crt')],
      xdsTlsKey: [this.path('certs/server/tls.key')],
      xdsTlsClientCa: [this.path('certs/server/ca.crt')],
    };
    const tls = await openXdsTls(readFlags(XDS_TLS_FLAGS, files, {}), this.logger);
    assert.ok(tls);
    this.tls = tls;
    this.#cleanUps.push(() => tls.close());
    this.plane = await ControlPlane.start({
      source: createSource({ type: 'directory', path: manifests, absolute: manifests }, this.logger),
      engine: engineConfig(readFlags(TRANSLATION_FLAGS, { allowLoopbackEndpoints: ['true'] }, {})),
      xdsAddress: { host: '127.0.0.1', port: 0 },
      adminAddress: { host: '127.0.0.1', port: 0 },
      xdsTls: tls,
      drainTimeoutMs: 1_000,
      logger: this.logger,
    });
    this.#cleanUps.push(() => this.plane.stop());
    this.line = await startLine(this.plane.xdsPort);
    this.#cleanUps.push(() => this.line.close());
  }

  path(name: string): string {
    return path.join(this.directory, name);
  }

  async certs(given: Readonly<Record<string, readonly string[]>> = {}): Promise<void> {
    await makeCertificates(readFlags(CERTS_FLAGS, { out: [this.path('certs')], ...given }, {}));
  }

  async write(name: string, manifests: Parameters<typeof toYaml>[0]): Promise<void> {
    await mkdir(this.path('manifests'), { recursive: true });
    await this.replace(`manifests/${name}`, toYaml(manifests));
  }

  async replace(name: string, content: string): Promise<void> {
    await writeFile(this.path(`${name}.new`), content);
    await rename(this.path(`${name}.new`), this.path(name));
  }

  /** An Envoy as a gateway node starts it. */
  async envoy(given: Readonly<Record<string, readonly string[]>> = {}): Promise<EnvoyProcess> {
    const flags: BootstrapOptions = readFlags(
      BOOTSTRAP_FLAGS,
      {
        xdsAddress: [`127.0.0.1:${this.line.port}`],
        xdsServerName: [SERVER_NAME],
        xdsTlsCertFile: [this.path('certs/gateway/tls.crt')],
        xdsTlsKeyFile: [this.path('certs/gateway/tls.key')],
        xdsTlsCaFile: [this.path('certs/gateway/ca.crt')],
        nodeId: ['gw-1'],
        envoyAdminAddress: ['127.0.0.1:0'],
        out: [this.path('envoy')],
        ...given,
      },
      {},
    );
    await bootstrap(flags);
    const envoy = await EnvoyProcess.start({
      bootstrap: bootstrapYaml(flags),
      waitUntilReady: false,
      // Envoy says there with what status Sluice ended the stream.
      extraArguments: ['--component-log-level', 'config:info'],
    });
    this.#cleanUps.push(() => envoy.stop());
    return envoy;
  }

  async untilServed(host: string): Promise<void> {
    await until(
      async () =>
        (await attempt({ address: '127.0.0.1', port: this.port, servername: host })).outcome === 'answered',
      { what: `${host} served` },
    );
  }

  async untilLogged(code: string): Promise<Record<string, unknown>> {
    let found: Record<string, unknown> | undefined;
    await until(
      async () => {
        found = this.log.find((line) => line['code'] === code || line['msg'] === code);
        return found !== undefined;
      },
      { what: `${code} in the log` },
    );
    return found ?? {};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const cleanUp of this.#cleanUps.reverse()) await cleanUp();
    await rm(this.directory, { recursive: true, force: true });
  }
}

describe('mutual TLS between Envoy and Sluice', () => {
  it('serves, and both follow new certificates and a new authority without a restart', async () => {
    await using scenario = await Scenario.start();
    const envoy = await scenario.envoy();
    await scenario.untilServed(HOST);
    const before = new X509Certificate(await readFile(scenario.path('certs/ca.crt')));
    const firstExpiry = scenario.tls.notAfter();

    await scenario.certs({ renewCa: ['true'], days: ['30'] });
    // Only the new authority is left: whoever still has an old certificate is out.
    const [present = ''] = (await readFile(scenario.path('certs/ca.crt'), 'utf8')).split(/(?<=END CERT.*\n)/);
    assert.notEqual(new X509Certificate(present).subject, before.subject);
    for (const folder of ['server', 'gateway']) await scenario.replace(`certs/${folder}/ca.crt`, present);
    await until(async () => scenario.tls.notAfter() < firstExpiry, { what: 'the server follows' });
    const authority = new X509Certificate(present).serialNumber;
    const serial = new X509Certificate(await readFile(scenario.path('certs/gateway/tls.crt'))).serialNumber;
    await envoy.waitFor(async () => {
      const { certificates } = JSON.parse(await envoy.get('/certs')) as { certificates: EnvoyCertificate[] };
      const own = certificates.flatMap((each) => each.cert_chain ?? []);
      const trusted = certificates.flatMap((each) => each.ca_cert ?? []);
      const follows = own.some(isSerial(serial)) && trusted.some(isSerial(authority));
      return follows || undefined;
    }, 'Envoy follows');
    // What the alert of certificates looks at.
    await envoy.waitForStat('server.days_until_first_cert_expiring', (days) => days >= 28 && days <= 30);

    scenario.line.cut();
    await scenario.write('later.yaml', [
      tlsRoute({ name: 'later', hosts: [LATER], backends: [{ name: 'demo' }] }),
    ]);
    await scenario.untilServed(LATER);
    await scenario.untilServed(HOST);
  });

  it('keeps serving with the last certificate where a new one is half written', async () => {
    await using scenario = await Scenario.start();
    const envoy = await scenario.envoy();
    await scenario.untilServed(HOST);
    await scenario.replace('certs/server/tls.crt', '-----BEGIN CERTIFICATE-----\nMIIB');
    await scenario.replace('certs/gateway/tls.crt', '-----BEGIN CERTIFICATE-----\nMIIB');
    const { error } = await scenario.untilLogged('SLUICE_XDS_TLS_RELOAD');
    assert.match(String(error), /tls\.crt holds no PEM certificate/);
    await envoy.waitForStat('sds.sluice_xds_certificate.key_rotation_failed', (count) => count > 0);
    scenario.line.cut();
    await scenario.write('later.yaml', [
      tlsRoute({ name: 'later', hosts: [LATER], backends: [{ name: 'demo' }] }),
    ]);
    await scenario.untilServed(LATER);
  });

  it('refuses an Envoy whose certificate is for another name, and both logs say so', async () => {
    await using scenario = await Scenario.start();
    await scenario.certs({ clientName: ['prometheus'] });
    const envoy = await scenario.envoy();
    const { names } = await scenario.untilLogged('SLUICE_XDS_CLIENT_NOT_ALLOWED');
    assert.deepEqual(names, ['prometheus']);
    await envoy.waitFor(
      async () => envoy.stderr.includes('SLUICE_XDS_CLIENT_NOT_ALLOWED') || undefined,
      'the reason in the log of Envoy',
    );
    assert.equal(
      (await attempt({ address: '127.0.0.1', port: scenario.port, servername: HOST })).outcome,
      'refused',
    );
  });

  it('refuses an Envoy with a certificate of another authority', async () => {
    await using scenario = await Scenario.start();
    await scenario.certs({ out: [scenario.path('others')] });
    const envoy = await scenario.envoy({
      xdsTlsCertFile: [scenario.path('others/gateway/tls.crt')],
      xdsTlsKeyFile: [scenario.path('others/gateway/tls.key')],
    });
    // TLS 1.3: the client is done before the server has looked at its certificate and hangs up.
    await envoy.waitForStat('cluster.sluice_xds.upstream_cx_destroy_remote', (count) => count > 1);
    assert.equal(await envoy.stat('cluster.sluice_xds.ssl.fail_verify_san'), 0);
    assert.ok(!scenario.log.some(({ msg }) => msg === 'Envoy connected'));
  });

  it('has an Envoy refuse a Sluice whose certificate is for another name', async () => {
    await using scenario = await Scenario.start();
    const envoy = await scenario.envoy({ xdsServerName: ['sluice.example.com'] });
    await envoy.waitForStat('cluster.sluice_xds.ssl.fail_verify_san', (count) => count > 0);
    assert.ok(!scenario.log.some(({ msg }) => msg === 'Envoy connected'));
  });
});
