import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TokenBucket } from './token-bucket.ts';

test('a bucket gives its burst at once and then its rate', () => {
  const bucket = new TokenBucket(10, 2);
  const take = (now: number): number => bucket.takeTokens(1, now);
  assert.deepEqual([take(0), take(0), take(0)], [0, 0, 100]);
  assert.equal(take(50), 50);
  assert.equal(take(100), 0);
  // Nothing is saved beyond the burst.
  assert.deepEqual([take(10_000), take(10_000), take(10_000)], [0, 0, 100]);
});

test('what is more than a full bucket goes when it is full', () => {
  const bucket = new TokenBucket(100, 1_000);
  assert.equal(bucket.takeTokens(5_000, 0), 0);
  assert.equal(bucket.takeTokens(5_000, 0), 10_000);
  assert.equal(bucket.takeTokens(5_000, 10_000), 0);
});

test('a bucket that is made larger has the difference at once', () => {
  const bucket = new TokenBucket(10, 5);
  bucket.charge(8, 0);
  bucket.raise(10);
  assert.equal(bucket.waitFor(2, 0), 0);
  bucket.raise(7);
  assert.equal(bucket.burst, 10);
});

test('what was used is charged afterwards, and what is owed is waited for', () => {
  const bucket = new TokenBucket(10, 5);
  bucket.charge(8, 0);
  assert.equal(bucket.waitFor(0, 0), 300);
  assert.equal(bucket.waitFor(1, 0), 400);
  assert.equal(bucket.waitFor(1, 400), 0);
});
