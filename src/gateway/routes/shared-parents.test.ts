import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ParentModel } from '../../model/gateway.ts';
import { sharedParents } from './shared-parents.ts';

test('parents are one where nothing differs, and not where anything does', () => {
  const ref = { group: 'g', kind: 'Gateway', namespace: 'ns', name: 'gw', sectionName: undefined, port: 443 };
  const conditions: ParentModel['conditions'] = [];
  const listener = { parent: { kind: 'Gateway', namespace: 'ns', name: 'gw' }, listener: 'tls' } as const;
  const parent: ParentModel = { parentRef: ref, accepted: true, conditions, attached: [listener] };
  const others: readonly ParentModel[] = [
    parent,
    { ...parent, parentRef: { ...ref } },
    { ...parent, accepted: false },
    { ...parent, conditions: [] },
    { ...parent, attached: [] },
    { ...parent, attached: [{ ...listener }] },
    { ...parent, attached: [listener, listener] },
  ];
  const shared = others.map((other) => sharedParents([other]));
  assert.equal(new Set(shared).size, others.length);
  for (const [index, other] of others.entries()) {
    assert.equal(sharedParents([{ ...other, attached: [...other.attached] }]), shared[index]);
    assert.notEqual(sharedParents([other, other]), shared[index]);
  }
});
