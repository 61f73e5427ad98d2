import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualLoop } from './test-loop.ts';
import { type Lane, TURN_MS, Turns } from './turns.ts';

/** Works through pieces of `ms` each, one after the other. */
async function pieces(lane: Lane, loop: ManualLoop, count: number, ms: number, note: () => void) {
  for (let piece = 0; piece < count; piece += 1) {
    await lane.run(() => {
      loop.time += ms;
      note();
    });
  }
}

/** Turns until `work` has ended, each after the promises of the one before; returns how long each took. */
async function runUntil(loop: ManualLoop, work: Promise<unknown>): Promise<number[]> {
  let isOver = false;
  void work.then(() => {
    isOver = true;
  });
  const took: number[] = [];
  for (let turn = 0; turn < 10_000; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    if (isOver) return took;
    took.push(loop.turn());
  }
  throw new Error('it does not end');
}

test('all lanes together hold no turn for longer than the budget and a piece, and none of them starves', async () => {
  const loop = new ManualLoop();
  const { engine, xds, reading, reports } = loop.turns;
  const done = new Map<Lane, number>();
  const note = (lane: Lane) => () => done.set(lane, (done.get(lane) ?? 0) + 1);
  const lanes = [engine, xds, reading, reports];
  // Each as a crowd does it: what waits is more than a turn takes.
  for (const lane of lanes) {
    for (let piece = 0; piece < 200; piece += 1)
      lane.later(() => {
        loop.time += 3;
        note(lane)();
      });
  }
  for (let turn = 0; turn < 40; turn += 1) {
    const took = loop.turn();
    assert.ok(took < TURN_MS + 3, `a turn of ${took} ms`);
  }
  for (const lane of lanes)
    assert.ok((done.get(lane) ?? 0) >= 10, `${done.get(lane)} of lane ${lanes.indexOf(lane)}`);
  assert.ok((done.get(engine) ?? 0) > (done.get(reports) ?? 0), 'Envoys before people');
});

test('what is less urgent leaves the rest of a turn to what is more', () => {
  const loop = new ManualLoop();
  const { engine, reading, reports } = loop.turns;
  loop.time += 1;
  assert.equal(reports.isSpent, false);
  loop.time += TURN_MS / 5;
  assert.deepEqual([reports.isSpent, reading.isSpent, engine.isSpent], [true, false, false]);
  loop.time += TURN_MS / 2;
  assert.deepEqual([reading.isSpent, engine.isSpent], [true, false]);
  loop.time += TURN_MS / 2;
  assert.equal(engine.isSpent, true);
  loop.turn();
  assert.equal(reports.isSpent, false);
});

test('who works in one lane goes on in turns', async () => {
  const loop = new ManualLoop();
  const { reading } = loop.turns;
  const notes: string[] = [];
  const worker = (who: string) => pieces(reading, loop, 30, 4, () => notes.push(who));
  const took = await runUntil(loop, Promise.all([worker('a'), worker('b'), worker('c')]));
  assert.equal(notes.length, 90);
  for (const ms of took) assert.ok(ms < TURN_MS / 2 + 4, `a turn of ${ms} ms`);
  for (const who of ['a', 'b', 'c']) {
    const share = notes.slice(0, 45).filter((note) => note === who).length;
    assert.ok(share >= 12, `${who} did ${share} of the first 45`);
  }
});

test('who comes alone and seldom never waits', async () => {
  const loop = new ManualLoop();
  for (let round = 0; round < 5; round += 1) {
    let done = false;
    const running = loop.turns.reading.run(() => {
      done = true;
      loop.time += 50;
    });
    assert.ok(done);
    await running;
    loop.turn();
  }
});

test('a turn is handed over to one who rests, and the next to another', async () => {
  const loop = new ManualLoop();
  const { reports } = loop.turns;
  const went: string[] = [];
  const both = Promise.all(['a', 'b'].map((who) => reports.rest().then(() => went.push(who))));
  const seen: string[] = [];
  void both.then(() => seen.push('end'));
  for (let turn = 0; turn < 2; turn += 1) {
    loop.turn();
    await new Promise((resolve) => setImmediate(resolve));
    seen.push(went.join(''));
  }
  assert.deepEqual(seen, ['a', 'end', 'ab']);
});

test('what work throws its owner gets, at once or later, and the others go on', async () => {
  const loop = new ManualLoop();
  const { reading } = loop.turns;
  const fail = () => {
    loop.time += 20;
    throw new RangeError('no');
  };
  const all = Promise.allSettled([reading.run(fail), reading.run(fail), reading.run(() => 7)]);
  await runUntil(loop, all);
  const [first, second, third] = await all;
  assert.ok(first?.status === 'rejected' && first.reason instanceof RangeError);
  assert.ok(second?.status === 'rejected' && second.reason instanceof RangeError);
  assert.deepEqual(third, { status: 'fulfilled', value: 7 });
});

test('on the real event loop, large pieces are done one in each turn, first come first served', async () => {
  const { xds } = new Turns();
  const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const done: string[] = [];
  const large = (name: string) => () => {
    const end = performance.now() + TURN_MS;
    while (performance.now() < end);
    done.push(name);
  };
  for (const name of ['a', 'b', 'c']) {
    xds.later(() => {
      large(name)();
      if (name === 'b') xds.later(large('d'));
    });
  }
  const seen: string[] = [];
  while (done.length < 4) {
    await nextTurn();
    seen.push(done.join(''));
  }
  assert.deepEqual(
    [...new Set(seen)].filter((each) => each !== ''),
    ['a', 'ab', 'abc', 'abcd'],
  );
});
