import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { frameResource, Resource } from './index.ts';

test('the same bytes as the general codec, for any content', () => {
  const text = fc.string({ minLength: 1, unit: 'binary' });
  fc.assert(
    fc.property(text, text, text, fc.uint8Array({ maxLength: 300 }), (name, version, typeUrl, content) => {
      const general = Resource.encode({ name, version, resource: { type_url: typeUrl, value: content } });
      assert.deepEqual(
        Resource.decode(frameResource({ name, version, typeUrl, content })),
        Resource.decode(general),
      );
      if (content.length > 0) {
        assert.deepEqual(
          Buffer.from(frameResource({ name, version, typeUrl, content })),
          Buffer.from(general),
        );
      }
    }),
  );
});
