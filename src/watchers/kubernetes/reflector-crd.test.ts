import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  event,
  GATEWAY_API,
  rawRoute,
  rawService,
  SERVICES,
  startSource,
  type TestSource,
  V1_ROUTES,
} from './test-source.ts';

const TIMEOUT = { timeout: 20_000 };
const V1 = `${GATEWAY_API}/v1`;
const ALPHA3 = `${GATEWAY_API}/v1alpha3`;
const ALPHA2 = `${GATEWAY_API}/v1alpha2`;
const TLS_ROUTES = { resources: [{ name: 'tlsroutes' }, { name: 'tlsroutes/status' }] };
const OTHERS = { resources: [{ name: 'gateways' }] };
const NO_GROUP = { groups: [{ name: 'apps', versions: [{ version: 'v1' }] }] };

function groupWith(...versions: readonly string[]) {
  return {
    groups: [{ name: 'gateway.networking.k8s.io', versions: versions.map((version) => ({ version })) }],
  };
}

/** Answers one look for TLSRoutes with "there are none". */
async function denyOnce(api: TestSource['api']): Promise<void> {
  for (const version of [V1, ALPHA3, ALPHA2]) (await api.list(version)).refuse(404, '404 page not found');
  (await api.list('/apis')).json(200, NO_GROUP);
}

test('of several versions the best one that is served is read', TIMEOUT, async (t) => {
  const { api, sink } = await startSource(t, ['TLSRoute']);
  (await api.list(V1)).json(200, OTHERS);
  (await api.list(ALPHA3)).refuse(404, '404 page not found');
  (await api.list(ALPHA2)).json(200, TLS_ROUTES);
  (await api.list(`${ALPHA2}/tlsroutes`)).page([rawRoute('a', 1)], '10');
  (await api.watch(`${ALPHA2}/tlsroutes`)).watch(event('ADDED', rawRoute('b', 11)));
  await sink.until(() => sink.objects.size === 2);
});

test(
  'a CRD that is missing counts as empty, is looked for at growing intervals, and read when it comes',
  TIMEOUT,
  async (t) => {
    const { api, clock, sink, logger, source } = await startSource(t, ['TLSRoute'], {
      limits: { absenceMaxMs: 9000 },
    });
    await denyOnce(api);
    await clock.timer(500);
    assert.equal(source.pending().length, 1, 'one answer is not enough: a server may not know its CRDs yet');
    assert.deepEqual(sink.syncedKinds, []);
    clock.advance(500);
    await denyOnce(api);
    clock.advance(await clock.timer(1000));
    await denyOnce(api);
    await sink.untilSynced('TLSRoute');
    assert.deepEqual(source.pending(), []);
    assert.deepEqual(source.heard?.(), [], 'of what is not served nothing is to be heard');
    assert.deepEqual(sink.present, []);
    await logger.times(1, /tlsroutes.gateway.networking.k8s.io is not installed; waiting for it/);
    for (const delay of [2000, 4000, 8000, 9000, 9000]) {
      clock.advance(await clock.timer(delay));
      await denyOnce(api);
    }
    clock.advance(await clock.timer(9000));
    (await api.list(V1)).json(200, TLS_ROUTES);
    (await api.list(V1_ROUTES)).page([rawRoute('a', 1)], '10');
    await sink.until(() => sink.objects.size === 1);
    await logger.times(1, /TLSRoute is served now, as gateway.networking.k8s.io\/v1/);
    assert.deepEqual(sink.syncedKinds, ['TLSRoute']);
    assert.deepEqual(logger.of('warn'), []);
  },
);

test(
  'when a CRD goes its objects go, after it was asked for three times, and its problems with them',
  TIMEOUT,
  async (t) => {
    const { api, clock, sink, source } = await startSource(t, ['TLSRoute']);
    (await api.list(V1)).json(200, TLS_ROUTES);
    (await api.list(V1_ROUTES)).page(
      [rawRoute('a', 1), rawRoute('b', 1), { ...rawRoute('c', 1), spec: 7 }],
      '10',
    );
    (await api.watch(V1_ROUTES)).watch(event('MODIFIED', rawRoute('a', 11))).end();
    clock.advance(await clock.timer(200));
    (await api.watch(V1_ROUTES)).refuse(404, 'the server could not find the requested resource');
    assert.equal(sink.present.length, 1);
    await denyOnce(api);
    clock.advance(await clock.timer(500));
    await denyOnce(api);
    clock.advance(await clock.timer(1000));
    assert.deepEqual(sink.keys, ['TLSRoute/shop/a', 'TLSRoute/shop/b']);
    await denyOnce(api);
    await sink.until(() => sink.objects.size === 0);
    await sink.until(() => sink.present.length === 0);
    assert.deepEqual(source.pending(), []);
  },
);

