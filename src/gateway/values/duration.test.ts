import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDuration } from './duration.ts';

test('durations of GEP-2257', () => {
  const valid: readonly [string, number][] = [
    ['0h', 0],
    ['1h', 3_600_000],
    ['1h30m10s20ms', 5_410_020],
    ['99999ms', 99_999],
    ['10s30m1h', 5_410_000],
    ['1m1m', 120_000],
  ];
  for (const [text, milliseconds] of valid) assert.equal(parseDuration(text), milliseconds, text);
  for (const text of [
    '',
    '1',
    '1d',
    '1.5h',
    '-1h',
    '1h ',
    '100000s',
    '1h1h1h1h1h',
    '1H',
    '10us',
    'h',
    '1h\n',
  ]) {
    assert.equal(parseDuration(text), undefined, JSON.stringify(text));
  }
});

test('law: nothing throws, and what is parsed is a whole number', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9hms]{0,12}$/), (text) => {
      const milliseconds = parseDuration(text);
      assert.ok(milliseconds === undefined || Number.isSafeInteger(milliseconds));
    }),
  );
});
