import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node } from '../../model/objects.ts';
import { expectedNodes } from './expected-nodes.ts';

function node(name: string, role?: string): Node {
  const labels = role === undefined ? {} : { 'node-role.kubernetes.io/gateway': role };
  const rest = { uid: '', generation: 0, creationTimestamp: '', annotations: {} };
  return { kind: 'Node', meta: { namespace: '', name, labels, ...rest }, addresses: [] };
}

test('nodes with the gateway label are expected, and missing without an Envoy of their name', () => {
  const nodes = [node('gw-2', 'true'), node('gw-1', 'true'), node('worker'), node('off', 'false')];
  assert.deepEqual(expectedNodes(nodes, new Set(['gw-1', 'worker', 'elsewhere'])), {
    expected: ['gw-1', 'gw-2'],
    missing: ['gw-2'],
  });
  assert.deepEqual(expectedNodes([], new Set(['gw-1'])), { expected: [], missing: [] });
});
