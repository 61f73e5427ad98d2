import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Cluster, Resource } from './index.ts';
import { WireFields } from './wire-fields.ts';

function fieldsOf(bytes: Uint8Array): [number, string][] {
  const fields = new WireFields(bytes);
  const found: [number, string][] = [];
  while (fields.next())
    found.push([fields.field, Buffer.from(bytes.subarray(fields.start, fields.end)).toString('latin1')]);
  return found;
}

test('fields with a length are found, numbers are passed over', () => {
  const cluster = Cluster.encode({
    name: 'a'.repeat(300),
    type: 'EDS',
    per_connection_buffer_limit_bytes: { value: 2 ** 31 },
    eds_cluster_config: { service_name: 'set' },
  });
  assert.deepEqual(
    fieldsOf(cluster).filter(([field]) => field < 4),
    [
      [1, 'a'.repeat(300)],
      [3, '\x12\x03set'],
    ],
  );
  // Fixed numbers of eight and four bytes, a long varint, and a text behind them.
  const numbers = [0x09, ...Buffer.alloc(8), 0x15, ...Buffer.alloc(4), 0x18, ...Buffer.alloc(9, 0xff), 1];
  assert.deepEqual(fieldsOf(Buffer.from([...numbers, 0x22, 1, 0x78])), [[4, 'x']]);
});

test('malformed bytes throw, and what is cut off is never taken for whole', () => {
  const bytes = Resource.encode({
    name: 'host',
    version: 'v',
    resource: { type_url: 't', value: Buffer.of(1) },
  });
  for (let length = 1; length < bytes.length; length += 1) {
    try {
      assert.ok(fieldsOf(bytes.subarray(0, length)).length < fieldsOf(bytes).length);
    } catch (error) {
      assert.match(String(error), /not a protobuf message|at least/);
    }
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (noise) => {
      try {
        for (const [field, content] of fieldsOf(noise))
          assert.ok(field >= 0 && content.length <= noise.length);
      } catch (error) {
        assert.match(String(error), /not a protobuf message/);
      }
    }),
  );
});
