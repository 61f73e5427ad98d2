/**
 * `npm run test:fuzz -- --seed S --objects N`: random manifests through the decoder, the engine and xDS into a real Envoy. Nothing
 * may throw, Envoy may reject nothing, and the host of a tenant that has nothing to do with it answers all the time.
 */
import '../../scripts/require-node.mjs';

import process from 'node:process';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { findEnvoy } from '../../scripts/fetch-envoy.ts';
import { DEFAULT_GATEWAY_CONFIG } from '../../src/gateway/config.ts';
import { type ObjectEvent, refOf } from '../../src/model/events.ts';
import { DEFAULT_ENGINE_CONFIG } from '../../src/snapshot/config.ts';
import { Engine } from '../../src/snapshot/engine/engine.ts';
import { decodeObject } from '../../src/watchers/objects/decode.ts';
import { AdsServer } from '../../src/xds/server.ts';
import { testBootstrap } from '../e2e/gateway-node.ts';
import { EnvoyProcess } from '../harness/envoy-process.ts';
import { reexecInNetworkNamespace } from '../harness/network-namespace.ts';
import { startTlsBackend, type TlsBackend } from '../harness/tls-backend.ts';
import { attempt } from '../harness/tls-client.ts';
import { until } from '../harness/until.ts';
import { arbitraryChange, type Raw } from './arbitrary-objects.ts';

const BATCH = 25;
const HELP = `Usage: npm run test:fuzz -- [--seed S] [--objects N]

Random manifests, from ordinary to malicious, into a real Envoy: no exception, nothing rejected, and a quiet tenant's host answers
after each ${BATCH} of them. Exits 1 otherwise, with what to run again. Needs a network namespace (root, or user namespaces).

  --seed S      of the random numbers; a new one unless given
  --objects N   how many (5000)

Example: npm run test:fuzz -- --seed 7 --objects 60000
`;
const QUIET_HOST = 'quiet.tenant.example.org';
const ADDRESS = '100.65.1.1';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    objects: { type: 'string', default: '5000' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const [seed, objects] = [Number(values.seed), Number(values.objects)];
if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(objects) || objects <= 0) {
  process.stderr.write('--seed takes a whole number, and --objects one above 0; see --help\n');
  process.exit(64);
}
await findEnvoy();
await reexecInNetworkNamespace(import.meta.url, { addresses: [`${ADDRESS}/32`] });

const engine = new Engine({
  ...DEFAULT_ENGINE_CONFIG,
  gateway: { ...DEFAULT_GATEWAY_CONFIG, listenAddresses: [ADDRESS], allowLoopbackEndpoints: true },
});
// Its pace is for what listeners cost an Envoy; here each batch is waited for.
const server = new AdsServer({ view: engine.resources, events: {}, listenerPace: undefined });
const rejected: string[] = [];
server.rejections.onEvent((event) => {
  if (event.type === 'rejected') rejected.push(`${event.typeUrl}: ${event.names.join(', ')}: ${event.error}`);
});
const xdsPort = await server.listen({ host: '127.0.0.1', port: 0 });
const backend = await startTlsBackend({ name: 'quiet', address: '127.0.0.1' });
const envoy = await EnvoyProcess.start({
  bootstrap: testBootstrap(xdsPort),
  concurrency: 1,
  waitUntilReady: false,
  drainTimeSeconds: 1,
});
const counts = { applied: 0, deleted: 0, refused: 0 };
let failure: string | undefined;
const began = performance.now();
try {
  engine.apply(quietTenant(backend));
  engine.resources.setReady();
  await until(isServed, { what: 'the quiet host is served', timeoutMs: 20_000 });
  const changes = fc.sample(arbitraryChange, { seed, numRuns: objects });
  for (let first = 0; first < changes.length && failure === undefined; first += BATCH) {
    const batch = changes.slice(first, first + BATCH);
    engine.apply(batch.flatMap(({ raw, isDeleted }) => eventOf(raw, isDeleted)));
    for (const key of engine.takeStatusChanges()) engine.routeStatus(key);
    await until(isCurrent, { what: 'Envoy is current', timeoutMs: 30_000, intervalMs: 2 });
    if (rejected.length > 0) failure = `Envoy rejected ${rejected.join('\n')}`;
    else if (!(await isServed())) failure = 'the quiet host does not answer';
    if (failure !== undefined)
      failure = `${failure}\nafter object ${first + batch.length}:\n${JSON.stringify(batch)}`;
  }
} catch (error) {
  failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
}
const tookS = ((performance.now() - began) / 1_000).toFixed(1);
const clusters = await envoy.stat('cluster_manager.active_clusters').catch(() => undefined);
await envoy.stop();
await server.close(0);
await backend.close();
process.stdout.write(
  `${failure === undefined ? 'ok  ' : 'FAIL'}  --seed ${seed} --objects ${objects}: ${counts.applied} applied, ${counts.deleted} deleted, ${counts.refused} refused by the decoder, ${clusters ?? '?'} clusters at the end, ${tookS} s\n`,
);
if (failure !== undefined) process.stdout.write(`${failure}\n`);
process.exit(failure === undefined ? 0 : 1);

