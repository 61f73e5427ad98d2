import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addBytes, addConnections, type TrafficOfHosts } from './host-traffic.ts';

describe('what an Envoy counts of hosts', () => {
  it('adds up the open connections of all endpoints, and nothing else', () => {
    const traffic: TrafficOfHosts = new Map();
    for (const line of [
      '0.0.0.0:443/a.example.com::10.0.0.1:6443::cx_active::2',
      '0.0.0.0:443/a.example.com::10.0.0.2:6443::cx_active::3',
      '0.0.0.0:443/a.example.com::10.0.0.2:6443::cx_total::300',
      '0.0.0.0:443/a.example.com::default_priority::max_connections::10000',
      '0.0.0.0:443/idle.example.com::10.0.0.3:6443::cx_active::0',
      '[::]:8443/*.b.example.com::[fd00::1]:6443::cx_active::7',
      'sluice_xds::10.0.0.9:18000::cx_active::1',
      '',
      'cx_active::1',
    ])
      addConnections(traffic, line);
    assert.deepEqual(
      traffic,
      new Map([
        ['a.example.com:443', { connections: 5 }],
        ['*.b.example.com:8443', { connections: 7 }],
      ]),
    );
  });

  it('adds up the bytes of both ways', () => {
    const traffic: TrafficOfHosts = new Map([['a.example.com:443', { connections: 1 }]]);
    const stats = [
      { name: 'cluster.0.0.0.0_443/a.example.com.upstream_cx_rx_bytes_total', value: 40 },
      { name: 'cluster.0.0.0.0_443/a.example.com.upstream_cx_tx_bytes_total', value: 2 },
      { name: 'cluster.[__]_443/b.example.com.upstream_cx_tx_bytes_total', value: 5 },
      { name: 'cluster.sluice_xds.upstream_cx_rx_bytes_total', value: 9 },
    ];
    addBytes(traffic, JSON.stringify({ stats }));
    assert.deepEqual(
      traffic,
      new Map([
        ['a.example.com:443', { connections: 1, bytes: 42 }],
        ['b.example.com:443', { connections: 0, bytes: 5 }],
      ]),
    );
    addBytes(traffic, '{}');
    assert.equal(traffic.size, 2);
  });
});
