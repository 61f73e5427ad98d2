import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Tally } from './tally.ts';

test('the counts are those of the last states', () => {
  const change = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('good', 'bad', undefined));
  fc.assert(
    fc.property(fc.array(change), (changes) => {
      const tally = new Tally<string>();
      for (const [key, state] of changes) tally.set(key, state);
      const last = [...new Map(changes).values()];
      for (const state of ['good', 'bad'])
        assert.equal(tally.counts().get(state) ?? 0, last.filter((each) => each === state).length);
    }),
  );
});
