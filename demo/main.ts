/**
 * `npm run demo`: the main job on one machine, without a cluster. Sluice on the manifests of examples/demo, a real
 * Envoy that it configures, real TLS servers in the place of tenants' API servers, and a route added live.
 */
import '../scripts/require-node.mjs';

import { mkdtempSync, rmSync } from 'node:fs';
import { cp, readdir, rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { findEnvoy } from '../scripts/fetch-envoy.ts';
import { AssetError } from '../scripts/kubernetes-assets.cache.ts';
import { bootstrapConfig } from '../src/cli/bootstrap-config.ts';
import { BOOTSTRAP_FLAGS } from '../src/cli/bootstrap-flags.ts';
import { CliError, EXIT, errorLine } from '../src/cli/cli-error.ts';
import { readFlags } from '../src/cli/flag.ts';
import { engineConfig, TRANSLATION_FLAGS } from '../src/cli/flags.ts';
import { ControlPlane } from '../src/cli/serve/control-plane.ts';
import { createSource } from '../src/cli/source.ts';
import { EnvoyProcess } from '../test/harness/envoy-process.ts';
import { startTlsBackend } from '../test/harness/tls-backend.ts';
import { attempt, get, openLongLived } from '../test/harness/tls-client.ts';
import { Interruption } from './interruption.ts';
import { LIVE_HOST, LIVE_TENANT } from './live-tenant.ts';
import { check, heading, line, type Out } from './out.ts';

const EXAMPLES = path.join(import.meta.dirname, '..', 'examples', 'demo');
const ADDRESS = '127.0.0.1';
const PORT = 10_443;
const DEMO_HOST = 'demo-cluster-cp.stage.kube-dc.com';
const LEGACY_HOST = 'legacy-cluster-cp.stage.kube-dc.com';
const UNKNOWN_HOST = 'nobody.stage.kube-dc.com';
const BACKEND_PORT = 6_443;
/** The tenants' addresses in the manifests; on Linux all of 127.0.0.0/8 is this machine. */
const BACKENDS = [
  { name: 'demo-cluster', address: '127.65.0.105' },
  { name: 'legacy-cluster', address: '127.65.0.106' },
  { name: 'live-cluster', address: '127.65.0.107' },
];

const HELP = `npm run demo [-- --once]

Starts Sluice on the manifests of examples/demo, a real Envoy and three real TLS servers, connects through Envoy,
adds a route while a connection is open, and shows what happened. Stays up until Ctrl-C to be tried by hand.

  --once   exit after it was shown: 0 if everything worked, 1 if not
  --help   this text

Examples:
  npm run demo
  npm run demo -- --once
  ENVOY_BIN=/usr/local/bin/envoy npm run demo
`;

async function main(): Promise<number> {
  const values = flags();
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const out: Out = {
    stream: process.stdout,
    color: process.stdout.isTTY === true && !process.env['NO_COLOR'],
  };
  const interruption = new Interruption();
  await using resources = new AsyncDisposableStack();

  heading(out, 'Starting');
  await findEnvoy();
  await refuseIfTaken();
  for (const backend of BACKENDS) resources.use(await startBackend(backend));
  line(out, `TLS servers  ${BACKENDS.map(({ address }) => `${address}:${BACKEND_PORT}`).join('  ')}`);
  const directory = mkdtempSync(path.join(tmpdir(), 'sluice-demo-'));
  // However it ends: Envoy's own directory goes with Envoy.
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  await cp(EXAMPLES, directory, { recursive: true });
  const plane = resources.use(await startSluice(directory));
  line(
    out,
    `Sluice       xDS on ${ADDRESS}:${plane.xdsPort}, admin on http://${ADDRESS}:${plane.adminPort}/`,
  );
  line(out, `             reads ${directory} (${(await readdir(directory)).sort().join(', ')})`);
  const envoy = resources.use(await EnvoyProcess.start({ bootstrap: bootstrap(plane.xdsPort) }));
  line(out, `Envoy        TLS on ${ADDRESS}:${PORT}, admin on http://${envoy.adminAddress}/`);

  heading(out, 'Through Envoy to the tenants');
  let worked = true;
  for (const [host, backend] of [
    [DEMO_HOST, 'demo-cluster'],
    [LEGACY_HOST, 'legacy-cluster'],
  ] as const) {
    const answer = await get(target(host));
    const text = `${host}  answered by ${answer.backend} in ${answer.milliseconds.toFixed(1)} ms`;
    worked = check(out, answer.backend === backend && answer.certificateName === backend, text) && worked;
  }

  heading(out, 'A route is added while a connection is open');
  using open = await openLongLived(target(DEMO_HOST));
  const before = await attempt(target(LIVE_HOST));
  worked =
    check(out, before.outcome === 'closed', `${LIVE_HOST}  not there yet: ${before.outcome}`) && worked;
  const file = path.join(directory, 'live-cluster.yaml');
  await writeFile(`${file}.tmp`, LIVE_TENANT);
  const start = performance.now();
  await rename(`${file}.tmp`, file);
  const served = await untilServed(LIVE_HOST);
  const elapsed = (performance.now() - start).toFixed(0);
  worked =
    check(
      out,
      served === 'live-cluster',
      `${LIVE_HOST}  answered by ${served} ${elapsed} ms after its manifest was written`,
    ) && worked;
  const still = await open.ping();
  worked =
    check(out, still === 'demo-cluster', `the connection to ${DEMO_HOST} is still open and answers`) &&
    worked;
  const unknown = await attempt(target(UNKNOWN_HOST));
  worked =
    check(out, unknown.outcome === 'closed', `${UNKNOWN_HOST}  is no route: ${unknown.outcome}`) && worked;

  heading(out, worked ? 'It works.' : 'It does NOT work: see the lines with ✗ above.');
  if (values.once === true || !worked) return worked ? 0 : 1;
  line(out, 'Try it by hand, in another terminal:');
  line(out, `  curl -k --resolve ${DEMO_HOST}:${PORT}:${ADDRESS} https://${DEMO_HOST}:${PORT}/`);
  line(
    out,
    `  openssl s_client -connect ${ADDRESS}:${PORT} -servername ${LEGACY_HOST} </dev/null 2>/dev/null | openssl x509 -noout -subject`,
  );
  line(out, `  curl http://${ADDRESS}:${plane.adminPort}/debug/nodes`);
  line(out, `  edit or remove a file in ${directory}, and connect again`);
  line(out, 'Ctrl-C ends it.');
  await interruption.awaited();
  return 0;
}

function flags(): { readonly once?: boolean; readonly help?: boolean } {
  try {
    return parseArgs({ options: { once: { type: 'boolean' }, help: { type: 'boolean' } } }).values;
  } catch (cause) {
    const [reason] = (cause as Error).message.split('. ');
    throw new CliError('SLUICE_USAGE', EXIT.usage, `${reason}; run "npm run demo -- --help"`, { cause });
  }
}

function target(servername: string) {
  return { address: ADDRESS, port: PORT, servername };
}

/** Connects again and again, since Envoy tells nobody when a route is in force. */
async function untilServed(host: string): Promise<string> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const result = await attempt(target(host));
    if (result.outcome === 'answered') return result.backend;
    if (performance.now() > deadline) return `nobody (${result.outcome})`;
  }
}

