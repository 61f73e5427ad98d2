import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOlder, isRawObject, rawKey } from './raw-object.ts';

test('resource versions are compared as numbers of any length, and not at all where they are none', () => {
  for (const [version, than, older] of [
    ['9', '10', true],
    ['10', '9', false],
    ['10', '10', false],
    ['18446744073709551615', '18446744073709551616', true],
    ['', '10', false],
    ['abc', '10', false],
    ['9', 'v10', false],
  ] as const) {
    assert.equal(isOlder(version, than), older, `${version} < ${than}`);
  }
});

test('what has a name and a version is an object', () => {
  const metadata = { name: 'a', resourceVersion: '1' };
  assert.ok(isRawObject({ metadata }));
  assert.ok(isRawObject({ metadata: { ...metadata, namespace: 'n' } }));
  for (const value of [
    null,
    7,
    {},
    { metadata: null },
    { metadata: { name: 'a' } },
    { metadata: { ...metadata, name: '' } },
    { metadata: { ...metadata, resourceVersion: 1 } },
    { metadata: { ...metadata, namespace: 7 } },
  ]) {
    assert.equal(isRawObject(value), false, JSON.stringify(value));
  }
});

test('the key of a cluster-scoped object has no namespace', () => {
  assert.equal(rawKey({ metadata: { name: 'a', resourceVersion: '1' } }), '/a');
  assert.equal(rawKey({ metadata: { name: 'a', namespace: 'n', resourceVersion: '1' } }), 'n/a');
});
