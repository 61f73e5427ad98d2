import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AttachedRoutes } from './attached-routes.ts';

const listener = (name: string) => ({
  parent: { kind: 'Gateway' as const, namespace: 'infra', name: 'gw' },
  listener: name,
});

test('counts a route on every listener that it is attached to, and tells whose counts change', () => {
  const attached = new AttachedRoutes();
  const [a, b] = [listener('a'), listener('b')];
  assert.deepEqual([...new Set(attached.set('r1', [a, b]))], ['Gateway/infra/gw']);
  attached.set('r2', [a]);
  assert.deepEqual(
    [attached.count('Gateway/infra/gw', 'a'), attached.count('Gateway/infra/gw', 'b')],
    [2, 1],
  );
  assert.deepEqual(attached.set('r1', [a, b]), []);
  attached.set('r1', [b]);
  attached.set('r2', []);
  assert.deepEqual(
    [attached.count('Gateway/infra/gw', 'a'), attached.count('Gateway/infra/gw', 'b')],
    [0, 1],
  );
});
