import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NODES } from './gen/schemas.ts';
import { matches } from './patterns.ts';

const PATTERNS = [...new Set(NODES.flatMap(({ pattern }) => pattern ?? []))];

/** Texts that keep an expression busy which goes back over what it has tried. */
const SLOW = ['a', '-', 'a-', 'a.', 'a.a-', '!', 'a!', '1h', 'a/'].map((part) => `${part.repeat(20_000)}\n`);

test('no pattern of the CRDs takes long for any text', () => {
  assert.ok(PATTERNS.length > 10);
  for (const pattern of PATTERNS) {
    for (const text of SLOW) {
      const start = performance.now();
      matches(pattern, text);
      const took = performance.now() - start;
      assert.ok(took < 2_000, `${pattern} took ${took} ms for ${text.length} characters`);
    }
  }
});

test('patterns are in the syntax of Go', () => {
  assert.ok(matches('^(?i)a$', 'A'));
  assert.ok(!matches('^a$', 'a\n'));
});
