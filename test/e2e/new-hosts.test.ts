/**
 * Hosts that come below a wildcard while their listener is held back, through a real Envoy: the engine and the xDS server as `sluice serve`
 * joins them, with a pace at which a changed listener goes once, and the next one not within this test.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refOf } from '../../src/model/events.ts';
import type { KubernetesObject } from '../../src/model/objects.ts';
import { DEFAULT_ENGINE_CONFIG } from '../../src/snapshot/config.ts';
import { Engine } from '../../src/snapshot/engine/engine.ts';
import { EXTENSION_TYPE } from '../../src/snapshot/resources/resource.ts';
import { AdsServer } from '../../src/xds/server.ts';
import { EnvoyProcess } from '../harness/envoy-process.ts';
import { DOMAIN, gatewayObjects, hostOf, tenantObjects, upserts } from '../harness/tenants.ts';
import { startTlsBackend, type TlsBackend } from '../harness/tls-backend.ts';
import { attempt } from '../harness/tls-client.ts';
import { until } from '../harness/until.ts';
import { freePorts, testBootstrap } from './gateway-node.ts';

const ONE_LISTENER = { burstBytes: 1, bytesPerSecond: 0.000_1 };
const CONFIG = {
  ...DEFAULT_ENGINE_CONFIG,
  gateway: { ...DEFAULT_ENGINE_CONFIG.gateway, listenAddresses: ['127.0.0.1'], allowLoopbackEndpoints: true },
};

/** Of a tenant, with the backend; `hostname` in place of its own. */
function tenant(index: number, { port }: TlsBackend, hostname = hostOf(index)): KubernetesObject[] {
  return tenantObjects(index, '127.0.0.1').map((object) => {
    if (object.kind === 'TLSRoute') return { ...object, hostnames: [hostname] };
    return object.kind === 'EndpointSlice'
      ? { ...object, ports: [{ name: 'api', port, protocol: 'TCP' as const }] }
      : object;
  });
}

async function serve(engine: Engine, port: number): Promise<AdsServer> {
  const server = new AdsServer({ view: engine.resources, listenerPace: ONE_LISTENER });
  await server.listen({ host: '127.0.0.1', port });
  return server;
}

test('a host that comes below a wildcard is served by its own backend while the listener is held back', async () => {
  const [port = 0, xdsPort = 0] = await freePorts(2);
  await using stack = new AsyncDisposableStack();
  const wild = stack.use(await startTlsBackend({ name: 'wild', address: '127.0.0.1' }));
  const own = stack.use(await startTlsBackend({ name: 'own', address: '127.0.0.1' }));
  const objects = gatewayObjects().map((object) =>
    object.kind === 'Gateway'
      ? { ...object, listeners: object.listeners.map((each) => ({ ...each, port })) }
      : object,
  );
  let engine = new Engine(CONFIG);
  engine.apply(upserts([...objects, ...tenant(0, own)]));
  engine.resources.setReady();
  let server = await serve(engine, xdsPort);
  stack.defer(() => server.close(0));
  const envoy = stack.use(
    await EnvoyProcess.start({ bootstrap: testBootstrap(xdsPort), drainTimeSeconds: 1 }),
  );

  const answer = async (servername: string): Promise<string> => {
    const result = await attempt({ address: '127.0.0.1', port, servername });
    return result.outcome === 'answered' ? result.backend : result.outcome;
  };
  const untilServed = (servername: string, backend: string): Promise<unknown> =>
    until(async () => (await answer(servername)) === backend, { what: `${servername} served by ${backend}` });
  const modified = (): Promise<number | undefined> => envoy.stat('listener_manager.listener_modified');
  /** Names on the list that Envoy has. */
  const untilListed = (...names: readonly string[]): Promise<unknown> =>
    until(
      async () => {
        const dump = await envoy.get('/config_dump?resource=ecds_filters');
        return [1, 2, 3].every(
          (index) => dump.includes(`'${hostOf(index)}'`) === names.includes(hostOf(index)),
        );
      },
      { what: `the list ${names.join(' ')}` },
    );

  await untilServed(hostOf(0), 'own');
  engine.apply(upserts(tenant(9, wild, `*.${DOMAIN}`)));
  await untilServed(hostOf(1), 'wild');
  const before = await modified();

  engine.apply(upserts(tenant(1, own)));
  await untilServed(hostOf(1), 'own');
  engine.apply(upserts(tenant(2, own)));
  await untilServed(hostOf(2), 'own');
  assert.deepEqual(
    [await answer(hostOf(1).toUpperCase()), await answer(`nobody.${DOMAIN}`), await answer(hostOf(0))],
    ['own', 'wild', 'own'],
  );

  // What goes from the list is the wildcard's again: nobody is closed in between.
  engine.apply(tenant(1, own).map((object) => ({ type: 'delete', ref: refOf(object) })));
  const seen = new Set<string>();
  await until(
    async () => {
      const backend = await answer(hostOf(1));
      seen.add(backend);
      return backend === 'wild';
    },
    { what: 'the wildcard again' },
  );
  seen.delete('own');
  assert.deepEqual([...seen], ['wild']);
  await untilListed(hostOf(2));
  assert.equal(await modified(), before, 'the listener is held back all the time');

  // Another Sluice, which has never seen the list: it may send one listener, and the list ends with it.
  await server.close(0);
  engine = new Engine(CONFIG);
  engine.apply(
    upserts([...objects, ...tenant(0, own), ...tenant(9, wild, `*.${DOMAIN}`), ...tenant(2, own)]),
  );
  engine.resources.setReady();
  server = await serve(engine, xdsPort);
  let isListed = true;
  const watched = (async () => {
    const answers = new Set<string>();
    while (isListed) answers.add(await answer(hostOf(2)));
    return [...answers];
  })();
  await untilListed();
  isListed = false;
  assert.deepEqual(await watched, ['own']);
  assert.equal(await modified(), (before ?? 0) + 1);

  // The same after a connection that was lost: Envoy says which listener it has, and that is the present one.
  await server.close(0);
  server = await serve(engine, xdsPort);
  await until(() => server.nodes().some(({ stream }) => stream.hasAskedFor(EXTENSION_TYPE)), {
    what: 'Envoy is back',
  });
  engine.apply(upserts(tenant(3, own)));
  await until(async () => (await modified()) === (before ?? 0) + 2, { what: 'the one listener that may go' });
  engine.apply(upserts(tenant(1, own)));
  await untilServed(hostOf(1), 'own');
  await untilListed(hostOf(1));
  assert.equal(await modified(), (before ?? 0) + 2);
});
