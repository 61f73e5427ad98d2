import assert from 'node:assert/strict';
import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { addressScope, formatSocketAddress, isMetadataAddress, parseIpAddress } from './ip-address.ts';

function scopeOf(text: string): string | undefined {
  const address = parseIpAddress(text);
  return address && addressScope(address);
}

test('addresses have one spelling', () => {
  const spellings: readonly [string, string][] = [
    ['100.65.0.105', '100.65.0.105'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['::', '::'],
    ['1::', '1::'],
    ['::ffff:1.2.3.4', '::ffff:102:304'],
  ];
  for (const [written, canonical] of spellings)
    assert.equal(parseIpAddress(written)?.text, canonical, written);
});

test('what Kubernetes does not take for an address is none', () => {
  const wrong = [
    '',
    'a',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '1.2.3.256',
    '1.2.3.4 ',
    '1.2.3.4/32',
    '0x7f.1',
    '127.1',
    ':',
    ':::',
    '1:2',
    '::1%lo',
    '[::1]',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '::g',
    '::12345',
    '1.2.3.4::',
    'localhost',
  ];
  for (const text of wrong) assert.equal(parseIpAddress(text), undefined, text);
});

test('IPv6 is put in brackets before a port', () => {
  assert.equal(formatSocketAddress('::', 443), '[::]:443');
  assert.equal(formatSocketAddress('0.0.0.0', 443), '0.0.0.0:443');
});

test('the scope of an address, also through IPv6 forms of an IPv4 address', () => {
  const scopes: readonly [string, string][] = [
    ['100.65.0.105', 'global'],
    ['10.0.0.1', 'global'],
    ['2001:db8::1', 'global'],
    ['fd00::1', 'global'],
    ['127.0.0.1', 'loopback'],
    ['127.255.0.9', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::127.0.0.1', 'loopback'],
    ['64:ff9b::7f00:1', 'loopback'],
    ['169.254.169.254', 'link-local'],
    ['::ffff:169.254.169.254', 'link-local'],
    ['64:ff9b::a9fe:a9fe', 'link-local'],
    ['fe80::1', 'link-local'],
    ['febf::1', 'link-local'],
    ['fec0::1', 'global'],
    ['0.0.0.0', 'unspecified'],
    ['::', 'unspecified'],
    ['::ffff:0.0.0.0', 'unspecified'],
    ['0.0.0.1', 'reserved'],
    ['224.0.0.1', 'multicast'],
    ['239.1.1.1', 'multicast'],
    ['ff02::1', 'multicast'],
    ['240.0.0.1', 'reserved'],
    ['255.255.255.255', 'reserved'],
  ];
  for (const [text, scope] of scopes) assert.equal(scopeOf(text), scope, text);
});

test('the metadata service of AWS is known by its IPv6 address however it is written', () => {
  const address = parseIpAddress('FD00:0EC2:0::0254');
  assert.ok(address !== undefined && isMetadataAddress(address));
});

test('law: Node agrees on what is an address and on its canonical form', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()), (text) => {
      const address = parseIpAddress(text);
      const family = isIPv4(text) ? 'IPv4' : isIPv6(text) && !text.includes('%') ? 'IPv6' : undefined;
      assert.equal(address?.family, family, text);
      if (address === undefined || address.text.startsWith('::')) return;
      // Node writes addresses in `::/64` partly as dotted IPv4, which we never do.
      const canonical = new SocketAddress({
        address: text,
        family: address.family === 'IPv4' ? 'ipv4' : 'ipv6',
      });
      assert.equal(address.text, canonical.address);
    }),
    { numRuns: 1000 },
  );
});

test('law: the canonical form of a canonical form is itself', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
      const once = parseIpAddress(text)?.text ?? '';
      assert.equal(parseIpAddress(once)?.text, once);
    }),
  );
});
