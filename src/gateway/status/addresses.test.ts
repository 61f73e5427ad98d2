import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node } from '../../model/objects.ts';
import { gatewayNodeAddresses, publishedAddresses } from './addresses.ts';

function node(name: string, addresses: Node['addresses'], role = 'true'): Node {
  const labels = { 'node-role.kubernetes.io/gateway': role };
  const rest = { uid: '', generation: 0, creationTimestamp: '', annotations: {} };
  return { kind: 'Node', meta: { namespace: '', name, labels, ...rest }, addresses };
}

test('addresses of the labelled nodes whose Envoy serves: external, else internal', () => {
  const internal = { type: 'InternalIP', address: '10.0.0.1' };
  const nodes = [
    node('b', [internal, { type: 'ExternalIP', address: '203.0.113.2' }, { type: 'Hostname', address: 'b' }]),
    node('a', [{ type: 'InternalIP', address: '10.0.0.2' }]),
    node('silent', [{ type: 'ExternalIP', address: '203.0.113.3' }]),
    node('worker', [{ type: 'ExternalIP', address: '203.0.113.4' }], 'false'),
  ];
  const serving = new Set(['a', 'b', 'worker']);
  assert.deepEqual(gatewayNodeAddresses(nodes, serving), ['10.0.0.2', '203.0.113.2']);
});

test('an own address counts alone; on shared ones the operator’s, else specific ones and the nodes’', () => {
  const nodes = ['203.0.113.1'];
  const none = { configured: [], nodes };
  assert.deepEqual(publishedAddresses(['198.51.100.1'], false, { configured: ['1.1.1.1'], nodes }), [
    '198.51.100.1',
  ]);
  assert.deepEqual(publishedAddresses(['0.0.0.0', '::'], true, none), nodes);
  assert.deepEqual(publishedAddresses(['198.51.100.1'], true, none), ['198.51.100.1']);
  assert.deepEqual(publishedAddresses(['198.51.100.1', '::'], true, none), ['198.51.100.1', '203.0.113.1']);
  assert.deepEqual(publishedAddresses(['0.0.0.0'], true, { configured: ['192.0.2.9'], nodes }), [
    '192.0.2.9',
  ]);
});
