import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KINDS } from '../model/kinds.ts';
import { decodeObject } from '../watchers/objects/decode.ts';
import { resourceOf, WATCHED_KINDS } from './watched-kind.ts';

test('every kind of the model is watched, once', () => {
  assert.deepEqual(WATCHED_KINDS.map(({ kind }) => kind).sort(), [...KINDS].sort());
});

test('every version that may be read is one that the decoder knows', () => {
  for (const watched of WATCHED_KINDS) {
    for (const version of watched.versions) {
      const { apiVersion } = resourceOf(watched, version);
      const decoded = decodeObject({
        apiVersion,
        kind: watched.kind,
        metadata: { name: 'a', namespace: 'b' },
      });
      const wrong = decoded.type === 'invalid' && decoded.code !== 'SLUICE_OBJECT_INVALID';
      assert.ok(
        decoded.type !== 'ignored' && !wrong,
        `${apiVersion} ${watched.kind}: ${JSON.stringify(decoded)}`,
      );
    }
  }
});

test('those that a label chooses are read whole: no protobuf, which leaves fields out', () => {
  const services = WATCHED_KINDS.find(({ kind }) => kind === 'Service');
  assert.ok(services !== undefined);
  const chosen = resourceOf({ ...services, labelSelector: 'a in (b,c)' }, 'v1');
  assert.deepEqual(chosen.query, { labelSelector: 'a in (b,c)' });
  assert.equal(chosen.accept.list, 'application/json');
  assert.notEqual(resourceOf(services, 'v1').accept.list, 'application/json');
});
