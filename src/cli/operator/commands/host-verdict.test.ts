import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { API_VERSION, type HostOnNode, type HostReport } from '../../admin/api/shapes.ts';
import { verdictOf } from './host-verdict.ts';

const AT = '2026-01-01T00:00:00.000Z';
const SERVED: HostReport['explanation'] = {
  host: 'demo.example.com',
  served: [
    {
      binding: '0.0.0.0:443',
      route: 'TLSRoute a/demo',
      as: 'demo.example.com',
      cluster: '0.0.0.0:443/demo.example.com',
      others: [],
      endpoints: [{ address: '10.0.0.1', port: 6443 }],
      reasons: [],
    },
  ],
  closed: [],
  kept: [],
  notServed: [],
  hints: [],
};

function on(node: string, state: HostOnNode['state'] = 'live', more: Partial<HostOnNode> = {}): HostOnNode {
  return { node, connectedAt: AT, state, lacks: [], ...more };
}

function report(
  name: string,
  nodes: readonly HostOnNode[],
  more: Partial<HostReport> = {},
  replica: Partial<HostReport['replica']> = {},
) {
  const answer: HostReport = {
    apiVersion: API_VERSION,
    kind: 'HostReport',
    replica: {
      name,
      version: '0.1.0',
      startedAt: AT,
      ready: true,
      leader: name === 'a',
      pending: [],
      saved: [],
      ...replica,
    },
    explanation: SERVED,
    listeners: [],
    nodes,
    expected: ['gw-1', 'gw-2', 'gw-3'].map((node) => ({ node, addresses: [] })),
    gatewayAddresses: [],
    ...more,
  };
  return { replica: name, answer };
}

function verdict(...answers: readonly ReturnType<typeof report>[]) {
  return verdictOf({ answers, failures: [] });
}

describe('the verdict on a host', () => {
  it('counts the nodes of all replicas', () => {
    const all = verdict(report('a', [on('gw-1'), on('gw-2')]), report('b', [on('gw-3')]));
    assert.deepEqual([all.state, all.verdict], ['live', 'live on 3 of 3 nodes']);
    assert.deepEqual(all.notes, []);
  });
  it('says so where the addresses are withheld from statuses', () => {
    const nodes = ['gw-1', 'gw-2', 'gw-3'].map((node) => on(node));
    const addresses = { gatewayAddresses: ['192.0.2.1', '192.0.2.2'] };
    const shadow = verdict(report('a', nodes, { ...addresses, statusMode: 'shadow' }));
    assert.equal(shadow.state, 'live');
    assert.deepEqual(shadow.notes, [
      'its DNS record does not follow Sluice: --status-mode shadow writes no address (192.0.2.1, 192.0.2.2)',
    ]);
    assert.deepEqual(verdict(report('a', nodes, { ...addresses, statusMode: 'own' })).notes, []);
  });
  it('names the nodes where it is not live, and why', () => {
    const some = verdict(
      report('a', [
        on('gw-1'),
        on('gw-2', 'rejected', { rejection: { resource: 'the cluster', error: 'no such extension' } }),
      ]),
    );
    assert.equal(some.state, 'partly');
    assert.equal(
      some.verdict,
      'live on 1 of 3 nodes: gw-2 rejects the cluster: no such extension; gw-3 is not connected',
    );
  });
  it('says for how long a node has been behind', () => {
    const none = verdict(
      report('a', [on('gw-1', 'waiting', { lacks: ['cluster'], behindMs: 3_210 })], { expected: [] }),
    );
    assert.equal(none.state, 'not live');
    assert.equal(
      none.verdict,
      'not live on the only node: gw-1 has not acknowledged its cluster (behind for 3.2 s)',
    );
  });
  it('takes a node that moves between two replicas from where it is live', () => {
    const moving = verdict(
      report('a', [on('gw-1', 'waiting', { lacks: ['cluster'] })], { expected: [] }),
      report('b', [on('gw-1')], { expected: [] }),
    );
    assert.equal(moving.verdict, 'live on 1 of 1 node');
  });
  it('believes the replica that has read everything', () => {
    const nothing = { ...SERVED, served: [] };
    const starting = report(
      'a',
      [],
      { explanation: nothing },
      { ready: false, pending: ['TLSRoute: not read'] },
    );
    const found = verdict(starting, report('b', [on('gw-1'), on('gw-2'), on('gw-3')]));
    assert.equal(found.state, 'live');
    assert.deepEqual(found.notes, ['replica a has not read everything yet: TLSRoute: not read']);
  });
  it('says so where replicas do not agree', () => {
    const other = verdict(
      report('a', [on('gw-1')]),
      report('b', [], { explanation: { ...SERVED, served: [], hints: ['none'] } }),
    );
    assert.match(other.notes.join(), /replicas do not agree/);
  });
  it('says that there is no node at all', () => {
    assert.match(verdict(report('a', [], { expected: [] })).verdict, /no gateway node is there/);
  });
  it('gives the cause in one sentence where nobody serves it', () => {
    const route = 'TLSRoute a/demo';
    const [served] = SERVED.served;
    assert.ok(served);
    const closed = { ...SERVED, served: [], closed: [{ ...served, reasons: ['no endpoint is ready'] }] };
    const refused = { ...SERVED, served: [], notServed: [{ route, reasons: ['no listener'] }] };
    const kept = { ...SERVED, served: [], kept: [{ binding: 'x', reason: 'listener y has it' }] };
    const unknown = { ...SERVED, served: [] };
    const said = [closed, refused, kept, unknown].map(
      (explanation) => verdict(report('a', [on('gw-1')], { explanation })).verdict,
    );
    assert.deepEqual(said, [
      'not served: no endpoint is ready (TLSRoute a/demo)',
      'not served: TLSRoute a/demo: no listener',
      'not served: listener y has it',
      'not served: no route has this name',
    ]);
  });
});
