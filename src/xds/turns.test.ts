import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Turns } from './turns.ts';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('one piece of work in each turn of the event loop, first come first served', async () => {
  const turns = new Turns();
  const done: string[] = [];
  for (const name of ['a', 'b', 'c'])
    turns.take(() => {
      done.push(name);
      if (name === 'b') turns.take(() => done.push('d'));
    });
  const seen: string[] = [];
  while (done.length < 4) {
    await nextTurn();
    seen.push(done.join(''));
  }
  assert.deepEqual([...new Set(seen)], ['a', 'ab', 'abc', 'abcd']);
  turns.take(() => done.push('e'));
  await nextTurn();
  assert.deepEqual(done, ['a', 'b', 'c', 'd', 'e']);
});