async function startSluice(directory: string): Promise<ControlPlane> {
  const logger = pino({ level: process.env['SLUICE_LOG_LEVEL'] ?? 'warn' }, pino.destination(2));
  const flags = readFlags(
    TRANSLATION_FLAGS,
    { listenAddress: [ADDRESS], ingressPort: [String(PORT)], allowLoopbackEndpoints: ['true'] },
    {},
  );
  return await ControlPlane.start({
    source: createSource({ type: 'directory', path: directory, absolute: directory }, logger),
    engine: engineConfig(flags),
    xdsAddress: { host: ADDRESS, port: 0 },
    adminAddress: { host: ADDRESS, port: 0 },
    drainTimeoutMs: 1_000,
    logger,
  });
}

/** What `sluice bootstrap` prints, with a free port for Envoy's admin pages. */
function bootstrap(xdsPort: number): Record<string, unknown> {
  const flags = {
    xdsAddress: [`${ADDRESS}:${xdsPort}`],
    nodeId: ['demo'],
    envoyAdminAddress: [`${ADDRESS}:0`],
  };
  return bootstrapConfig(readFlags(BOOTSTRAP_FLAGS, flags, {}));
}

async function startBackend({ name, address }: { readonly name: string; readonly address: string }) {
  try {
    return await startTlsBackend({ name, address, port: BACKEND_PORT });
  } catch (cause) {
    throw new AssetError(
      'SLUICE_DEMO_PORT_TAKEN',
      `${address}:${BACKEND_PORT} cannot be listened on (${(cause as Error).message}). Is an API server or another demo running here? The demo needs Linux, and port ${BACKEND_PORT}.`,
    );
  }
}

/** Envoy shares a port with whoever listens on it already, and connections would go to either. */
async function refuseIfTaken(): Promise<void> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(PORT, ADDRESS, resolve));
  } catch (cause) {
    throw new AssetError(
      'SLUICE_DEMO_PORT_TAKEN',
      `${ADDRESS}:${PORT} cannot be listened on (${(cause as Error).message}). Is another demo running?`,
    );
  }
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof CliError) {
    process.stderr.write(errorLine(error.code, error.message).replace(/^sluice/, 'demo'));
    process.exitCode = error.exitCode;
  } else {
    // The message of an AssetError begins with its code.
    process.stderr.write(`demo: ${error instanceof AssetError ? error.message : (error as Error).stack}\n`);
    process.exitCode = 1;
  }
}
