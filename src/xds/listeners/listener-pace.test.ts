import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLUSTER_TYPE, LISTENER_TYPE } from '../../snapshot/resources/resource.ts';
import { AdsStream } from '../stream.ts';
import { DEFAULT_STREAM_LIMITS } from '../stream-limits.ts';
import { TestView } from '../test-view.ts';
import { ListenerPace } from './listener-pace.ts';

function setUp(options = { burstBytes: 1_000, bytesPerSecond: 100 }) {
  const clock = { now: 0 };
  return { clock, pace: new ListenerPace(options, () => clock.now) };
}

test('what fits goes at once, then as fast as the bucket fills', () => {
  const { clock, pace } = setUp();
  assert.equal(pace.takeBytes(600), 0);
  assert.equal(pace.takeBytes(600), 2_000);
  clock.now += 2_000;
  assert.equal(pace.takeBytes(600), 0);
});

test('what is larger than the bucket goes when that is full', () => {
  const { clock, pace } = setUp();
  assert.equal(pace.takeBytes(5_000), 0);
  assert.equal(pace.takeBytes(5_000), 10_000);
  clock.now += 10_000;
  assert.equal(pace.takeBytes(5_000), 0);
});

test('changed listeners wait for the answer to those before, and three times as long as these took', () => {
  const { clock, pace } = setUp();
  assert.equal(pace.takeBytes(10), 0);
  assert.equal(pace.takeBytes(10), 0, 'of the same response');
  pace.sent('2');
  clock.now += 30;
  pace.answered('1');
  assert.equal(pace.takeBytes(10), undefined);
  clock.now += 20;
  pace.answered('2');
  assert.equal(pace.takeBytes(10), 60, 'without what came before');
  clock.now += 60;
  assert.equal(pace.takeBytes(10), 0);
  pace.sent('3');
  clock.now += 1_000;
  pace.answered('3');
  assert.equal(pace.takeBytes(10), 250);
});

test('one that nobody waits for waits a hundred times as long as the last one took, a minute at most', () => {
  const { clock, pace } = setUp({ burstBytes: 1_000, bytesPerSecond: 1_000 });
  const replaced = (tookMs: number): void => {
    assert.equal(pace.takeBytes(10), 0);
    pace.sent('1');
    clock.now += tookMs;
    pace.answered('1');
  };
  assert.equal(pace.takeBytes(10, true), 0);
  replaced(20);
  assert.deepEqual([pace.takeBytes(10, true), pace.takeBytes(10, false)], [2_000, 60]);
  clock.now += 2_000;
  assert.equal(pace.takeBytes(10, true), 0);
  replaced(1_000);
  assert.equal(pace.takeBytes(10, true), 60_000);
});

test('a changed listener waits for its turn and goes in its newest form; clusters do not wait', () => {
  const { clock, pace } = setUp({ burstBytes: 1_000, bytesPerSecond: 1_000 });
  const view = new TestView();
  const stream = new AdsStream(view, DEFAULT_STREAM_LIMITS, pace);
  view.onChange((change) => stream.snapshotChanged(change));
  const sent = (): string[] => {
    const names: string[] = [];
    for (let response = stream.next(); response !== undefined; response = stream.next()) {
      const { batch, nonce, typeUrl } = response;
      for (const { name, bytes } of batch.resources)
        names.push(`${name} ${bytes.at(bytes.indexOf(0x7c) + 1)}`);
      stream.request({ type_url: typeUrl, response_nonce: nonce });
    }
    return names;
  };
  const listener = (round: number): string => `${'x'.repeat(700)}|${String.fromCharCode(round)}`;
  const put = (round: number): void => {
    view.put(LISTENER_TYPE, { l: listener(round) });
    view.put(CLUSTER_TYPE, { c: `|${String.fromCharCode(round)}` });
  };
  put(1);
  stream.request({ type_url: CLUSTER_TYPE });
  stream.request({ type_url: LISTENER_TYPE });
  assert.deepEqual(sent(), ['c 1', 'l 1'], 'the first one costs nothing');
  put(2);
  assert.deepEqual(sent(), ['c 2', 'l 2']);
  put(3);
  assert.deepEqual(sent(), ['c 3']);
  assert.equal(stream.isCurrent, false);
  const { waitMs } = stream;
  assert.ok(waitMs > 0 && waitMs <= 1_000, String(waitMs));
  put(4);
  assert.deepEqual(sent(), ['c 4']);
  clock.now += waitMs;
  assert.deepEqual(sent(), ['l 4']);
  assert.equal(stream.isCurrent, true);
  assert.equal(stream.waitMs, 0);
});
