import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { JsonLines } from './json-lines.ts';

/** Text as JSON has it on one line, of characters of one to four bytes. */
const line = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).map((text) => JSON.stringify(text));

test('however a stream is cut into chunks, its lines are the same', () => {
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat(40)), (lines, cuts) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
      const reader = new JsonLines(1000);
      const read: string[] = [];
      let start = 0;
      for (const length of [...cuts, bytes.length]) {
        read.push(...reader.push(bytes.subarray(start, start + length)));
        start += length;
      }
      assert.deepEqual(read, lines);
      assert.equal(reader.partial, false);
    }),
  );
});

test('empty lines are none, and a line may end as on Windows', () => {
  assert.deepEqual(new JsonLines(100).push(Buffer.from('\n{}\r\n\n[]\n')), ['{}', '[]']);
});

test('an incomplete line is told', () => {
  const reader = new JsonLines(100);
  assert.deepEqual(reader.push(Buffer.from('{}\n{"a"')), ['{}']);
  assert.equal(reader.partial, true);
});

test('a line that never ends is not kept', () => {
  const reader = new JsonLines(10);
  reader.push(Buffer.from('12345'));
  assert.throws(() => reader.push(Buffer.from('678901')), RangeError);
});
