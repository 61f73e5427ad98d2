import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import type { ConnectedNode } from '../../xds/server.ts';
import { registerNodeSeries } from './node-series.ts';

function node(id: string, maxConnections?: number): ConnectedNode {
  return {
    id,
    version: '1.40.0',
    peer: '127.0.0.1:1',
    ...(maxConnections !== undefined && { limits: { maxConnections, descriptors: undefined } }),
  } as unknown as ConnectedNode;
}

test('a node has the sum, or the worst, of its Envoys, and no series once it has gone', async () => {
  const registry = new Registry();
  let connected = [node('gw-1', 50), node('gw-1', 50), node('gw-2')];
  const lags = new Map(connected.map((each, index) => [each, index + 1]));
  registerNodeSeries(registry, {
    connected: () => connected,
    expected: () => ['gw-1', 'gw-2', 'gw-3'],
    lagOf: (each) => lags.get(each) ?? 0,
    heldCount: ({ id }, typeUrl) => (id === 'gw-1' && typeUrl === 'c' ? 3 : 0),
    types: new Map([
      ['c', 'cluster'],
      ['l', 'listener'],
    ]),
  });
  const series = async (name: string): Promise<Readonly<Record<string, number>>> => {
    const lines = (await registry.metrics()).matchAll(
      new RegExp(`^${name}\\{gateway_node=(.*)\\} (\\d+)$`, 'gm'),
    );
    return Object.fromEntries([...lines].map(([, labels = '', value]) => [labels, Number(value)]));
  };
  assert.deepEqual(await series('sluice_xds_node_expected'), { '"gw-1"': 1, '"gw-2"': 1, '"gw-3"': 1 });
  assert.deepEqual(await series('sluice_xds_node_connected'), { '"gw-1"': 2, '"gw-2"': 1 });
  assert.deepEqual(await series('sluice_xds_node_lag_seconds'), { '"gw-1"': 2, '"gw-2"': 3 });
  assert.deepEqual(await series('sluice_xds_node_max_connections'), { '"gw-1"': 100 });
  assert.deepEqual(await series('sluice_xds_node_held_resources'), {
    '"gw-1",type="cluster"': 6,
    '"gw-2",type="cluster"': 0,
    '"gw-1",type="listener"': 0,
    '"gw-2",type="listener"': 0,
  });
  connected = [node('gw-2')];
  assert.deepEqual(await series('sluice_xds_node_connected'), { '"gw-2"': 1 });
});

test('node ids that clients make up do not become thousands of series', async () => {
  const registry = new Registry();
  const connected = Array.from({ length: 5_000 }, (_, index) => node(`made-up-${index}`));
  registerNodeSeries(registry, {
    connected: () => connected,
    expected: () => [],
    lagOf: () => 0,
    heldCount: () => 0,
    types: new Map(),
  });
  const lines = (await registry.metrics()).match(/^sluice_xds_node_connected\{/gm);
  assert.equal(lines?.length, 1_000);
});
