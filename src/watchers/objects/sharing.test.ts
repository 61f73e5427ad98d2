import assert from 'node:assert/strict';
import test from 'node:test';
import { Recent, recentLists } from '../../model/recent.ts';
import { decodeObject } from './decode.ts';
import { decoded, manifest, route } from './test-manifests.ts';

test('equal values are one, as long as not too many others come between', () => {
  const recent = new Recent<readonly [string]>(([a], [b]) => a === b);
  const first = recent.share(['a']);
  assert.equal(recent.share(['a']), first);
  assert.deepEqual(recent.share(['b']), ['b']);
  assert.equal(recent.share(['a']), first);
  for (let index = 0; index < 20; index += 1) recent.share([String(index)]);
  const later: readonly [string] = ['a'];
  assert.equal(recent.share(later), later);
});

test('lists are equal whose entries are, one by one and field by field', () => {
  const recent = recentLists<{ name: string; port: number }>('name', 'port');
  const lists = [
    [{ name: 'a', port: 1 }],
    [{ name: 'a', port: 2 }],
    [{ name: 'b', port: 1 }],
    [
      { name: 'a', port: 1 },
      { name: 'b', port: 1 },
    ],
    [],
  ];
  for (const list of [...lists, ...lists]) assert.deepEqual(recent.share(structuredClone(list)), list);
});

test('routes to one Gateway hold one list of parentRefs, other routes their own', () => {
  const [a, b, other] = ['gw', 'gw', 'other'].map(
    (name) => decoded('TLSRoute', route({ parentRefs: [{ name }] })).parentRefs,
  );
  assert.equal(a, b);
  assert.equal(other?.[0]?.name, 'other');
});

test('of Services and slices only the name is kept, of routes what tells one from its successor too', () => {
  const metadata = { uid: 'some', generation: 3, creationTimestamp: '2026-01-01T00:00:00Z' };
  const service = decoded('Service', manifest('Service', {}, metadata, 'v1'));
  assert.deepEqual([service.meta.uid, service.meta.generation, service.meta.creationTimestamp], ['', 0, '']);
  const kept = decodeObject(manifest('TLSRoute', { rules: [] }, metadata));
  assert.equal(kept.type === 'object' && kept.object.meta.uid, 'some');
  assert.equal(kept.type === 'object' && kept.object.meta.creationTimestamp, metadata.creationTimestamp);
});
