import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../kubernetes-api/clock.ts';
import {
  bookmark,
  errorEvent,
  event,
  rawService,
  SERVICES,
  startSource,
  type TestSource,
} from './test-source.ts';

const TIMEOUT = { timeout: 20_000 };

/** Synced with one Service `a` at version 10, and the watch that follows. */
async function watching(t: Parameters<typeof startSource>[0]) {
  const world = await startSource(t, ['Service']);
  (await world.api.list(SERVICES)).page([rawService('a', 9)], '10');
  await world.sink.untilSynced('Service');
  return { ...world, watch: await world.api.watch(SERVICES) };
}

function portOf({ sink }: Pick<TestSource, 'sink'>, name: string): number | undefined {
  const object = sink.objects.get(`Service/shop/${name}`);
  return object?.kind === 'Service' ? object.ports[0]?.port : undefined;
}

test(
  'a watch starts where the list ended, asks for bookmarks and for an end that is jittered',
  TIMEOUT,
  async (t) => {
    const { watch } = await watching(t);
    assert.deepEqual(watch.query, {
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: '10',
      timeoutSeconds: '600',
    });
  },
);

test('objects are added, changed and deleted', TIMEOUT, async (t) => {
  const { watch, sink, ...world } = await watching(t);
  watch.watch(event('ADDED', rawService('b', 11)), event('MODIFIED', rawService('b', 12, 8443)));
  await sink.until(() => portOf({ sink, ...world }, 'b') === 8443);
  watch.send(event('DELETED', rawService('a', 13)));
  await sink.until(() => !sink.objects.has('Service/shop/a'));
  assert.deepEqual(sink.keys, ['Service/shop/b']);
});

test('a watch whose time has come goes on at once from its last event', TIMEOUT, async (t) => {
  const { watch, api, clock, sink } = await watching(t);
  watch.watch(event('ADDED', rawService('b', 11)));
  await sink.until(() => sink.objects.has('Service/shop/b'));
  clock.advance(5_000);
  watch.end();
  assert.equal((await api.watch(SERVICES)).query['resourceVersion'], '11');
});

test(
  'one that is ended before its time goes on from its last bookmark, a moment later',
  TIMEOUT,
  async (t) => {
    const { watch, api, clock } = await watching(t);
    watch.watch(event('ADDED', rawService('b', 11)), bookmark(50)).end();
    clock.advance(await clock.timer(200));
    const second = await api.watch(SERVICES);
    assert.equal(second.query['resourceVersion'], '50');
    second.watch(bookmark(51)).end();
    await clock.timer(200);
  },
);

test('a connection cut in the middle of an event is resumed, not listed anew', TIMEOUT, async (t) => {
  const { watch, api, clock, sink } = await watching(t);
  const line = JSON.stringify(event('ADDED', rawService('c', 12)));
  watch
    .watch(event('ADDED', rawService('b', 11)))
    .write(line.slice(0, 40))
    .cut();
  clock.advance(await clock.timer(200));
  const resumed = await api.watch(SERVICES);
  assert.equal(resumed.query['resourceVersion'], '11');
  resumed.watch(event('ADDED', rawService('c', 12)));
  await sink.until(() => sink.objects.has('Service/shop/c'));
  assert.deepEqual(sink.present, []);
});

test('an event in many pieces, cut within a character, is read whole', TIMEOUT, async (t) => {
  const { watch, sink } = await watching(t);
  const object = rawService('b', 11);
  const bytes = Buffer.from(`${JSON.stringify(event('ADDED', { ...object, note: 'ü€😀' }))}\n`);
  watch.watch();
  for (const byte of bytes) watch.write(Uint8Array.of(byte));
  await sink.until(() => sink.objects.has('Service/shop/b'));
});

test(
  '410, as a status or as an event, is answered with a list at once, and what vanished is deleted',
  TIMEOUT,
  async (t) => {
    const { watch, api, sink } = await watching(t);
    watch.refuse(410, 'too old resource version');
    (await api.list(SERVICES)).page([rawService('b', 20)], '30');
    const second = await api.watch(SERVICES);
    assert.deepEqual(sink.keys, ['Service/shop/b']);
    assert.equal(second.query['resourceVersion'], '30');
    second.watch(bookmark(31), errorEvent(410, 'The resourceVersion is too old', 'Expired'));
    (await api.list(SERVICES)).page([rawService('c', 40)], '41');
    await api.watch(SERVICES);
    assert.deepEqual(sink.keys, ['Service/shop/c']);
  },
);

test(
  'a watch on which not even a bookmark comes is opened anew; quiet ones with bookmarks are left alone',
  TIMEOUT,
  async (t) => {
    const { watch, api, clock, sink, logger } = await watching(t);
    watch.watch();
    // The limit for an answer gives way to that for a running watch.
    await clock.timer(150_000);
    clock.advance(149_000);
    watch.send(bookmark(20), event('ADDED', rawService('b', 21)));
    await sink.until(() => sink.objects.has('Service/shop/b'));
    clock.advance(149_000);
    assert.deepEqual(api.unanswered, []);
    clock.advance(1_000);
    await watch.closed;
    clock.advance(await clock.timer(200));
    assert.equal((await api.watch(SERVICES)).query['resourceVersion'], '21');
    await logger.times(1, /services: nothing heard for 150 s/);
    assert.deepEqual(logger.of('warn'), []);
  },
);

