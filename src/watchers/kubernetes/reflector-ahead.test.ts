/** Pages that are asked for before the one before them has been read, and lists that come as protobuf. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PROTOBUF } from '../../kubernetes-api/protobuf-list.ts';
import { enveloped, serviceList } from './test-protobuf.ts';
import { rawService, SERVICES, startSource } from './test-source.ts';

const TIMEOUT = { timeout: 20_000 };

test('a page that was asked for ahead and fails is asked for again', TIMEOUT, async (t) => {
  const { api, clock, sink } = await startSource(t, ['Service']);
  (await api.list(SERVICES)).page([rawService('a', 1)], '10', '1');
  (await api.list(SERVICES)).page([rawService('b', 1)], '10', '2');
  (await api.list(SERVICES)).reset();
  clock.advance(await clock.timer(200));
  const again = await api.list(SERVICES);
  assert.equal(again.query['continue'], '2');
  again.page([rawService('c', 1)], '10');
  await sink.untilSynced('Service');
  assert.deepEqual(sink.keys, ['Service/shop/a', 'Service/shop/b', 'Service/shop/c']);
});

test('what was asked for ahead of a page that is malformed is given up', TIMEOUT, async (t) => {
  const { api, clock, sink } = await startSource(t, ['Service']);
  (await api.list(SERVICES)).page([rawService('a', 1)], '10', '1');
  (await api.list(SERVICES)).page([{ metadata: {} }], '10', '2');
  clock.advance(await clock.timer(200));
  let anew = await api.list(SERVICES);
  if (anew.query['continue'] !== undefined) {
    // It was on its way already.
    await anew.closed;
    anew = await api.list(SERVICES);
  }
  assert.equal(anew.query['continue'], undefined);
  anew.page([rawService('b', 2)], '20');
  await sink.untilSynced('Service');
  assert.deepEqual(sink.keys, ['Service/shop/b']);
});

test('what was asked for ahead is given up when the source stops', TIMEOUT, async (t) => {
  const { api, source } = await startSource(t, ['Service']);
  (await api.list(SERVICES)).page([rawService('a', 1)], '10', '1');
  (await api.list(SERVICES)).page([rawService('b', 1)], '10', '2');
  const ahead = await api.list(SERVICES);
  await source.stop();
  await ahead.closed;
});

test('a list may come as protobuf or as JSON; a watch is JSON', TIMEOUT, async (t) => {
  const { api, sink } = await startSource(t, ['Service']);
  const first = await api.list(SERVICES);
  assert.equal(first.headers.accept, 'application/vnd.kubernetes.protobuf,application/json');
  first.bytes(PROTOBUF, serviceList([{ name: 'a', resourceVersion: '1', port: 443 }], '10', '1'));
  (await api.list(SERVICES)).page([rawService('b', 1)], '10', '2');
  (await api.list(SERVICES)).bytes(
    PROTOBUF,
    serviceList([{ name: 'c', resourceVersion: '1', port: 443 }], '10', '3'),
  );
  (await api.list(SERVICES)).page([], '10');
  assert.equal((await api.watch(SERVICES)).headers.accept, 'application/json');
  assert.deepEqual(sink.keys, ['Service/shop/a', 'Service/shop/b', 'Service/shop/c']);
});

test('a server that will not write protobuf is asked for JSON', TIMEOUT, async (t) => {
  const { api, sink } = await startSource(t, ['Service']);
  (await api.list(SERVICES)).refuse(406, 'only JSON here');
  const again = await api.list(SERVICES);
  assert.equal(again.headers.accept, 'application/json');
  again.page([rawService('a', 1)], '10', '1');
  const second = await api.list(SERVICES);
  assert.equal(second.headers.accept, 'application/json');
  second.page([], '10');
  await sink.untilSynced('Service');
});

test('protobuf that cannot be read is told as any other answer that is no list', TIMEOUT, async (t) => {
  const { api, clock, sink } = await startSource(t, ['Service']);
  (await api.list(SERVICES)).bytes(PROTOBUF, enveloped('ServiceList', Buffer.from([0x0a, 0x7f])));
  await sink.until(({ present }) => present.length === 1);
  assert.equal(sink.present[0]?.code, 'SLUICE_KUBE_MALFORMED');
  clock.advance(await clock.timer(200));
  (await api.list(SERVICES)).bytes(PROTOBUF, serviceList([], '10'));
  await sink.untilSynced('Service');
  assert.deepEqual(sink.present, []);
});
