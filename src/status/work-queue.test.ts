import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../kubernetes-api/test-clock.ts';
import { HELD_UP_MS, type Outcome, WorkQueue, type WorkQueueOptions } from './work-queue.ts';

const DONE: Outcome = { type: 'done' };

function queue(options: Partial<WorkQueueOptions<string>> = {}) {
  const clock = new ManualClock();
  const worked: string[] = [];
  const made = new WorkQueue({
    perSecond: 10,
    concurrency: 4,
    isNeeded: () => true,
    work: async (key) => {
      worked.push(key);
      return DONE;
    },
    clock,
    ...options,
  });
  return { clock, worked, queue: made };
}

/** Lets promises that are settled run on, then what is due. */
async function turn(clock: ManualClock, ms = 0): Promise<void> {
  for (let step = 0; step < 5; step += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(step === 0 ? ms : 0);
  }
}

test('twenty thousand items take their time, and one that is new does not wait behind them', async () => {
  const { clock, worked, queue: items } = queue();
  for (let index = 0; index < 20_000; index += 1) items.add(`old-${index}`, false);
  await turn(clock);
  assert.equal(worked.length, 10);
  items.add('new');
  for (let step = 0; step < 10; step += 1) await turn(clock, 100);
  assert.equal(worked[10], 'new');
  assert.equal(worked.length, 20);
});

test('an item is worked on once, however often it is added', async () => {
  const { clock, worked, queue: items } = queue();
  for (let index = 0; index < 5; index += 1) items.add('a', index % 2 === 0);
  await turn(clock);
  assert.deepEqual(worked, ['a']);
  assert.equal(items.size, 0);
});

test('what needs no work costs nothing of the rate', async () => {
  const { clock, worked, queue: items } = queue({ isNeeded: (key) => key === 'last' });
  for (let index = 0; index < 1_000; index += 1) items.add(`idle-${index}`);
  items.add('last');
  for (let step = 0; step < 4; step += 1) await turn(clock);
  assert.deepEqual(worked, ['last']);
});

test('an item added while it is worked on is worked on again', async () => {
  const gate = Promise.withResolvers<Outcome>();
  const worked: string[] = [];
  const { clock, queue: items } = queue({
    work: (key) => {
      worked.push(key);
      return worked.length === 1 ? gate.promise : Promise.resolve(DONE);
    },
  });
  items.add('a');
  await turn(clock);
  items.add('a');
  await turn(clock);
  assert.deepEqual(worked, ['a']);
  gate.resolve(DONE);
  await turn(clock);
  assert.deepEqual(worked, ['a', 'a']);
});

test('no more items at a time than allowed', async () => {
  let running = 0;
  const gate = Promise.withResolvers<Outcome>();
  const { clock, queue: items } = queue({
    concurrency: 3,
    work: () => {
      running += 1;
      return gate.promise;
    },
  });
  for (let index = 0; index < 9; index += 1) items.add(`i-${index}`);
  await turn(clock, 1_000);
  assert.equal(running, 3);
});

test('an item that failed comes back after its time, counted; a change brings it back at once', async () => {
  const seen: number[] = [];
  const { clock, queue: items } = queue({
    work: async (_key, failures) => {
      seen.push(failures);
      return { type: 'again', afterMs: 1_000 };
    },
  });
  items.add('a');
  await turn(clock);
  await turn(clock, 999);
  assert.deepEqual(seen, [0]);
  await turn(clock, 1);
  assert.deepEqual(seen, [0, 1]);
  items.add('a');
  await turn(clock);
  assert.deepEqual(seen, [0, 1, 2]);
  await turn(clock, 1_000);
  assert.deepEqual(seen, [0, 1, 2, 3], 'the earlier time is no longer waited for');
});

test('a pause holds everything up, and nothing is lost', async () => {
  const worked: string[] = [];
  const { clock, queue: items } = queue({
    concurrency: 1,
    work: async (key) => {
      worked.push(key);
      return worked.length === 1 ? { type: 'pause', afterMs: 5_000 } : DONE;
    },
  });
  items.add('a');
  items.add('b');
  await turn(clock);
  items.add('c');
  await turn(clock, 4_999);
  assert.deepEqual(worked, ['a']);
  await turn(clock, 1);
  await turn(clock);
  assert.deepEqual(worked.toSorted(), ['a', 'a', 'b', 'c']);
});

test('a queue that is cleared forgets what waits, one that is stopped takes no more', async () => {
  const { clock, worked, queue: items } = queue();
  items.add('a');
  items.clear();
  await turn(clock);
  items.stop();
  items.add('b');
  await turn(clock, 10_000);
  assert.deepEqual(worked, []);
  assert.deepEqual(clock.delays(), []);
});

test('nothing is worked on while the queue is held up, and all of it afterwards', async () => {
  let isHeldUp = true;
  const { clock, worked, queue: items } = queue({ isHeldUp: () => isHeldUp });
  items.add('a');
  items.add('b', false);
  await turn(clock);
  await turn(clock, HELD_UP_MS);
  assert.deepEqual(worked, []);
  isHeldUp = false;
  await turn(clock, HELD_UP_MS);
  assert.deepEqual(worked, ['a', 'b']);
});

test('who adds hundreds of items does not hold up who adds one', async () => {
  const { clock, worked, queue: items } = queue({ groupOf: (key) => key.slice(0, 1) });
  for (let index = 0; index < 500; index += 1) items.add(`a${index}`);
  items.add('b');
  await turn(clock);
  assert.deepEqual(worked.slice(0, 3), ['a0', 'b', 'a1']);
});

test('who changes something all the time does not hold up what is tried again', async () => {
  const { clock, worked, queue: items } = queue({ groupOf: (key) => key.slice(0, 1) });
  items.add('b', false);
  for (let second = 0; second < 2; second += 1) {
    for (let index = 0; index < 500; index += 1) items.add(`a${index}`);
    await turn(clock, 1_000);
  }
  assert.equal(worked.indexOf('b'), 9);
});

test('a backlog in which nothing needs work holds up what is urgent for a moment only', async () => {
  const looked: string[] = [];
  const { clock, queue: items } = queue({
    isNeeded: (key) => looked.push(key) > 0 && key.startsWith('a'),
    concurrency: 1_000,
    perSecond: 1_000,
  });
  for (let index = 0; index < 1_000; index += 1) items.add(`b${index}`, false);
  for (let index = 0; index < 20; index += 1) items.add(`a${index}`);
  await turn(clock);
  assert.equal(looked.indexOf('a9'), 9 + 50);
});
