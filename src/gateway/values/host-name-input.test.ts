import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostNameProblem, readHostName } from './host-name-input.ts';

test('a host name as people write it', () => {
  for (const [written, host] of [
    ['demo.example.com', 'demo.example.com'],
    [' Demo.Example.COM. ', 'demo.example.com'],
    ['bücher.example.com', 'xn--bcher-kva.example.com'],
    ['xn--bcher-kva.example.com', 'xn--bcher-kva.example.com'],
    ['例え.jp', 'xn--r8jz45g.jp'],
    ['localhost', 'localhost'],
  ] as const)
    assert.equal(readHostName(written), host);
});

test('what is none', () => {
  for (const written of [
    '',
    '.',
    'a..b',
    '-a.b',
    'a_b.c',
    '1.2.3.4',
    '[::1]',
    '2001:db8::1',
    '*.a.b',
    '*',
    'a b',
    'https://a.b/',
    'a.b:443',
    'x'.repeat(64),
    `${'a.'.repeat(127)}b.c`,
    'a\u0000b',
  ]) {
    assert.equal(readHostName(written), undefined, written);
    assert.ok(hostNameProblem(written).length < 300, written);
  }
});
