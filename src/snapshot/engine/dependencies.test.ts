import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { key } from '../../model/test-key.ts';
import { DependencyIndex } from './dependencies.ts';

const keys = (...texts: readonly string[]) => texts.map(key);

test('a dependent is found under every key it read', () => {
  const index = new DependencyIndex();
  index.record(key('route'), keys('a', 'b', 'a'));
  assert.deepEqual([...index.dependentsOf(key('a'))], ['route']);
  assert.deepEqual([...index.dependentsOf(key('b'))], ['route']);
  assert.deepEqual([...index.dependentsOf(key('c'))], []);
});

test('recording again replaces what was recorded before', () => {
  const index = new DependencyIndex();
  index.record(key('route'), keys('a', 'b'));
  index.record(key('other'), keys('a'));
  index.record(key('route'), keys('b', 'c'));
  assert.deepEqual([...index.dependentsOf(key('a'))], ['other']);
  assert.deepEqual([...index.dependentsOf(key('b'))], ['route']);
  assert.deepEqual([...index.dependentsOf(key('c'))], ['route']);
});

test('a forgotten dependent is found nowhere', () => {
  const index = new DependencyIndex();
  index.record(key('route'), keys('a'));
  index.forget(key('route'));
  index.forget(key('never recorded'));
  assert.deepEqual([...index.dependentsOf(key('a'))], []);
});

test('only what was recorded last counts', () => {
  const list = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 6 });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('x', 'y'), list)), (records) => {
      const index = new DependencyIndex();
      for (const [dependent, read] of records) index.record(key(dependent), read.map(key));
      const last = new Map(records);
      for (const each of ['a', 'b', 'c', 'd'] as const) {
        const expected = [...last].filter(([, read]) => read.includes(each)).map(([dependent]) => dependent);
        assert.deepEqual([...index.dependentsOf(key(each))].toSorted(), expected.toSorted());
      }
    }),
  );
});
