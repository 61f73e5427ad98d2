import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Mark, Stage } from '../processes/marks.ts';
import { stagesOf } from './stages.ts';

function mark(stage: Stage, at: number): Mark {
  return { stage, at, detail: '', count: 1 };
}

test('each stage lasts until the next begins', () => {
  const marks = [
    mark('event', 102),
    mark('send', 105),
    mark('send', 106),
    mark('ack', 108),
    mark('ack', 109),
  ];
  assert.deepEqual(stagesOf(marks, 100, 112), { watch: 2, push: 3, ack: 4, served: 3 });
});

test('an event that overtook the acknowledgement of its write took no time', () => {
  const marks = [mark('event', 97), mark('send', 99), mark('ack', 104)];
  assert.deepEqual(stagesOf(marks, 100, 105), { watch: 0, push: 0, ack: 4, served: 1 });
});

test('what a client saw before the ACK arrived adds up all the same', () => {
  const { watch, push, ack, served } = stagesOf(
    [mark('event', 101), mark('send', 102), mark('ack', 120)],
    100,
    110,
  );
  assert.equal(watch + push + ack + served, 10);
  assert.equal(served, 0);
});
