import assert from 'node:assert/strict';
import { test } from 'node:test';
import { referenceGrant } from '../test-objects.ts';
import { nearMiss } from './near-grant.ts';

const GROUP = 'gateway.networking.k8s.io';
const FROM = { group: GROUP, kind: 'TLSRoute', namespace: 'tenant' };
const TO = { group: '', kind: 'Service', namespace: 'planes', name: 'api' };

test('a grant that is meant for the route and misses is named, with what is written and what is needed', () => {
  const grant = (from: object, to: object) =>
    nearMiss(FROM, TO, [
      referenceGrant({
        from: [{ ...FROM, ...from }],
        to: [{ group: '', kind: 'Service', name: undefined, ...to }],
      }),
    ]);
  assert.equal(
    grant({}, { group: 'core' }),
    'ReferenceGrant grant would, but its to.group is "core" and must be ""',
  );
  assert.match(
    grant({ kind: 'HTTPRoute' }, {}) ?? '',
    /its from\.kind is "HTTPRoute" and must be "TLSRoute"$/,
  );
  assert.match(
    grant({ group: '' }, { name: 'apl' }) ?? '',
    /from\.group is "".*, its to\.name is "apl" and must be "api"$/,
  );
});

test('of grants for others nothing is told', () => {
  assert.equal(
    nearMiss(FROM, TO, [referenceGrant({ from: [{ ...FROM, namespace: 'other' }], to: [] })]),
    undefined,
  );
  assert.equal(nearMiss(FROM, TO, []), undefined);
});
