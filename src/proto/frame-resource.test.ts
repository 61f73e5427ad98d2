import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type BackwardWriter, frameResource, Resource, unpackBytes } from './index.ts';

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
      const bytes = unpackBytes(framed.packed);
      assert.deepEqual(Resource.decode(bytes), Resource.decode(general));
      if (content.length > 0) assert.deepEqual(Buffer.from(bytes), Buffer.from(general));
    }),
  );
});

test('bytes stay what they were, however much is framed behind them', () => {
  const framed = Array.from({ length: 200 }, (_, index) => {
    const content = Buffer.alloc(index * 37, index);
    const write = (writer: BackwardWriter): void => writer.raw(content);
    const { packed } = frameResource({ name: `${index}`, typeUrl: 't', write, versionOf: () => 'v' });
    return { content, packed };
  });
  for (const [index, { content, packed }] of framed.entries()) {
    const { name, resource } = Resource.decode(unpackBytes(packed));
    assert.equal(name, `${index}`);
    assert.ok(content.equals(resource?.value ?? Buffer.alloc(0)));
  }
});
