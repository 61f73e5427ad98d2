import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Multimap } from './multimap.ts';

test('holds what a map of sets holds after any sequence of additions and deletions', () => {
  const letter = fc.constantFrom('a', 'b', 'c');
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), letter, letter)), (steps) => {
      const multimap = new Multimap<string>();
      const model = new Map<string, Set<string>>([
        ['a', new Set()],
        ['b', new Set()],
        ['c', new Set()],
      ]);
      for (const [add, key, value] of steps) {
        if (add) multimap.add(key, value);
        else multimap.delete(key, value);
        if (add) model.get(key)?.add(value);
        else model.get(key)?.delete(value);
      }
      for (const [key, values] of model) assert.deepEqual([...multimap.get(key)].sort(), [...values].sort());
    }),
  );
});
