import assert from 'node:assert/strict';
import test from 'node:test';
import type { BackwardWriter } from '../../proto/index.ts';
import { encodeResource, encodeResourceLater } from './encode.ts';
import { ResourceTable } from './resource-table.ts';

const TYPE = 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment';

test('what is encoded later is encoded once, when it is asked for, and to the same bytes', () => {
  let writes = 0;
  const write = (writer: BackwardWriter): void => {
    writes += 1;
    writer.text(1, 'a/b/443');
  };
  const later = encodeResourceLater(TYPE, 'a/b/443', write);
  assert.deepEqual([later.typeUrl, later.name, writes], [TYPE, 'a/b/443', 0]);
  const now = encodeResource(TYPE, 'a/b/443', write);
  assert.equal(writes, 1);
  assert.deepEqual([later.version, later.bytes], [now.version, now.bytes]);
  assert.deepEqual([later.bytes, later.version], [now.bytes, now.version]);
  assert.equal(writes, 2);
});

test('publishing what is new encodes nothing', () => {
  let writes = 0;
  const later = encodeResourceLater(TYPE, 'a/b/443', () => {
    writes += 1;
  });
  const table = new ResourceTable();
  table.stage(TYPE, 'a/b/443', later);
  table.publish();
  assert.equal(writes, 0);
  assert.notEqual(table.get(TYPE, 'a/b/443')?.version, '');
  assert.equal(writes, 1);
});
