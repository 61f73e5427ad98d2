import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rawRoute, rawService, SERVICES, startSource, V1_ROUTES } from './test-source.ts';

const TIMEOUT = { timeout: 20_000 };
const NAMESPACES = '/api/v1/namespaces';

test('a list is read page by page, and what it holds is there before the last one', TIMEOUT, async (t) => {
  const { api, sink, source } = await startSource(t, ['Service']);
  const first = await api.list(SERVICES);
  assert.deepEqual(first.query, { limit: '100' });
  assert.equal(first.headers['authorization'], 'Bearer secret');
  first.page([rawService('a', 1), rawService('b', 2)], '10', 'more');
  const second = await api.list(SERVICES);
  assert.equal(second.query['continue'], 'more');
  assert.deepEqual(sink.keys, ['Service/shop/a', 'Service/shop/b']);
  assert.deepEqual(source.pending(), [{ kind: 'Service', reason: '2 objects read so far' }]);
  second.page([rawService('c', 3)], '10');
  await sink.untilSynced('Service');
  assert.deepEqual(sink.keys, ['Service/shop/a', 'Service/shop/b', 'Service/shop/c']);
  assert.deepEqual(source.pending(), []);
});

test('pages of large objects get smaller, those of small ones larger up to the limit', TIMEOUT, async (t) => {
  const { api } = await startSource(t, ['Service'], { limits: { pageObjects: 200, pageBytes: 100_000 } });
  const large = { ...rawService('a', 1), note: 'x'.repeat(2000) };
  (await api.list(SERVICES)).page([large], '10', '1');
  const second = await api.list(SERVICES);
  const { limit } = second.query;
  assert.ok(Number(limit) > 35 && Number(limit) < 50, `${limit} objects of some 2200 bytes in 100 kB`);
  second.page([rawService('b', 1)], '10', '2');
  const third = await api.list(SERVICES);
  assert.equal(third.query['limit'], limit, 'asked for before the second was parsed');
  third.page([rawService('c', 1)], '10', '3');
  assert.equal((await api.list(SERVICES)).query['limit'], '200');
});

test('a page that fails is asked for again, the ones before it are not', TIMEOUT, async (t) => {
  const { api, clock, sink } = await startSource(t, ['Service']);
  (await api.list(SERVICES)).page([rawService('a', 1)], '10', 'more');
  (await api.list(SERVICES)).reset();
  clock.advance(await clock.timer(200));
  (await api.list(SERVICES)).refuse(500, 'etcd is electing');
  clock.advance(await clock.timer(400));
  const again = await api.list(SERVICES);
  assert.equal(again.query['continue'], 'more');
  again.page([rawService('b', 1)], '10');
  await sink.untilSynced('Service');
  assert.deepEqual(sink.keys, ['Service/shop/a', 'Service/shop/b']);
});

test('a list whose pages have been forgotten is begun anew', TIMEOUT, async (t) => {
  const { api, sink } = await startSource(t, ['Service']);
  (await api.list(SERVICES)).page([rawService('a', 1), rawService('b', 1)], '10', 'more');
  (await api.list(SERVICES)).refuse(410, 'the provided continue parameter is too old');
  const anew = await api.list(SERVICES);
  assert.equal(anew.query['continue'], undefined);
  anew.page([rawService('b', 1)], '20');
  await sink.untilSynced('Service');
  assert.equal((await api.watch(SERVICES)).query['resourceVersion'], '20');
  assert.deepEqual(sink.keys, ['Service/shop/b'], 'what the first list named and the second did not');
});

test('an answer that is no list is not believed', TIMEOUT, async (t) => {
  const { api, clock, sink, source } = await startSource(t, ['Service']);
  (await api.list(SERVICES)).json(200, { hello: 'I am a router' });
  await sink.until(() => sink.present.length === 1);
  assert.equal(sink.present[0]?.code, 'SLUICE_KUBE_MALFORMED');
  assert.match(source.pending()[0]?.reason ?? '', /not a list with a resourceVersion/);
  clock.advance(await clock.timer(200));
  (await api.list(SERVICES)).page([], '1');
  await sink.untilSynced('Service');
  assert.deepEqual(sink.present, []);
});

test('a list of no items may say null', TIMEOUT, async (t) => {
  const { api, sink } = await startSource(t, ['Service']);
  (await api.list(SERVICES)).json(200, { metadata: { resourceVersion: '5' }, items: null });
  await sink.untilSynced('Service');
});

test(
  'an item that cannot be decoded counts as present, and does not hold up the others',
  TIMEOUT,
  async (t) => {
    const { api, sink } = await startSource(t, ['Service']);
    (await api.list(SERVICES)).page([rawService('a', 1), rawService('b', 1)], '10');
    (await api.watch(SERVICES)).refuse(410, 'too old');
    (await api.list(SERVICES)).page([rawService('a', 11, 'https'), rawService('c', 11)], '20');
    await api.watch(SERVICES);
    assert.deepEqual(sink.keys, ['Service/shop/a', 'Service/shop/c']);
    assert.deepEqual(
      sink.present.map(({ object }) => object?.name),
      ['a'],
    );
  },
);

test('an object on which the decoder fails does not take its kind with it', TIMEOUT, async (t) => {
  const { api, sink } = await startSource(t, ['Service'], {
    decode: () => {
      throw new TypeError('surprise');
    },
  });
  (await api.list(SERVICES)).page([rawService('a', 1)], '10');
  await sink.untilSynced('Service');
  assert.deepEqual(
    sink.present.map(({ code, object }) => [code, object?.name]),
    [['SLUICE_OBJECT_UNREADABLE', 'a']],
  );
});

test('of namespaces only the metadata is asked for', TIMEOUT, async (t) => {
  const { api, sink } = await startSource(t, ['Namespace']);
  const list = await api.list(NAMESPACES);
  assert.match(list.headers.accept ?? '', /as=PartialObjectMetadataList/);
  const partial = { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata' };
  list.page([{ ...partial, metadata: { name: 'shop', resourceVersion: '3', uid: 'u' } }], '10');
  await sink.untilSynced('Namespace');
  assert.deepEqual(sink.keys, ['Namespace//shop']);
  assert.match((await api.watch(NAMESPACES)).headers.accept ?? '', /as=PartialObjectMetadata;/);
});

test('each kind is synced by itself', TIMEOUT, async (t) => {
  const { api, sink, source } = await startSource(t, ['Service', 'TLSRoute']);
  (await api.list(SERVICES)).page([], '10');
  await sink.untilSynced('Service');
  assert.deepEqual(
    source.pending().map(({ kind }) => kind),
    ['TLSRoute'],
  );
  (await api.list(V1_ROUTES.replace('/tlsroutes', ''))).json(200, { resources: [{ name: 'tlsroutes' }] });
  (await api.list(V1_ROUTES)).page([rawRoute('a', 1)], '10');
  await sink.untilSynced('TLSRoute');
  assert.deepEqual(sink.syncedKinds, ['Service', 'TLSRoute']);
  assert.deepEqual(sink.keys, ['TLSRoute/shop/a']);
});
