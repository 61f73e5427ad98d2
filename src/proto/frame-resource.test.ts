import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { frameResource, Resource } from './index.ts';

test('the same bytes as the general codec, for any content', () => {
  const text = fc.string({ minLength: 1, unit: 'binary' });
  fc.assert(
    fc.property(text, text, text, fc.uint8Array({ maxLength: 300 }), (name, version, typeUrl, content) => {
      const general = Resource.encode({ name, version, resource: { type_url: typeUrl, value: content } });
      const framed = frameResource({
        name,
        typeUrl,
        write: (writer) => writer.raw(content),
        versionOf: (encoded) => {
          assert.deepEqual(Buffer.from(encoded), Buffer.from(content));
          return version;
        },
      });
      assert.equal(framed.version, version);
      assert.deepEqual(Resource.decode(framed.bytes), Resource.decode(general));
      if (content.length > 0) assert.deepEqual(Buffer.from(framed.bytes), Buffer.from(general));
    }),
  );
});
