import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { reportText, writeJson } from './report.ts';

test('a report as text: a table, then goals, notes and broken limits', () => {
  const text = reportText({
    title: 'burst: few routes',
    columns: ['sample', 'ms'],
    rows: [
      [1, 1234.5],
      [2, 9.876],
    ],
    figures: {},
    goals: [{ goal: 'quick', measured: '9 ms', met: true }],
    notes: ['All is quiet.'],
    failures: ['too slow'],
    samples: [],
  });
  assert.equal(
    text,
    [
      'burst: few routes',
      'sample    ms',
      '     1  1235',
      '     2  9.88',
      'met: quick: 9 ms',
      'All is quiet.',
      'FAILED: too slow',
    ].join('\n'),
  );
});

test('JSON replaces what was there, and leaves nothing else behind', (t) => {
  const directory = mkdtempSync(path.join(tmpdir(), 'sluice-report-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = path.join(directory, 'report.json');
  writeJson(file, { first: true });
  writeJson(file, { second: true });
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { second: true });
  assert.deepEqual(readdirSync(directory), ['report.json']);
});
