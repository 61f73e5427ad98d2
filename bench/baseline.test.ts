import assert from 'node:assert/strict';
import test from 'node:test';
import { baselineTree, comparisonReport } from './baseline.ts';
import { Unavailable } from './scenario.ts';

test('the figures are medians of both trees, and the ratio is that of the main figure', () => {
  const { figures, rows } = comparisonReport({
    name: 'change',
    revision: 'abc',
    present: [
      { routes: 5, p50Ms: 4 },
      { routes: 5, p50Ms: 1 },
      { routes: 5, p50Ms: 3 },
    ].map((of) => ({ ...of, p99Ms: 9 })),
    baseline: [
      { routes: 5, p50Ms: 6 },
      { routes: 5, p50Ms: 6 },
      { routes: 5, p50Ms: 7 },
    ].map((of) => ({ ...of, p99Ms: 3 })),
  });
  assert.deepEqual(figures, {
    ...{ rounds: 3, p50Ms: 3, p99Ms: 9, baselineP50Ms: 6, baselineP99Ms: 3, ratio: 0.5 },
  });
  assert.deepEqual(rows[1], ['p99Ms', 9, 3, 3, '9.000 to 9.000', '3.000 to 3.000']);
});

test('a ratio to the floor gives way to that of the trees', () => {
  const { figures } = comparisonReport({
    name: 'burst',
    revision: 'abc',
    present: [{ servedMs: 100, ratio: 1.1 }],
    baseline: [{ servedMs: 200, ratio: 1.2 }],
  });
  assert.deepEqual(figures, {
    ...{ rounds: 1, servedMs: 100, baselineServedMs: 200, floorRatio: 1.1, baselineFloorRatio: 1.2 },
    ...{ p50Ms: 100, baselineP50Ms: 200, ratio: 0.5 },
  });
});

test('a goal is a part of what the baseline needs', () => {
  const goal = { figure: 'servedMs', what: 'the last host', most: 0.5 };
  const { goals } = comparisonReport({
    ...{ name: 'cold', what: 'a start', revision: 'abc', goals: [goal, { ...goal, most: 0.1 }] },
    ...{ present: [{ servedMs: 40 }], baseline: [{ servedMs: 100 }] },
  });
  assert.deepEqual(goals, [
    { goal: 'the last host, at most 0.5 × abc', measured: '40.0 : 100 = 0.40 ×', met: true },
    { goal: 'the last host, at most 0.1 × abc', measured: '40.0 : 100 = 0.40 ×', met: false },
  ]);
});

test('a figure that only the present tree has is left out', () => {
  const report = comparisonReport({
    ...{ name: 'cold', revision: 'abc' },
    ...{ present: [{ servedMs: 1, newMs: 2 }], baseline: [{ servedMs: 1 }] },
  });
  assert.deepEqual(
    report.rows.map(([figure]) => figure),
    ['servedMs'],
  );
});

test('a revision that is not there is told, with what to do', async () => {
  await assert.rejects(
    baselineTree('no-such-revision', () => {}),
    (error) => error instanceof Unavailable && /no such revision.*git log/.test(error.message),
  );
});
