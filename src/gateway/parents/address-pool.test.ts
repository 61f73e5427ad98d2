import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { NamespacedName } from '../../model/key.ts';
import { configWith, gateway, gatewayClass, lookupOf, stateOf } from '../test-objects.ts';
import { assignAddresses, parseAddressRange } from './address-pool.ts';
import { evaluateGateway } from './evaluate-gateway.ts';

const POOL = ['203.0.113.8/30'];

function made(path: string, created: string, assignedAddresses?: readonly string[] | undefined) {
  const status = assignedAddresses === undefined ? {} : { assignedAddresses };
  return gateway({ path, meta: { creationTimestamp: `2026-01-0${created}T00:00:00Z` }, ...status });
}

function assign(
  gateways: readonly ReturnType<typeof gateway>[],
  pool = POOL,
  given: Readonly<Record<string, string>> = {},
) {
  const before = Object.entries(given).map(([key, address]) => [key as NamespacedName, address] as const);
  return Object.fromEntries(assignAddresses(gateways, pool, new Map(before)));
}

test('a range is one address or a CIDR range without further bits', () => {
  assert.deepEqual(parseAddressRange('10.0.0.1'), { family: 'IPv4', first: 0x0a000001n, last: 0x0a000001n });
  assert.deepEqual(parseAddressRange('10.0.0.0/30'), {
    family: 'IPv4',
    first: 0x0a000000n,
    last: 0x0a000003n,
  });
  assert.equal(parseAddressRange('2001:db8::/64')?.family, 'IPv6');
  for (const bad of [
    '',
    '10.0.0.1/30',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0/8',
    'x',
    '::/129',
    '10.0.0.0/3.0',
  ])
    assert.equal(parseAddressRange(bad), undefined, bad);
});

test('the oldest Gateway gets the first free address', () => {
  assert.deepEqual(assign([made('a/young', '2'), made('b/old', '1')]), {
    'b/old': '203.0.113.8',
    'a/young': '203.0.113.9',
  });
});

test('what a status shows stays, though an older address has become free', () => {
  assert.deepEqual(assign([made('a/second', '2', ['203.0.113.9']), made('a/third', '3')]), {
    'a/second': '203.0.113.9',
    'a/third': '203.0.113.8',
  });
});

test('an address that two statuses show stays with the older Gateway', () => {
  assert.deepEqual(assign([made('a/young', '2', ['203.0.113.9']), made('a/old', '1', ['203.0.113.9'])]), {
    'a/old': '203.0.113.9',
    'a/young': '203.0.113.8',
  });
});

test('what was given stays, though no status shows it yet and a Gateway of the same second comes first by name', () => {
  const first = made('a/second', '1');
  const given = assign([first]);
  assert.deepEqual(assign([first, made('a/first', '1')], POOL, given), {
    'a/second': '203.0.113.8',
    'a/first': '203.0.113.9',
  });
});

test('what a status shows comes before what was given', () => {
  const given = { 'a/first': '203.0.113.8', 'a/gone': '203.0.113.9' };
  assert.deepEqual(assign([made('a/first', '1'), made('a/second', '2', ['203.0.113.8'])], POOL, given), {
    'a/second': '203.0.113.8',
    'a/first': '203.0.113.9',
  });
});

test('an address outside the pool is not kept, and one that a spec names is nobody else’s', () => {
  const named = gateway({ path: 'a/named', addresses: [{ type: 'IPAddress', value: '203.0.113.8' }] });
  assert.deepEqual(assign([named, made('a/other', '1', ['198.51.100.1'])]), { 'a/other': '203.0.113.9' });
});

test('a Gateway that asks for the address of another by name does not move the other one away', () => {
  const named = gateway({ path: 'a/named', addresses: [{ type: 'IPAddress', value: '203.0.113.8' }] });
  assert.deepEqual(assign([named, made('a/other', '1', ['203.0.113.8'])]), { 'a/other': '203.0.113.8' });
});

test('an empty pool says so, and serves nowhere rather than on the nodes', () => {
  const config = configWith({ addressPool: ['203.0.113.8'] });
  const lookup = { ...lookupOf([gatewayClass()], config), poolAddress: () => undefined };
  const model = evaluateGateway(gateway(), lookup, config);
  assert.equal(stateOf(model?.conditions, 'Programmed'), 'False AddressNotAssigned');
  assert.deepEqual(
    model?.listeners.flatMap(({ bindings }) => bindings),
    [],
  );
});

test('a Gateway is bound to its address of the pool alone', () => {
  const config = configWith({ addressPool: POOL });
  const lookup = { ...lookupOf([gatewayClass()], config), poolAddress: () => '203.0.113.9' };
  for (const addresses of [[], [{ type: 'IPAddress', value: '' }]]) {
    const model = evaluateGateway(gateway({ addresses }), lookup, config);
    assert.deepEqual(model?.addresses, ['203.0.113.9']);
    assert.equal(model?.isMerged, false);
    assert.deepEqual(
      model?.listeners[0]?.bindings.map(({ name }) => name),
      ['203.0.113.9:443'],
    );
  }
});

test('no two have one address, the order of Gateways has no influence, and the outcome once shown is kept', () => {
  const some = fc.uniqueArray(
    fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      created: fc.constantFrom('1', '2', '3'),
      shown: fc.option(fc.constantFrom('203.0.113.8', '203.0.113.10', '2001:db8::2', '192.0.2.1'), {
        nil: undefined,
      }),
    }),
    { selector: ({ name }) => name, maxLength: 6 },
  );
  const pool = ['203.0.113.8/30', '2001:db8::/64'];
  fc.assert(
    fc.property(some, (records) => {
      const gateways = records.map(({ name, created, shown }) =>
        made(`n/${name}`, created, shown && [shown]),
      );
      const assigned = assign(gateways, pool);
      assert.equal(Object.keys(assigned).length, gateways.length);
      assert.equal(new Set(Object.values(assigned)).size, gateways.length);
      assert.deepEqual(assign(gateways.toReversed(), pool), assigned);
      const shownNow = records.map(({ name, created }) =>
        made(`n/${name}`, created, [assigned[`n/${name}`] ?? '']),
      );
      // Whichever Gateway goes, no other one moves.
      for (let gone = 0; gone < shownNow.length; gone += 1) {
        const rest = shownNow.toSpliced(gone, 1);
        for (const [key, address] of Object.entries(assign(rest, pool))) assert.equal(address, assigned[key]);
      }
    }),
  );
});
