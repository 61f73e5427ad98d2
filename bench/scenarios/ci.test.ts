import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Attempt, isEnough, judge, outcomeOf } from './ci.ts';

function judged(servedMs: number, floorMs: number) {
  return judge({ servedMs, floorMs, ratio: servedMs / floorMs });
}

test('within both limits', () => {
  assert.deepEqual(judged(2_000, 1_800), { failures: [], notes: [] });
});

test('too far from the floor', () => {
  const { failures, notes } = judged(2_400, 1_800);
  assert.deepEqual(failures, ['burst took 1.33 × floor; the limit is 1.3 × floor']);
  assert.deepEqual(notes, []);
});

test('too slow on a machine that is fast enough', () => {
  const { failures } = judged(3_100, 2_450);
  assert.deepEqual(failures, ['burst took 3.1 s; the limit is 3.0 s']);
});

test('on a slow machine the ratio alone decides, and that is said', () => {
  const { failures, notes } = judged(3_200, 2_600);
  assert.deepEqual(failures, []);
  assert.match(notes.join(), /^The floor alone took 2\.6 s, over 2\.5 s: .* the ratio decides\.$/);
  assert.equal(judged(3_500, 2_600).failures.length, 1);
});

test('more is measured while a limit seems broken, and no more than nine times', () => {
  const attempt = (floor: number, burst: number): Attempt => ({
    floor: { servedMs: floor },
    burst: { servedMs: burst },
  });
  const good = attempt(1_500, 1_800);
  const bad = attempt(1_500, 2_100);
  assert.equal(isEnough([good, good], 3), false);
  assert.equal(isEnough([bad, good, bad], 3), true);
  assert.equal(isEnough([bad, bad, bad], 3), false);
  assert.equal(
    isEnough(
      Array.from({ length: 9 }, () => bad),
      3,
    ),
    true,
  );
});

test('one lucky floor does not decide the ratio', () => {
  const attempts = [
    [2_000, 3_000],
    [2_600, 2_900],
    [2_700, 2_970],
  ].map(([floor = 0, burst = 0]) => ({ floor: { servedMs: floor }, burst: { servedMs: burst } }));
  const { floorMs, servedMs, ratio } = outcomeOf(attempts);
  assert.deepEqual([floorMs, servedMs], [2_000, 2_900]);
  assert.ok(Math.abs(ratio - 2_900 / 2_600) < 1e-9);
});