test(
  'a CRD that is back before that keeps its objects, and is read in the version that it has now',
  TIMEOUT,
  async (t) => {
    const { api, clock, sink } = await startSource(t, ['TLSRoute']);
    (await api.list(V1)).json(200, OTHERS);
    (await api.list(ALPHA3)).json(200, TLS_ROUTES);
    (await api.list(`${ALPHA3}/tlsroutes`)).page([rawRoute('a', 1), rawRoute('b', 1)], '10');
    (await api.watch(`${ALPHA3}/tlsroutes`)).refuse(404, 'not found');
    await denyOnce(api);
    clock.advance(await clock.timer(500));
    (await api.list(V1)).json(200, TLS_ROUTES);
    assert.equal(sink.objects.size, 2);
    (await api.list(V1_ROUTES)).page([rawRoute('b', 20)], '21');
    await api.watch(V1_ROUTES);
    assert.deepEqual(sink.keys, ['TLSRoute/shop/b']);
  },
);

test('a web server that finds nothing is not believed', TIMEOUT, async (t) => {
  const { api, clock, sink, source } = await startSource(t, ['TLSRoute']);
  for (const path of [V1, ALPHA3, ALPHA2, '/apis']) (await api.list(path)).refuse(404, 'nginx');
  await sink.until(() => sink.present.length === 1);
  assert.match(source.pending()[0]?.reason ?? '', /^SLUICE_KUBE_NOT_FOUND: .*check that the server address/);
  clock.advance(await clock.timer(200));
  for (const path of [V1, ALPHA3, ALPHA2]) (await api.list(path)).refuse(404, 'nginx');
  (await api.list('/apis')).json(200, { welcome: 'to nginx' });
  clock.advance(await clock.timer(400));
  for (const path of [V1, ALPHA3, ALPHA2]) (await api.list(path)).refuse(404, 'a server that starts');
  (await api.list('/apis')).json(200, groupWith('v1'));
  clock.advance(await clock.timer(800));
  assert.deepEqual(sink.syncedKinds, []);
});

test('answers that say absent count in a row only', TIMEOUT, async (t) => {
  const { api, clock, sink } = await startSource(t, ['TLSRoute']);
  await denyOnce(api);
  clock.advance(await clock.timer(500));
  await denyOnce(api);
  clock.advance(await clock.timer(1000));
  (await api.list(V1)).refuse(503, 'starting');
  clock.advance(await clock.timer(200));
  await denyOnce(api);
  clock.advance(await clock.timer(2000));
  assert.deepEqual(sink.syncedKinds, []);
  await denyOnce(api);
  clock.advance(await clock.timer(4000));
  await denyOnce(api);
  await sink.untilSynced('TLSRoute');
});

test('a part of Kubernetes that is not found is a failure, and deletes nothing', TIMEOUT, async (t) => {
  const { api, clock, sink } = await startSource(t, ['Service']);
  (await api.list(SERVICES)).page([rawService('a', 1)], '10');
  for (const delay of [200, 400, 800, 1600, 3200]) {
    (await api.watch(SERVICES)).refuse(404, 'nginx');
    clock.advance(await clock.timer(delay));
  }
  assert.deepEqual(sink.keys, ['Service/shop/a']);
  assert.equal(sink.present[0]?.code, 'SLUICE_KUBE_NOT_FOUND');
});

test('when the server last said something of a kind is told', TIMEOUT, async (t) => {
  const { api, sink, source } = await startSource(t, ['Service']);
  assert.deepEqual(source.heard?.(), [{ kind: 'Service', at: 0 }]);
  const heardAt = (): number => source.heard?.()[0]?.at ?? 0;
  const startedAt = Date.now();
  (await api.list(SERVICES)).page([rawService('a', 1)], '10');
  await sink.untilSynced('Service');
  const listedAt = heardAt();
  assert.ok(listedAt >= startedAt, `${listedAt}`);
  const watch = await api.watch(SERVICES);
  while (Date.now() === listedAt);
  watch.watch(event('ADDED', rawService('b', 11)));
  await sink.until(() => sink.objects.size === 2);
  assert.ok(heardAt() > listedAt);
});
