import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Multimap, NamespacedMultimap } from './multimap.ts';
import { NamespacedMap } from './namespaced-map.ts';

const letter = fc.constantFrom('a', 'b', 'c');
const steps = fc.array(fc.tuple(fc.boolean(), letter, letter));

test('holds what a map of sets holds after any sequence of additions and deletions', () => {
  fc.assert(
    fc.property(steps, (taken) => {
      const multimap = new Multimap<string>();
      const namespaced = new NamespacedMultimap<string>();
      const model = new Map<string, Set<string>>([
        ['a', new Set()],
        ['b', new Set()],
        ['c', new Set()],
      ]);
      for (const [add, key, value] of taken) {
        if (add) multimap.add(key, value);
        else multimap.delete(key, value);
        if (add) namespaced.add('namespace', key, value);
        else namespaced.delete('namespace', key, value);
        if (add) model.get(key)?.add(value);
        else model.get(key)?.delete(value);
      }
      for (const [key, values] of model) {
        assert.deepEqual([...multimap.get(key)].sort(), [...values].sort());
        assert.deepEqual([...namespaced.get('namespace', key)].sort(), [...values].sort());
      }
    }),
  );
});

test('a map by namespace and name holds what one by both as one key holds', () => {
  fc.assert(
    fc.property(steps, (taken) => {
      const map = new NamespacedMap<number>();
      const model = new Map<string, number>();
      for (const [index, [add, namespace, name]] of taken.entries()) {
        if (add) map.set(namespace, name, index);
        else map.delete(namespace, name);
        if (add) model.set(namespace + name, index);
        else model.delete(namespace + name);
        assert.equal(map.size, model.size);
        assert.deepEqual([...map.values()].sort(), [...model.values()].sort());
        for (const place of ['aa', 'ab', 'ba', 'bb', 'cc'])
          assert.equal(map.get(place.charAt(0), place.charAt(1)), model.get(place));
      }
    }),
  );
});
