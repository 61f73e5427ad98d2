import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONDITION_TYPES, isBadNews } from './conditions.ts';

test('of each type one status is bad news, and it is False unless the type names a fault', () => {
  const badIfTrue = CONDITION_TYPES.filter((type) => isBadNews({ type, status: 'True' }));
  const badIfFalse = CONDITION_TYPES.filter((type) => isBadNews({ type, status: 'False' }));
  assert.deepEqual(badIfTrue, ['PartiallyInvalid', 'Conflicted', 'OverlappingTLSConfig']);
  assert.deepEqual([...badIfTrue, ...badIfFalse].sort(), [...CONDITION_TYPES].sort());
  assert.ok(!CONDITION_TYPES.some((type) => isBadNews({ type, status: 'Unknown' })));
});
