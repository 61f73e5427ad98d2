import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { alternativeNames } from './alternative-names.ts';

describe('alternative names', () => {
  const cases: readonly (readonly [string | undefined, readonly string[]])[] = [
    [undefined, []],
    ['', []],
    ['DNS:Sluice-Envoy', ['sluice-envoy']],
    ['DNS:a.example, URI:spiffe://Example/ns/a, IP Address:10.0.0.1', ['a.example', 'spiffe://Example/ns/a']],
    ['email:a@b, DNS:x', ['x']],
    // A URI that tries to look like a second entry: Node.js quotes it.
    ['URI:"spiffe://a/, DNS:sluice-envoy"', ['spiffe://a/, DNS:sluice-envoy']],
    ['DNS:"a\\u0000.example", DNS:b', ['a\u0000.example', 'b']],
    // Half a list lets nobody in.
    ['DNS:sluice-envoy, URI:"unterminated', []],
    ['DNS:sluice-envoy,DNS:x', []],
    ['sluice-envoy', []],
  ];
  for (const [text, names] of cases) {
    it(`reads ${JSON.stringify(text)}`, () => assert.deepEqual(alternativeNames(text), names));
  }
});
