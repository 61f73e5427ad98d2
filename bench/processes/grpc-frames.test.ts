import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameReader, frame } from './grpc-frames.ts';

test('messages come out as they went in, however the bytes are cut', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });
  fc.assert(
    fc.property(messages, fc.array(fc.nat({ max: 12 })), (given, cuts) => {
      const stream = Buffer.concat(given.map(frame));
      const reader = new FrameReader();
      const received: Buffer[] = [];
      let at = 0;
      for (const size of [...cuts, stream.length]) {
        received.push(...reader.push(stream.subarray(at, at + size)));
        at += size;
      }
      assert.deepEqual(
        received.map((message) => [...message]),
        given.map((message) => [...message]),
      );
    }),
  );
});