test('after three silent watches in a row the list is read again', TIMEOUT, async (t) => {
  const { watch, api, clock, sink } = await watching(t);
  let silent = watch;
  for (let round = 1; round <= 3; round += 1) {
    silent.watch();
    await clock.timer(150_000);
    clock.advance(150_000);
    clock.advance(await clock.timer(200));
    if (round < 3) silent = await api.watch(SERVICES);
  }
  (await api.list(SERVICES)).page([rawService('b', 5)], '6');
  assert.equal((await api.watch(SERVICES)).query['resourceVersion'], '6');
  assert.deepEqual(sink.keys, ['Service/shop/b']);
});

test(
  'a watch that is ended at once, again and again, is backed off from and reported',
  TIMEOUT,
  async (t) => {
    const { watch, api, clock, logger, sink } = await watching(t);
    watch.watch().end();
    for (const delay of [200, 400, 800]) {
      clock.advance(await clock.timer(delay));
      (await api.watch(SERVICES)).watch().end();
    }
    await logger.times(1, /ended at once/);
    await clock.timer(1600);
    assert.match(sink.present[0]?.message ?? '', /^Service cannot be read: .*ended at once/);
    clock.advance(1600);
    (await api.watch(SERVICES)).watch(bookmark(11));
    await sink.until(() => sink.present.length === 0);
    await logger.times(1, /read again/);
  },
);

test('an object that cannot be decoded is named, and what was good before stays', TIMEOUT, async (t) => {
  const { watch, sink, ...world } = await watching(t);
  watch.watch(
    event('MODIFIED', rawService('a', 11, 'https')),
    event('ADDED', rawService('b', 12)),
    event('ADDED', rawService('c', 13, 70_000.5)),
  );
  await sink.until(() => sink.present.length === 2);
  assert.deepEqual(
    sink.present.map(({ code, object }) => [code, object]),
    [
      ['SLUICE_OBJECT_INVALID', { kind: 'Service', namespace: 'shop', name: 'a' }],
      ['SLUICE_OBJECT_INVALID', { kind: 'Service', namespace: 'shop', name: 'c' }],
    ],
  );
  assert.match(sink.present[0]?.message ?? '', /spec\.ports\[0\]\.port/);
  assert.equal(portOf({ sink }, 'a'), 443);
  assert.deepEqual(sink.keys, ['Service/shop/a', 'Service/shop/b']);
  watch.send(event('MODIFIED', rawService('a', 14, 8443)), event('DELETED', rawService('c', 15)));
  await sink.until(() => sink.present.length === 0);
  assert.equal(portOf({ sink }, 'a'), 8443);
  assert.deepEqual(world.source.pending(), []);
});

test('bytes that are no events lead to a list', TIMEOUT, async (t) => {
  const { watch, api, clock, sink } = await watching(t);
  watch.watch(event('ADDED', rawService('b', 11))).write('<html>\n');
  clock.advance(await clock.timer(200));
  (await api.list(SERVICES)).page([rawService('c', 12)], '13');
  await api.watch(SERVICES);
  assert.deepEqual(sink.keys, ['Service/shop/c']);
});

test('versions that go back, as after a restored backup, lead to a list', TIMEOUT, async (t) => {
  const { watch, api, sink } = await watching(t);
  watch.watch(event('DELETED', rawService('a', 9)), event('ADDED', rawService('b', 11)), bookmark(7));
  (await api.list(SERVICES)).page([rawService('b', 6), rawService('d', 6)], '8');
  assert.equal((await api.watch(SERVICES)).query['resourceVersion'], '8');
  assert.deepEqual(sink.keys, ['Service/shop/b', 'Service/shop/d']);
});

test('a wall clock that is set moves nothing', (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 0 });
  const before = systemClock.now();
  t.mock.timers.setTime(1e12);
  assert.ok(systemClock.now() - before < 1e6);
});

test('a cut after which the version is forgotten is no failure', TIMEOUT, async (t) => {
  const { watch, api, clock, logger, sink } = await watching(t);
  watch.watch(event('ADDED', rawService('b', 11))).cut();
  clock.advance(await clock.timer(200));
  (await api.watch(SERVICES)).refuse(410, 'too old resource version');
  (await api.list(SERVICES)).page([rawService('b', 11)], '30');
  await api.watch(SERVICES);
  assert.deepEqual(sink.keys, ['Service/shop/b']);
  assert.deepEqual(logger.of('warn'), []);
});

test('a server that forgets every version at once is backed off from and reported', TIMEOUT, async (t) => {
  const { watch, api, clock, logger, sink } = await watching(t);
  watch.refuse(410, 'too old resource version');
  for (const delay of [200, 400, 800]) {
    (await api.list(SERVICES)).page([], '30');
    (await api.watch(SERVICES)).watch(errorEvent(410, 'too old resource version'));
    clock.advance(await clock.timer(delay));
  }
  await logger.times(2, /answered 410: too old resource version; look into the log/);
  (await api.list(SERVICES)).page([], '31');
  await sink.until(() => sink.present.length === 0);
});
