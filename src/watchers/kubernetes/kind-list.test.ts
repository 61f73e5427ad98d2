/** What changes while a list is read that takes a second, and a server that came back and reads its caches. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { event, rawService, SERVICES, startSource } from './test-source.ts';

const TIMEOUT = { timeout: 20_000 };
const STARTING = { code: 429, message: 'storage is (re)initializing', details: { retryAfterSeconds: 1 } };

test(
  'what changes while a list is read anew is told at once, and the list does not take it back',
  TIMEOUT,
  async (t) => {
    const { api, sink } = await startSource(t, ['Service']);
    (await api.list(SERVICES)).page([rawService('a', 1), rawService('b', 2), rawService('c', 3)], '10');
    (await api.watch(SERVICES)).refuse(410, 'too old');
    (await api.list(SERVICES)).page([rawService('a', 1)], '20', 'more');
    const rest = await api.list(SERVICES);
    const meanwhile = await api.watch(SERVICES);
    assert.equal(meanwhile.query['resourceVersion'], '20');
    meanwhile.watch(event('ADDED', rawService('d', 21)), event('DELETED', rawService('b', 22)));
    await sink.until(() => sink.objects.has('Service/shop/d') && !sink.objects.has('Service/shop/b'));
    rest.page([rawService('b', 2)], '20');
    const next = await api.watch(SERVICES);
    assert.equal(next.query['resourceVersion'], '22');
    assert.deepEqual(
      sink.keys,
      ['Service/shop/a', 'Service/shop/d'],
      'nor is c there, which the list did not name',
    );
    await meanwhile.closed;
  },
);

test('a list that is followed is read to its end where the watch is refused', TIMEOUT, async (t) => {
  const { api, sink } = await startSource(t, ['Service']);
  (await api.list(SERVICES)).page([rawService('a', 1)], '10');
  (await api.watch(SERVICES)).refuse(410, 'too old');
  (await api.list(SERVICES)).page([rawService('b', 2)], '20', 'more');
  (await api.watch(SERVICES)).refuse(500, 'no');
  (await api.list(SERVICES)).page([rawService('c', 3)], '20');
  assert.equal((await api.watch(SERVICES)).query['resourceVersion'], '20');
  assert.deepEqual(sink.keys, ['Service/shop/b', 'Service/shop/c']);
});

test('the first list is not followed', TIMEOUT, async (t) => {
  const { api, sink } = await startSource(t, ['Service']);
  (await api.list(SERVICES)).page([rawService('a', 1)], '10', 'more');
  (await api.list(SERVICES)).page([rawService('b', 2)], '10');
  await sink.untilSynced('Service');
  assert.equal((await api.watch(SERVICES)).query['resourceVersion'], '10');
  assert.equal(api.unanswered.length, 0);
});

test(
  'a list that an outage cut is begun anew when the server has read the kind into its cache',
  TIMEOUT,
  async (t) => {
    const { api, clock, sink } = await startSource(t, ['Service']);
    (await api.list(SERVICES)).page([rawService('a', 1)], '10');
    (await api.watch(SERVICES)).refuse(410, 'too old');
    (await api.list(SERVICES)).page([rawService('a', 1)], '20', 'more');
    await api.list(SERVICES);
    (await api.watch(SERVICES)).watch();
    await api.stop();
    clock.advance(await clock.timer(200));
    await clock.timer(400);
    await api.start();
    clock.advance(400);
    for (const delay of [300, 300]) {
      const look = await api.watch(SERVICES);
      assert.equal(look.query['resourceVersion'], '1');
      look.json(429, STARTING, { 'retry-after': '1' });
      clock.advance(await clock.timer(delay));
    }
    (await api.watch(SERVICES)).refuse(410, 'too old');
    const anew = await api.list(SERVICES);
    assert.equal(anew.query['continue'], undefined);
    anew.page([rawService('e', 31)], '40');
    assert.equal((await api.watch(SERVICES)).query['resourceVersion'], '40');
    assert.deepEqual(sink.keys, ['Service/shop/e']);
  },
);
