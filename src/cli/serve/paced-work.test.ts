import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualLoop } from '../../event-loop/test-loop.ts';
import { TURN_MS } from '../../event-loop/turns.ts';
import { BusyGate } from './busy-gate.ts';
import { PacedWork } from './paced-work.ts';

test('a few items are looked at before `add` returns, each once', () => {
  const seen: string[] = [];
  const work = new PacedWork<string>((item) => seen.push(item), { lane: new ManualLoop().turns.reports });
  work.add(['a', 'b', 'a']);
  assert.deepEqual(seen, ['a', 'b']);
});

test('what is left is looked at when somebody asks', () => {
  const loop = new ManualLoop();
  const seen: number[] = [];
  const work = new PacedWork<number>(
    (item) => {
      loop.time += 1;
      seen.push(item);
    },
    { lane: loop.turns.reports },
  );
  work.add(Array.from({ length: 20 }, (_, index) => index));
  assert.equal(seen.length, TURN_MS / 5);
  work.finish();
  assert.equal(seen.length, 20);
  work.finish();
  assert.equal(seen.length, 20);
});

test('a turn that Envoys have used is left to them', () => {
  const loop = new ManualLoop();
  const seen: string[] = [];
  const work = new PacedWork<string>((item) => seen.push(item), { lane: loop.turns.reports });
  assert.equal(loop.turns.engine.isSpent, false);
  loop.time += 10;
  work.add(['a']);
  assert.deepEqual(seen, []);
  loop.turn();
  assert.deepEqual(seen, ['a']);
});

test('many items leave the event loop free in between, and all are looked at', async () => {
  const all = Array.from({ length: 30 }, (_, index) => index);
  const seen: number[] = [];
  const done = Promise.withResolvers<void>();
  const work = new PacedWork<number>((item) => {
    // A millisecond of work.
    const end = performance.now() + 1;
    while (performance.now() < end);
    seen.push(item);
    // Those of the list, and the first of them once more.
    if (seen.length > all.length || (seen.length === all.length && seen.lastIndexOf(0) === 0)) done.resolve();
  });
  // What holds this process open while the work, which does not, waits for its turn.
  const open = setInterval(() => {}, 1_000);
  work.add(all);
  assert.ok(seen.length < all.length, 'not in one go');
  work.add([0]);
  await done.promise;
  clearInterval(open);
  assert.deepEqual(
    seen.slice(0, 30).toSorted((a, b) => a - b),
    all,
  );
});

test('nothing is looked at while the gate is closed, unless somebody asks', async () => {
  let isBusy = true;
  const seen: string[] = [];
  const ended = Promise.withResolvers<void>();
  const work = new PacedWork<string>(
    (item) => {
      seen.push(item);
      if (seen.length === 2) ended.resolve();
    },
    { gate: new BusyGate(() => isBusy) },
  );
  work.add(['a']);
  assert.deepEqual(seen, []);
  work.finish();
  assert.deepEqual(seen, ['a']);
  work.add(['b']);
  assert.deepEqual(seen, ['a']);
  isBusy = false;
  await ended.promise;
  assert.deepEqual(seen, ['a', 'b']);
});
