import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { ManualClock } from '../../kubernetes-api/test-clock.ts';
import { LineBudget } from './line-budget.ts';

function setUp(level = 'info') {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => {
    const { time: _time, level: _level, ...fields } = JSON.parse(line) as Record<string, unknown>;
    lines.push(fields);
  };
  const clock = new ManualClock();
  const budget = new LineBudget(pino({ base: null, level }, { write }), clock);
  return { budget, clock, take: () => lines.splice(0) };
}

test('a hundred lines a second for half a minute become no more than one in a second, and are all counted', () => {
  const { budget, clock, take } = setUp();
  for (let change = 0; change < 3_000; change += 1) {
    clock.advance(10);
    budget.line('endpoints', 'info', { change }, 'gone');
  }
  budget.close();
  const lines = take();
  assert.ok(lines.length <= 20, String(lines.length));
  const leftOut = lines.reduce(
    (sum, line) => sum + ((line['leftOut'] as Record<string, number> | undefined)?.['endpoints'] ?? 0),
    0,
  );
  const told = lines.filter(({ change }) => change !== undefined).length;
  assert.equal(leftOut + told, 3_000);
});

test('what is told after a quiet time is told at once and whole, and what is too much within a second', () => {
  const { budget, clock, take } = setUp();
  for (let change = 0; change < 12; change += 1) budget.line('objects', 'warn', { change }, 'wrong');
  assert.deepEqual(
    take().map(({ change }) => change),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
  budget.line('endpoints', 'info', {}, 'gone');
  clock.advance(999);
  assert.deepEqual(take(), []);
  clock.advance(1);
  assert.deepEqual(
    take().map(({ leftOut }) => leftOut),
    [{ objects: 2, endpoints: 1 }],
  );
  clock.advance(200_000);
  budget.line('objects', 'info', { change: 'later' }, 'well again');
  assert.deepEqual(take(), [{ change: 'later', msg: 'well again' }]);
  budget.close();
  assert.deepEqual(take(), [], 'nothing is left out');
});

test('all lines are at level debug', () => {
  const { budget, take } = setUp('debug');
  for (let change = 0; change < 50; change += 1) budget.line('objects', 'warn', { change }, 'wrong');
  assert.equal(take().length, 50);
});
