import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Claims } from './claims.ts';

const CLAIMS = ['host a', 'host b', 'host c'];
const KEYS = ['k1', 'k2', 'k3', 'k4'];

test('after any changes the oldest has a claim, the first by key of the same age; whoever else wins or loses is named', () => {
  const change = fc.record({
    key: fc.constantFrom(...KEYS),
    created: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'),
    wanted: fc.subarray(CLAIMS),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      const claims = new Claims();
      const model = new Map<string, { created: string; wanted: readonly string[] }>();
      for (const { key, created, wanted } of changes) {
        const before = new Map(CLAIMS.map((claim) => [claim, claims.holder(claim)]));
        const wantedBefore = new Map([...model].map(([each, of]) => [each, of.wanted]));
        const affected = claims.set({ key, created }, wanted);
        model.set(key, { created, wanted });
        for (const claim of CLAIMS) {
          const [first] = [...model]
            .filter(([, each]) => each.wanted.includes(claim))
            .sort(([a, one], [b, two]) => (`${one.created} ${a}` < `${two.created} ${b}` ? -1 : 1));
          assert.equal(claims.holder(claim), first?.[0]);
          for (const other of KEYS) {
            if (other === key || !wantedBefore.get(other)?.includes(claim)) continue;
            const has = (holder: string | undefined) => holder === other;
            if (has(before.get(claim)) !== has(claims.holder(claim))) assert.ok(affected.has(other));
          }
        }
      }
    }),
  );
});
