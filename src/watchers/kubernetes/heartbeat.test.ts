/** A path that drops packets: nobody closes a connection, and nothing is heard. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bookmark, event, rawService, SERVICES, startSource } from './test-source.ts';

const TIMEOUT = { timeout: 20_000 };
const LIMITS = { heartbeatMs: 4_000, heartbeatSilenceMs: 2_000, probeMs: 250 };
/** With `random` at its upper end. */
const BEAT_MS = 5_000;

test(
  'while nothing is heard it is asked for a word, and watches are opened anew once it was away',
  TIMEOUT,
  async (t) => {
    const { api, clock, sink, logger } = await startSource(t, ['Service'], { limits: LIMITS });
    (await api.list(SERVICES)).page([], '1');
    const watch = (await api.watch(SERVICES)).watch();
    await sink.untilSynced('Service');
    // Answered, whatever it says: all is well.
    api.version = 500;
    clock.advance(await clock.timer(BEAT_MS));
    await clock.timer(BEAT_MS);
    assert.equal(api.beats, 1);
    assert.deepEqual(sink.present, []);
    api.version = 'silent';
    clock.advance(BEAT_MS);
    clock.advance(await clock.timer(LIMITS.heartbeatSilenceMs));
    await sink.until(({ present }) => present.some(({ code }) => code === 'SLUICE_KUBE_SILENT'));
    clock.advance(await clock.timer(LIMITS.probeMs));
    api.version = 200;
    clock.advance(await clock.timer(LIMITS.heartbeatSilenceMs));
    clock.advance(await clock.timer(LIMITS.probeMs));
    const again = await api.watch(SERVICES);
    assert.equal(again.query['resourceVersion'], '1');
    await watch.closed;
    again.watch(event('ADDED', rawService('late', 2)));
    await sink.until(({ objects }) => objects.has('Service/shop/late'));
    assert.deepEqual(sink.present, []);
    await logger.times(1, /reached again/);
    assert.deepEqual(logger.of('warn'), []);
  },
);

test('who is heard is not asked', TIMEOUT, async (t) => {
  const { api, clock, sink } = await startSource(t, ['Service'], { limits: LIMITS });
  (await api.list(SERVICES)).page([], '1');
  const watch = (await api.watch(SERVICES)).watch();
  await sink.untilSynced('Service');
  clock.advance(BEAT_MS - 100);
  watch.send(event('ADDED', rawService('a', 2)), bookmark(3));
  await sink.until(({ objects }) => objects.has('Service/shop/a'));
  clock.advance(100);
  await clock.timer(BEAT_MS);
  assert.equal(api.beats, 0);
});
