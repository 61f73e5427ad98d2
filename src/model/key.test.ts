import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ObjectRef } from './events.ts';
import {
  isOfKind,
  namespacedName,
  objectKey,
  objectKeyOf,
  parseNamespacedName,
  parseObjectKey,
  withinKind,
} from './key.ts';
import { KINDS } from './kinds.ts';

const name = fc.stringMatching(/^[a-z0-9](\.?[-a-z0-9]*[a-z0-9])?$/);
const ref: fc.Arbitrary<ObjectRef> = fc.record(
  {
    kind: fc.constantFrom(...KINDS),
    namespace: fc.oneof(fc.constant(''), name),
    name,
  },
  { noNullPrototype: true },
);

test('a key gives back what it was made of, and no other object has it', () => {
  fc.assert(
    fc.property(ref, ref, (object, other) => {
      const key = objectKey(object);
      const { kind, namespace, name } = object;
      assert.deepEqual(parseObjectKey(key), object);
      assert.deepEqual(parseNamespacedName(withinKind(key)), { namespace, name });
      assert.equal(objectKeyOf(kind, namespacedName(namespace, name)), key);
      for (const each of KINDS) assert.equal(isOfKind(key, each), each === kind);
      const isSame = other.kind === kind && other.namespace === namespace && other.name === name;
      assert.equal(objectKey(other) === key, isSame);
    }),
  );
});
