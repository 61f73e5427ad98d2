import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { structurallyEqual } from './structural-equality.ts';

test('agrees with isDeepStrictEqual on plain data', () => {
  const value = fc.jsonValue({ maxDepth: 4 });
  fc.assert(
    fc.property(value, value, (a, b) => {
      assert.equal(structurallyEqual(a, b), isDeepStrictEqual(a, b));
      assert.ok(structurallyEqual(a, structuredClone(a)));
    }),
  );
});

test('an absent property differs from an undefined one, and an array from an object', () => {
  assert.equal(structurallyEqual({ a: undefined }, {}), false);
  assert.equal(structurallyEqual({ a: undefined }, { b: undefined }), false);
  assert.equal(structurallyEqual([], {}), false);
  assert.equal(structurallyEqual({ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] }), false);
});
