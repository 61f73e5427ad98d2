import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Backoff } from './backoff.ts';

test('each delay lies between half of its upper end and that, which doubles up to the maximum', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })), (draws) => {
      const left = [...draws];
      const backoff = new Backoff({ baseMs: 200, maxMs: 30_000, random: () => left.shift() ?? 0 });
      for (const index of draws.keys()) {
        const upper = Math.min(30_000, 200 * 2 ** index);
        const delay = backoff.next();
        assert.ok(delay >= upper / 2 && delay <= upper, `${delay} of ${upper}`);
      }
    }),
  );
});

test('after a reset it begins anew', () => {
  const backoff = new Backoff({ baseMs: 200, maxMs: 30_000, random: () => 0 });
  assert.deepEqual([backoff.next(), backoff.next()], [100, 200]);
  assert.equal(backoff.failures, 2);
  backoff.reset();
  assert.equal(backoff.failures, 0);
  assert.equal(backoff.next(), 100);
});
