import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_GATEWAY_CONFIG } from '../config.ts';
import { gateway } from '../test-objects.ts';
import { gatewayAddresses } from './bindings.ts';

const DUAL = { ...DEFAULT_GATEWAY_CONFIG, listenAddresses: ['0.0.0.0', '::'] };

function groupsOf(values: readonly string[], config = DUAL) {
  const addresses = values.map((value) => ({ type: 'IPAddress', value }));
  const { groups, unusable, isMerged } = gatewayAddresses(gateway({ addresses }), config, undefined);
  return { groups, unusable, isMerged };
}

test("the node's addresses are one group, however a Gateway asks for them", () => {
  const merged = { groups: [['0.0.0.0', '::']], unusable: [], isMerged: true };
  for (const values of [[], ['0.0.0.0'], ['::'], ['0:0::0'], ['::', '0.0.0.0']])
    assert.deepEqual(groupsOf(values), merged, values.join());
});

test('an address of its own stands beside the group', () => {
  const expected = { groups: [['0.0.0.0', '::'], ['10.0.0.1']], unusable: [], isMerged: true };
  assert.deepEqual(groupsOf(['10.0.0.1', '::']), expected);
});

test('every address of the node cannot be had where the operator chose some', () => {
  const some = { ...DEFAULT_GATEWAY_CONFIG, listenAddresses: ['10.0.0.1'] };
  assert.deepEqual(groupsOf(['0.0.0.0'], some), { groups: [], unusable: ['0.0.0.0'], isMerged: false });
});

test('an IPv4 address in the form of IPv6 cannot be had', () => {
  const values = ['::ffff:10.0.0.1', '64:ff9b::a00:1', '10.0.0.1'];
  const { groups, unusable } = groupsOf(values);
  assert.deepEqual(
    { groups, unusable },
    { groups: [['64:ff9b::a00:1'], ['10.0.0.1']], unusable: ['::ffff:10.0.0.1'] },
  );
});
