import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Kind } from '../../model/objects.ts';
import { whyLost } from '../explain/explain-claim.ts';
import { deepFreeze } from '../test-objects.ts';
import type { ClaimOfRoute } from './claims.ts';
import { compareClaims } from './claims.ts';

interface Traits {
  readonly original?: string;
  readonly created?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly kind?: Kind;
}

function claimOf({
  original = 'a.b',
  created = '2026-01-01T00:00:00Z',
  namespace = 'default',
  name = 'r',
  kind = 'TLSRoute',
}: Traits): ClaimOfRoute {
  const binding = { name: '0.0.0.0:443', addresses: ['0.0.0.0'], port: 443 };
  return deepFreeze({
    claim: { binding, host: 'a.b', original, parents: [0], gateway: undefined, backends: [], policy: {} },
    route: {
      ref: { kind, namespace, name },
      generation: 1,
      creationTimestamp: created,
      parents: [],
      claims: [],
    },
  });
}

function assertWins(winner: Traits, loser: Traits): void {
  const [first, second] = [claimOf(winner), claimOf(loser)];
  assert.ok(compareClaims(first, second) < 0, `${JSON.stringify(winner)} wins over ${JSON.stringify(loser)}`);
  assert.ok(compareClaims(second, first) > 0);
}

test('the most specific hostname wins, whatever the age', () => {
  assertWins({ original: 'a.b', created: '2026-02-01T00:00:00Z' }, { original: '*.b' });
  assertWins({ original: '*.b', created: '2026-02-01T00:00:00Z' }, { original: '*' });
  assertWins({ original: '*.a.b' }, { original: '*.b' });
});

test('"the oldest Route based on creation timestamp"; an unknown age is the youngest', () => {
  assertWins({ created: '2020-09-08T01:02:03Z', name: 'z' }, { created: '2020-09-08T01:02:04Z', name: 'a' });
  assertWins({ created: '2026-01-01T00:00:00Z', name: 'z' }, { created: '', name: 'a' });
});

test('"the Route appearing first in alphabetical order (namespace/name)"', () => {
  assertWins({ namespace: 'foo', name: 'bar' }, { namespace: 'foo', name: 'baz' });
  assertWins({ namespace: 'a', name: 'z' }, { namespace: 'b', name: 'a' });
  assertWins({ namespace: 'a', name: 'z' }, { namespace: 'a-b', name: 'a' });
});

test('a TLSRoute wins over an Ingress of the same name and age, and over no older one', () => {
  assertWins({ kind: 'TLSRoute' }, { kind: 'Ingress' });
  assertWins({ kind: 'Ingress', name: 'a' }, { kind: 'TLSRoute', name: 'b' });
});

const anyClaim = fc
  .record({
    original: fc.constantFrom('a.b', 'c.b', '*.b', '*.a.b', '*'),
    created: fc.constantFrom('', '2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z'),
    namespace: fc.constantFrom('a', 'a-b', 'b'),
    name: fc.constantFrom('r', 's'),
    kind: fc.constantFrom<Kind>('TLSRoute', 'Ingress'),
  })
  .map(claimOf);

test('law: a total order', () => {
  fc.assert(
    fc.property(anyClaim, anyClaim, anyClaim, (a, b, c) => {
      assert.equal(Math.sign(compareClaims(a, b)), -Math.sign(compareClaims(b, a)) || 0);
      if (compareClaims(a, b) <= 0 && compareClaims(b, c) <= 0) assert.ok(compareClaims(a, c) <= 0);
      if (compareClaims(a, b) === 0) assert.deepEqual(a, b);
    }),
    { numRuns: 1000 },
  );
});

test('the loser is told the rule that decided', () => {
  const why = (winner: Traits, loser: Traits) => {
    assertWins(winner, loser);
    return whyLost(claimOf(winner), claimOf(loser));
  };
  assert.equal(why({}, { original: '*.b' }), 'whose hostname *.b is less specific than a.b');
  assert.match(why({}, { created: '2026-02-01T00:00:00Z' }), /^which is younger \(created 2026-02-01/);
  assert.match(why({}, { created: '' }), /^which has no creationTimestamp/);
  assert.match(
    why({ name: 'a' }, { name: 'b' }),
    /^which comes later by namespace and name \(both were created/,
  );
  assert.match(
    why({ created: '', name: 'a' }, { created: '', name: 'b' }),
    /by namespace and name \(neither has a creationTimestamp\)/,
  );
  assert.match(why({}, { kind: 'Ingress' }), /^which is no TLSRoute/);
});
