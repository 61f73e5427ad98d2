import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../kubernetes-api/test-clock.ts';
import { TurnBudget } from './turn-budget.ts';

/** Works through pieces of 4 ms each. */
async function work(budget: TurnBudget, clock: ManualClock, pieces: number, note: () => void): Promise<void> {
  for (let piece = 0; piece < pieces; piece += 1) {
    await budget.run(() => {
      clock.advance(4);
      note();
    });
  }
}

test('nobody holds a turn for longer than the budget and one piece, and all go on in turns', async () => {
  const clock = new ManualClock();
  const budget = new TurnBudget(clock, 10);
  let turn = 0;
  let over = false;
  const count = (): void => {
    turn += 1;
    if (!over) setImmediate(count);
  };
  count();
  const notes: { who: string; turn: number }[] = [];
  const worker = (who: string) => work(budget, clock, 30, () => notes.push({ who, turn }));
  await Promise.all([worker('a'), worker('b'), worker('c')]);
  over = true;
  const perTurn = Map.groupBy(notes, (note) => note.turn);
  for (const [at, pieces] of perTurn) assert.ok(pieces.length <= 3, `${pieces.length} pieces in turn ${at}`);
  const firstHalf = notes.slice(0, 45);
  for (const who of ['a', 'b', 'c']) {
    const share = firstHalf.filter((note) => note.who === who).length;
    assert.ok(share >= 12, `${who} did ${share} of the first 45`);
  }
});

test('who comes alone and seldom never waits', async () => {
  const clock = new ManualClock();
  const budget = new TurnBudget(clock, 10);
  for (let round = 0; round < 5; round += 1) {
    let done = false;
    const running = budget.run(() => {
      done = true;
      clock.advance(50);
    });
    assert.ok(done);
    await running;
    await new Promise((resolve) => setImmediate(resolve));
  }
});

test('what work throws its owner gets, at once or later, and the others go on', async () => {
  const clock = new ManualClock();
  const budget = new TurnBudget(clock, 10);
  const fail = () => {
    clock.advance(20);
    throw new RangeError('no');
  };
  const [first, second, third] = [budget.run(fail), budget.run(fail), budget.run(() => 7)];
  await assert.rejects(first, RangeError);
  await assert.rejects(second, RangeError);
  assert.equal(await third, 7);
});
