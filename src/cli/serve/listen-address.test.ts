/** One address to listen on for clusters of IPv4, of IPv6 and of both. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addressHere } from './listen-address.ts';

const V4 = { lo: [{ family: 'IPv4' }] };
const BOTH = { lo: [{ family: 'IPv4' }, { family: 'IPv6' }] };

describe('[::]', () => {
  it('is 0.0.0.0 where there is no IPv6, and itself where there is', () => {
    assert.deepEqual(addressHere({ host: '::', port: 1 }, V4), { host: '0.0.0.0', port: 1 });
    assert.deepEqual(addressHere({ host: '::', port: 1 }, BOTH), { host: '::', port: 1 });
  });

  it('is all that changes', () => {
    for (const host of ['::1', '127.0.0.1', '0.0.0.0', 'localhost'])
      assert.deepEqual(addressHere({ host, port: 1 }, V4), { host, port: 1 });
  });
});