function isCurrent(): boolean {
  return rejected.length > 0 || server.nodes().some(({ stream }) => stream.isCurrent);
}

async function isServed(): Promise<boolean> {
  const target = { address: ADDRESS, port: 443, servername: QUIET_HOST, timeoutMs: 5_000 };
  const found = await attempt(target);
  return found.outcome === 'answered' && found.backend === 'quiet';
}

function eventOf(raw: Raw, isDeleted: boolean): ObjectEvent[] {
  const decoded = decodeObject(raw);
  if (decoded.type !== 'object') {
    counts.refused += 1;
    return [];
  }
  if (isDeleted) {
    counts.deleted += 1;
    return [{ type: 'delete', ref: refOf(decoded.object) }];
  }
  counts.applied += 1;
  return [{ type: 'upsert', object: decoded.object }];
}

/** A class, a Gateway for everybody, and the quiet tenant. */
function quietTenant({ port }: TlsBackend): ObjectEvent[] {
  const meta = (name: string, more: object = {}) => ({
    name,
    namespace: 'quiet',
    uid: name,
    generation: 1,
    creationTimestamp: '2019-01-01T00:00:00Z',
    ...more,
  });
  const api = 'gateway.networking.k8s.io/v1';
  const from = { namespaces: { from: 'All' } };
  const tls = { mode: 'Passthrough' };
  const listeners = [
    {
      name: 'own',
      port: 443,
      protocol: 'TLS',
      hostname: QUIET_HOST,
      tls,
      allowedRoutes: { namespaces: { from: 'Same' } },
    },
    { name: 'all', port: 443, protocol: 'TLS', tls, allowedRoutes: from },
  ];
  const manifests: Raw[] = [
    {
      apiVersion: api,
      kind: 'GatewayClass',
      metadata: meta('sluice'),
      spec: { controllerName: 'sluice.dev/gateway-controller' },
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: meta('sluice'),
      spec: { controller: 'sluice.dev/gateway-controller' },
    },
    {
      apiVersion: api,
      kind: 'Gateway',
      metadata: meta('open'),
      spec: { gatewayClassName: 'sluice', listeners, allowedListeners: from },
    },
    {
      apiVersion: api,
      kind: 'TLSRoute',
      metadata: meta('quiet'),
      spec: {
        parentRefs: [{ name: 'open', sectionName: 'own' }],
        hostnames: [QUIET_HOST],
        rules: [{ backendRefs: [{ name: 'quiet', port: 6443 }] }],
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: meta('quiet'),
      spec: { ports: [{ name: 'api', port: 6443 }] },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: meta('quiet-1', { labels: { 'kubernetes.io/service-name': 'quiet' } }),
      addressType: 'IPv4',
      endpoints: [{ addresses: ['127.0.0.1'] }],
      ports: [{ name: 'api', port }],
    },
  ];
  return manifests.flatMap((raw) => {
    const events = eventOf(raw, false);
    if (events.length === 0) throw new Error(`refused: ${JSON.stringify(raw)}`);
    return events;
  });
}
