import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OwnerTurns } from './owner-turns.ts';

const OPTIONS = { underWay: 3, burst: 5, perSecond: 10 };

function setUp() {
  const time = { now: 1_000 };
  const turns = new OwnerTurns(OPTIONS, () => time.now);
  const taken = (owner: string, times: number): number => {
    let count = 0;
    for (let index = 0; index < times; index += 1) if (turns.take(owner)) count += 1;
    return count;
  };
  return { time, turns, taken };
}

test('an owner has so many resources under way, and others have theirs', () => {
  const { turns, taken } = setUp();
  turns.begin();
  assert.equal(taken('noisy', 10), 3);
  assert.equal(taken('quiet', 1), 1);
  turns.sent('1');
  turns.begin();
  assert.equal(taken('noisy', 10), 0);
  assert.equal(turns.waitMs, 0, 'only an answer helps');
  turns.answered('1');
  assert.equal(taken('noisy', 10), 2);
});

test('answers free the owners of their own response, also one that was sent later', () => {
  const { turns, taken } = setUp();
  turns.begin();
  taken('a', 2);
  turns.sent('1');
  turns.begin();
  taken('a', 1);
  turns.sent('2');
  turns.answered('2');
  turns.begin();
  assert.equal(taken('a', 10), 1);
  turns.sent('3');
  turns.answered('unknown');
  turns.begin();
  assert.equal(taken('a', 10), 0);
});

test('in the long run an owner has so many a second, and the wait is known', () => {
  const { time, turns, taken } = setUp();
  let sent = 0;
  const round = (): void => {
    turns.begin();
    sent += taken('noisy', 100);
    turns.sent(String(time.now));
    turns.answered(String(time.now));
  };
  for (let index = 0; index < 4; index += 1) round();
  assert.equal(sent, OPTIONS.burst);
  assert.equal(turns.waitMs, 100);
  time.now += turns.waitMs;
  round();
  assert.equal(sent, OPTIONS.burst + 1);
  time.now += 10_000;
  for (let index = 0; index < 4; index += 1) round();
  assert.equal(sent, 2 * OPTIONS.burst + 1);
});

test('owners that are quiet are forgotten, those that pay are not', () => {
  const { time, turns, taken } = setUp();
  turns.begin();
  taken('noisy', 3);
  turns.sent('1');
  turns.answered('1');
  turns.begin();
  assert.equal(taken('noisy', 3), 2);
  for (let index = 0; index < 5_000; index += 1) taken(`quiet-${index}`, 1);
  turns.sent('2');
  turns.answered('2');
  turns.begin();
  assert.equal(taken('noisy', 1), 0);
  time.now += 1_000;
  assert.equal(taken('noisy', 10), 3);
});
