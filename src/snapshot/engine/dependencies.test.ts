import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DependencyIndex } from './dependencies.ts';

test('a dependent is found under every key it read', () => {
  const index = new DependencyIndex();
  index.record('route', ['a', 'b', 'a']);
  assert.deepEqual([...index.dependentsOf('a')], ['route']);
  assert.deepEqual([...index.dependentsOf('b')], ['route']);
  assert.deepEqual([...index.dependentsOf('c')], []);
});

test('recording again replaces what was recorded before', () => {
  const index = new DependencyIndex();
  index.record('route', ['a', 'b']);
  index.record('other', ['a']);
  index.record('route', ['b', 'c']);
  assert.deepEqual([...index.dependentsOf('a')], ['other']);
  assert.deepEqual([...index.dependentsOf('b')], ['route']);
  assert.deepEqual([...index.dependentsOf('c')], ['route']);
});

test('a forgotten dependent is found nowhere', () => {
  const index = new DependencyIndex();
  index.record('route', ['a']);
  index.forget('route');
  index.forget('never recorded');
  assert.deepEqual([...index.dependentsOf('a')], []);
});

test('only what was recorded last counts', () => {
  const list = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 6 });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('x', 'y'), list)), (records) => {
      const index = new DependencyIndex();
      for (const [dependent, keys] of records) index.record(dependent, keys);
      const last = new Map(records);
      for (const key of ['a', 'b', 'c', 'd'] as const) {
        const expected = [...last].filter(([, keys]) => keys.includes(key)).map(([dependent]) => dependent);
        assert.deepEqual([...index.dependentsOf(key)].toSorted(), expected.toSorted());
      }
    }),
  );
});
