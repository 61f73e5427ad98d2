import assert from 'node:assert/strict';
import { test } from 'node:test';
import { invalidHostnames } from './explain-hostname.ts';
import { isValidHostname, normalizeHostname } from './hostname.ts';

test('says why a name is none of a host', () => {
  for (const [name, reason] of [
    ['', /empty/],
    ['https://a.example.com', /URL/],
    ['a.example.com/api', /path/],
    ['A.example.com:443', /port/],
    ['10.0.0.1', /IP address/],
    ['10.0.0.1:443', /IP address/],
    ['[fd00::1]', /IP address/],
    ['fd00::1', /IP address/],
    ['a_b.example.com', /underscore/],
    ['a b', /blank/],
    ['*', /whole first label/],
    ['a.*.example.com', /whole first label/],
    ['*.*.example.com', /whole first label/],
    ['bücher.example', /Punycode/],
    ['a..b', /empty label/],
    ['-a.example.com', /hyphen/],
    [`${'a'.repeat(64)}.example.com`, /63 characters/],
    [`${'a.'.repeat(130)}b`, /253 characters/],
    ['a!b.example.com', /letters, digits/],
  ] as const) {
    assert.equal(isValidHostname(normalizeHostname(name)), false, name);
    assert.match(invalidHostnames([name]), reason, name);
  }
});

test('is bounded, and cuts no reason off', () => {
  const text = invalidHostnames(Array.from({ length: 1_000 }, () => `${'x'.repeat(10_000)}_`));
  assert.ok(text.length < 1_000);
  assert.match(text, /^"x+…" \(has an underscore\), .* and 995 more$/);
});
