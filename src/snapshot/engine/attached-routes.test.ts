import assert from 'node:assert/strict';
import { test } from 'node:test';
import { key } from '../../model/test-key.ts';
import { AttachedRoutes } from './attached-routes.ts';

const listener = (name: string) => ({
  parent: { kind: 'Gateway' as const, namespace: 'infra', name: 'gw' },
  listener: name,
});

test('counts a route on every listener that it is attached to, and tells whose counts change', () => {
  const attached = new AttachedRoutes();
  const [a, b] = [listener('a'), listener('b')];
  assert.deepEqual([...new Set(attached.set(key('r1'), [a, b]))], ['Gateway/infra/gw']);
  attached.set(key('r2'), [a]);
  assert.deepEqual(
    [attached.count(key('Gateway/infra/gw'), 'a'), attached.count(key('Gateway/infra/gw'), 'b')],
    [2, 1],
  );
  assert.deepEqual(attached.set(key('r1'), [a, b]), []);
  attached.set(key('r1'), [b]);
  attached.set(key('r2'), []);
  assert.deepEqual(
    [attached.count(key('Gateway/infra/gw'), 'a'), attached.count(key('Gateway/infra/gw'), 'b')],
    [0, 1],
  );
});
