import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONDITION_TYPES, isBadNews, isNotice } from './conditions.ts';

test('of each type that is no notice one status is bad news, and it is False unless the type names a fault', () => {
  const badIfTrue = CONDITION_TYPES.filter((type) => isBadNews({ type, status: 'True' }));
  const badIfFalse = CONDITION_TYPES.filter((type) => isBadNews({ type, status: 'False' }));
  assert.deepEqual(badIfTrue, ['PartiallyInvalid', 'Conflicted', 'OverlappingTLSConfig']);
  const notices = CONDITION_TYPES.filter((type) => isNotice({ type }));
  assert.deepEqual(notices, ['sluice.dev/AnnotationsIgnored']);
  assert.deepEqual([...badIfTrue, ...badIfFalse, ...notices].sort(), [...CONDITION_TYPES].sort());
  assert.ok(!CONDITION_TYPES.some((type) => isBadNews({ type, status: 'Unknown' })));
});
