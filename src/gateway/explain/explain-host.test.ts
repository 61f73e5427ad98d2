import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hintsOf, nearestHosts, shadowed } from './explain-host.ts';

test('the nearest names, the nearest first; not what the name is matched by, and nothing far', () => {
  const hosts = [
    'api.exampel.com',
    'api.example.com',
    'web.other.example.com',
    'ap.example.org',
    '*.example.co',
  ];
  assert.deepEqual(nearestHosts('apl.example.com', hosts), ['api.example.com']);
  assert.deepEqual(nearestHosts('api.examplle.com', hosts), ['api.example.com', 'api.exampel.com']);
  assert.deepEqual(nearestHosts('api', ['api.example.com', 'apis.example.com']), ['api.example.com']);
  assert.deepEqual(nearestHosts('x.example.co', hosts), []);
  assert.deepEqual(nearestHosts('nothing.net', hosts), []);
});

test('at most three of them', () => {
  const hosts = Array.from({ length: 9 }, (_, index) => `a${index}.example.com`);
  assert.deepEqual(nearestHosts('a.example.com', hosts), hosts.slice(0, 3));
});

test('a name that nobody has and no listener takes', () => {
  assert.deepEqual(hintsOf([], []), [
    'no listener takes this hostname: a Gateway needs one with protocol TLS and mode Passthrough',
  ]);
  assert.match(
    shadowed('*.a', 'b.a', 'TLSRoute x/y'),
    /\*\.a is shadowed by the more specific b\.a of TLSRoute x\/y$/,
  );
});
