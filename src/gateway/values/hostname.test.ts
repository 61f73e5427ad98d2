import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  ANY_HOST,
  compareSpecificity,
  hostMatches,
  intersectHostnames,
  isValidHostname,
  normalizeHostname,
} from './hostname.ts';

test('a name is lower-cased and loses the dot of the root', () => {
  assert.equal(normalizeHostname('API.Example.COM.'), 'api.example.com');
  assert.equal(normalizeHostname('*.Example.com'), '*.example.com');
});

test('hostnames are those of RFC 1123 with an optional wildcard label in front', () => {
  const valid = ['a', 'a.b', '*.com', '*.example.com', 'xn--bcher-kva.example', '0.example', 'a-b.c', 'a.1b'];
  for (const name of valid) assert.equal(isValidHostname(name), true, name);
  const invalid = [
    '',
    '*',
    '.',
    '*.',
    'a..b',
    '.a',
    'a.',
    '-a.b',
    'a-.b',
    'a.*.b',
    '**.a',
    'a*.b',
    'a_b.c',
    'A.b',
    'a b',
    'a/b',
    '*.*.a',
    '1.2.3.4',
    '::1',
    'ä.example',
    'a\n.b',
    `${'a'.repeat(64)}.b`,
    `${'a.'.repeat(126)}aa`,
  ];
  for (const name of invalid) assert.equal(isValidHostname(name), false, JSON.stringify(name));
  assert.equal(isValidHostname(`${'a'.repeat(63)}.b`), true);
  assert.equal(isValidHostname(`${'a.'.repeat(126)}a`), true, '253 characters');
});

test('a million characters are refused at once', () => {
  assert.equal(isValidHostname('a'.repeat(1_000_000)), false);
});

test('a wildcard matches any number of labels, but not its own suffix', () => {
  assert.equal(hostMatches('*.example.com', 'test.example.com'), true);
  assert.equal(hostMatches('*.example.com', 'foo.test.example.com'), true);
  assert.equal(hostMatches('*.example.com', 'example.com'), false);
  assert.equal(hostMatches('*.example.com', 'badexample.com'), false);
  assert.equal(hostMatches('*.example.com', '*.foo.example.com'), true);
  assert.equal(hostMatches('*.foo.example.com', '*.example.com'), false);
  assert.equal(hostMatches(ANY_HOST, '*.example.com'), true);
  assert.equal(hostMatches('*.example.com', ANY_HOST), false);
  assert.equal(hostMatches('a.example.com', '*.example.com'), false);
});

test('the examples of the TLSRoute hostnames documentation', () => {
  // "A Listener with `test.example.com` matches TLSRoutes that have specified `test.example.com` or `*.example.com`."
  assert.equal(intersectHostnames('test.example.com', 'test.example.com'), 'test.example.com');
  assert.equal(intersectHostnames('test.example.com', '*.example.com'), 'test.example.com');
  // "`test.example.com` and `*.example.com` would both match. `example.com` and `test.example.net` would not match."
  assert.equal(intersectHostnames('*.example.com', 'test.example.com'), 'test.example.com');
  assert.equal(intersectHostnames('*.example.com', '*.example.com'), '*.example.com');
  assert.equal(intersectHostnames('*.example.com', 'example.com'), undefined);
  assert.equal(intersectHostnames('*.example.com', 'test.example.net'), undefined);
  assert.equal(intersectHostnames('*.example.com', '*.com'), '*.example.com');
});

test('exact before wildcard, more labels before fewer, everything last', () => {
  const sorted = ['a.example.com', '*.foo.example.com', '*.example.com', '*.com', ANY_HOST];
  assert.deepEqual(sorted.toReversed().sort(compareSpecificity), sorted);
});

const label = fc.constantFrom('a', 'b', 'c');
const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
const pattern = fc.oneof(
  name,
  name.map((text) => `*.${text}`),
  fc.constant(ANY_HOST),
);

test('law: intersection is commutative, associative and idempotent', () => {
  fc.assert(
    fc.property(pattern, pattern, pattern, (a, b, c) => {
      assert.equal(intersectHostnames(a, b), intersectHostnames(b, a));
      assert.equal(intersectHostnames(a, a), a);
      const ab = intersectHostnames(a, b);
      const bc = intersectHostnames(b, c);
      assert.equal(ab && intersectHostnames(ab, c), bc && intersectHostnames(a, bc));
    }),
  );
});

test('law: a host is matched by an intersection exactly where both patterns match it', () => {
  fc.assert(
    fc.property(pattern, pattern, name, (a, b, host) => {
      const both = intersectHostnames(a, b);
      assert.equal(
        both !== undefined && hostMatches(both, host),
        hostMatches(a, host) && hostMatches(b, host),
      );
    }),
  );
});

test('law: of two patterns where one holds the other, the inner is more specific', () => {
  fc.assert(
    fc.property(pattern, pattern, (a, b) => {
      if (a !== b && hostMatches(a, b)) assert.ok(compareSpecificity(b, a) < 0, `${b} inside ${a}`);
    }),
  );
});

test('law: nothing throws', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      isValidHostname(normalizeHostname(a));
      intersectHostnames(a, b);
      compareSpecificity(a, b);
    }),
  );
});
