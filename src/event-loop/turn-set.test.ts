import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TurnSet } from './turn-set.ts';

const groupOf = (key: string): string => key.slice(0, 1);

function taken(set: TurnSet<string>): string[] {
  const keys: string[] = [];
  for (let key = set.first(); key !== undefined; key = set.first()) {
    keys.push(key);
    set.takeKey(key);
  }
  return keys;
}

test('keys are taken in turns by group, each group in its own order', () => {
  const set = new TurnSet(groupOf);
  for (const key of ['a1', 'a2', 'a3', 'b1', 'c1', 'b2']) set.add(key);
  assert.deepEqual(taken(set), ['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
});

test('what is deleted is gone, and a group without keys has no turn', () => {
  const set = new TurnSet(groupOf);
  for (const key of ['a1', 'b1', 'a2']) set.add(key);
  set.delete('b1');
  set.delete('b1');
  assert.deepEqual([set.size, set.has('b1'), set.has('a2')], [2, false, true]);
  assert.deepEqual(taken(set), ['a1', 'a2']);
});

test('each key comes once, and no group has two more turns than another while that has keys left', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[abc][0-9]$/)), (keys) => {
      const set = new TurnSet(groupOf);
      for (const key of keys) set.add(key);
      assert.equal(set.size, new Set(keys).size);
      const order = taken(set);
      assert.deepEqual([...order].sort(), [...new Set(keys)].sort());
      for (const [index] of order.entries()) {
        const turns = (group: string): number =>
          order.slice(0, index + 1).filter((key) => groupOf(key) === group).length;
        const left = (group: string): boolean => order.slice(index + 1).some((key) => groupOf(key) === group);
        for (const one of ['a', 'b', 'c'])
          for (const other of ['a', 'b', 'c'])
            if (left(other)) assert.ok(turns(one) <= turns(other) + 1, `${order} at ${index}`);
      }
    }),
  );
});
