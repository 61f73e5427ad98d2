/**
 * What tenants do, each against a real Envoy with a drain time of 3 s: the change takes effect, and 5 s after it the
 * long-lived connections of every host that it does not touch are still open.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  gateway,
  gatewayClass,
  listenerSet,
  type Manifest,
  service,
  tlsRoute,
} from '../harness/manifests.ts';
import type { LongLived } from '../harness/tls-client.ts';
import { freePorts, GatewayNode, type GatewayNodeOptions, serviceOf } from './gateway-node.ts';

const DOMAIN = 'stage.example.com';
const BYSTANDERS = ['by.stage.example.com', 'x.wild.stage.example.com', 'shadowed.wild.stage.example.com'];
const DRAIN_SECONDS = 3;
/** Past the drain time: what a change drains is closed by now. */
const LATER_MS = 5_000;

interface Scenario {
  readonly node: GatewayNode;
  readonly port: number;
  readonly otherPort: number;
}

/** Runs `change` beside tenants that have nothing to do with it, and asserts that they noticed nothing. */
async function undisturbed(
  change: (scenario: Scenario) => Promise<void>,
  options: GatewayNodeOptions = {},
): Promise<void> {
  const [port = 0, otherPort = 0] = await freePorts(2);
  await using node = await GatewayNode.start(
    { 'gateway.yaml': [gatewayClass(), gateway('gw', [{ name: 'tls', port, hostname: `*.${DOMAIN}` }])] },
    { drainTimeSeconds: DRAIN_SECONDS, ...options },
  );
  const backend = await node.backend('bystander');
  await node.write('bystanders.yaml', [
    ...serviceOf('bystander', backend),
    tlsRoute({ name: 'by', hosts: ['by.stage.example.com'], backends: [{ name: 'bystander' }] }),
    tlsRoute({ name: 'wild', hosts: ['*.wild.stage.example.com'], backends: [{ name: 'bystander' }] }),
    tlsRoute({
      name: 'shadowed',
      hosts: ['shadowed.wild.stage.example.com'],
      backends: [{ name: 'bystander' }],
    }),
  ]);
  const connections = new Map<string, LongLived>();
  for (const host of BYSTANDERS) {
    await node.untilServedBy('bystander', host, port);
    connections.set(host, await node.longLived(host, port));
  }
  await change({ node, port, otherPort });
  await delay(LATER_MS);
  for (const [host, connection] of connections) assert.equal(await connection.ping(), 'bystander', host);
}

/** A tenant `name` with a host, a route, a Service and a backend that answers with its name. */
async function tenant(
  { node }: Scenario,
  name: string,
  hosts = [`${name}.${DOMAIN}`],
): Promise<{ manifests: Manifest[] }> {
  const backend = await node.backend(name);
  const manifests = [...serviceOf(name, backend), tlsRoute({ name, hosts, backends: [{ name }] })];
  await node.write(`${name}.yaml`, manifests);
  return { manifests };
}

describe('a gateway node', { concurrency: 4 }, () => {
  it('serves an exact host', () =>
    undisturbed(async (scenario) => {
      const { node, port } = scenario;
      await tenant(scenario, 'demo');
      await node.untilServedBy('demo', 'demo.stage.example.com', port);
      assert.equal((await node.get('demo.stage.example.com', port)).sni, 'demo.stage.example.com');
    }));

  it('serves a wildcard, for one label and more, and not its own apex', () =>
    undisturbed(async (scenario) => {
      const { node, port } = scenario;
      await tenant(scenario, 'apps', ['*.apps.stage.example.com']);
      await node.untilServedBy('apps', 'a.apps.stage.example.com', port);
      assert.equal((await node.get('b.a.apps.stage.example.com', port)).backend, 'apps');
      assert.equal((await node.attempt('apps.stage.example.com', port)).outcome, 'closed');
    }));

  it('serves an exact host under a wildcard of another tenant', () =>
    undisturbed(async (scenario) => {
      const { node, port } = scenario;
      await tenant(scenario, 'apps', ['*.apps.stage.example.com']);
      await tenant(scenario, 'own', ['own.apps.stage.example.com']);
      await node.untilServedBy('own', 'own.apps.stage.example.com', port);
      await node.untilServedBy('apps', 'other.apps.stage.example.com', port);
    }));

  it('keeps a live exact host when a wildcard is added above it, and when that goes again', () =>
    undisturbed(async (scenario) => {
      const { node, port } = scenario;
      await tenant(scenario, 'own', ['own.apps.stage.example.com']);
      await node.untilServedBy('own', 'own.apps.stage.example.com', port);
      const connection = await node.longLived('own.apps.stage.example.com', port);
      await tenant(scenario, 'apps', ['*.apps.stage.example.com']);
      await node.untilServedBy('apps', 'other.apps.stage.example.com', port);
      await node.untilServedBy('own', 'own.apps.stage.example.com', port);
      assert.equal(await connection.ping(), 'own');
      await node.write('apps.yaml', []);
      await node.untilClosed('other.apps.stage.example.com', port);
      assert.equal((await node.get('own.apps.stage.example.com', port)).backend, 'own');
      await delay(LATER_MS);
      assert.equal(await connection.ping(), 'own');
    }));

  it('keeps two Gateways apart: by port, and one hostname of each on one port', () =>
    undisturbed(async (scenario) => {
      const { node, port, otherPort } = scenario;
      await node.write('gw2.yaml', [
        gateway('gw2', [
          { name: 'other-port', port: otherPort },
          { name: 'other-name', port, hostname: '*.prod.example.com' },
        ]),
      ]);
      const backend = await node.backend('second');
      await node.write('second.yaml', [
        ...serviceOf('second', backend),
        tlsRoute({
          name: 'second',
          gateway: 'gw2',
          hosts: ['api.prod.example.com', 'by.stage.example.com'],
          backends: [{ name: 'second' }],
        }),
      ]);
      await node.untilServedBy('second', 'api.prod.example.com', port);
      await node.untilServedBy('second', 'api.prod.example.com', otherPort);
      await node.untilServedBy('second', 'by.stage.example.com', otherPort);
      // gw2's listeners on the shared port do not include this host: it stays the first tenant's.
      assert.equal((await node.get('by.stage.example.com', port)).backend, 'bystander');
    }));

  it('serves listeners that tenants add, on a name and a port of their own, until they go', () =>
    undisturbed(async (scenario) => {
      const { node, port, otherPort } = scenario;
      const allowedListeners = { namespaces: { from: 'All' } };
      const own = [{ name: 'own', port, hostname: '*.prod.example.com' }];
      const { metadata, ...open } = gateway('gw2', own, ['127.0.0.1'], { allowedListeners });
      const annotations = { 'sluice.dev/wildcard-claims': 'Anyone' };
      await node.write('gw2.yaml', [{ ...open, metadata: { ...(metadata as object), annotations } }]);
      const backends = [await node.backend('shared'), await node.backend('added')] as const;
      await node.write('shared.yaml', [
        ...serviceOf('shared', backends[0]),
        tlsRoute({
          name: 'shared',
          gateway: 'gw2',
          hosts: ['*.prod.example.com'],
          backends: [{ name: 'shared' }],
        }),
      ]);
      await node.untilServedBy('shared', 'a.prod.example.com', port);
      const connection = await node.longLived('a.prod.example.com', port);
      await node.write('added.yaml', [
        ...serviceOf('added', backends[1]),
        tlsRoute({
          name: 'added',
          listenerSet: 'set',
          hosts: ['a.prod.example.com', 'b.prod.example.com'],
          backends: [{ name: 'added' }],
        }),
      ]);
      await node.write('set.yaml', [
        listenerSet('set', 'gw2', [
          { name: 'name', port, hostname: 'a.prod.example.com' },
          { name: 'port', port: otherPort },
          { name: 'lost', port, hostname: '*.prod.example.com' },
        ]),
      ]);
      await node.untilServedBy('added', 'a.prod.example.com', port);
      await node.untilServedBy('added', 'b.prod.example.com', otherPort);
      assert.equal(
        (await node.get('b.prod.example.com', port)).backend,
        'shared',
        'the Gateway keeps its own',
      );
      await node.write('set.yaml', []);
      await node.untilServedBy('shared', 'a.prod.example.com', port);
      await delay(LATER_MS);
      assert.equal(await connection.ping(), 'shared');
    }));

  it('shares connections by weight, 80 to 20', () =>
    undisturbed(async (scenario) => {
      const { node, port } = scenario;
      const [blue, green] = [await node.backend('blue'), await node.backend('green')];
      await node.write('weighted.yaml', [
        ...serviceOf('blue', blue),
        ...serviceOf('green', green),
        tlsRoute({
          name: 'weighted',
          hosts: ['weighted.stage.example.com'],
          backends: [
            { name: 'blue', weight: 80 },
            { name: 'green', weight: 20 },
          ],
        }),
      ]);
      await node.until('weighted.stage.example.com', port, ({ outcome }) => outcome === 'answered');
      const counts = await count(node, 'weighted.stage.example.com', port, 200);
      assert.ok(Math.abs((counts.get('blue') ?? 0) - 160) <= 12, JSON.stringify([...counts]));
      assert.equal((counts.get('blue') ?? 0) + (counts.get('green') ?? 0), 200);
    }));

  it('rejects the share of an invalid backendRef, as the Gateway API asks', () =>
    undisturbed(async (scenario) => {
      const { node, port } = scenario;
      const blue = await node.backend('blue');
      await node.write('weighted.yaml', [
        ...serviceOf('blue', blue),
        tlsRoute({
          name: 'weighted',
          hosts: ['weighted.stage.example.com'],
          backends: [
            { name: 'blue', weight: 3 },
            { name: 'missing', weight: 1 },
          ],
        }),
      ]);
      await node.until('weighted.stage.example.com', port, ({ outcome }) => outcome === 'answered');
      const counts = await count(node, 'weighted.stage.example.com', port, 200);
      assert.ok(Math.abs((counts.get('closed') ?? 0) - 50) <= 6, JSON.stringify([...counts]));
      assert.equal((counts.get('blue') ?? 0) + (counts.get('closed') ?? 0), 200);
    }));

  it('closes an unknown SNI, no SNI and a name of something internal; takes upper case', () =>
    undisturbed(async (scenario) => {
      const { node, port } = scenario;
      await tenant(scenario, 'demo');
      await node.untilServedBy('demo', 'demo.stage.example.com', port);
      for (const sni of ['unknown.stage.example.com', 'elsewhere.example.org', undefined]) {
        assert.equal((await node.attempt(sni, port)).outcome, 'closed', String(sni));
      }
      assert.equal((await node.get('DEMO.Stage.EXAMPLE.com', port)).backend, 'demo');
      for (const sni of [
        'sluice_xds',
        '-',
        'tenants/demo/6443',
        `127.0.0.1:${port}/demo.stage.example.com`,
        'none',
      ]) {
        assert.equal((await node.attempt(sni, port)).outcome, 'closed', sni);
      }
    }));

  it('follows endpoints, and leaves open what is connected to the old ones', () =>
    undisturbed(async (scenario) => {
      const { node, port } = scenario;
      const { manifests } = await tenant(scenario, 'demo');
      const [, , route] = manifests;
      await node.untilServedBy('demo', 'demo.stage.example.com', port);
      const connection = await node.longLived('demo.stage.example.com', port);
      const moved = await node.backend('moved');
      await node.write('demo.yaml', [...serviceOf('demo', moved), route as Manifest]);
      await node.untilServedBy('moved', 'demo.stage.example.com', port);
      await delay(LATER_MS);
      assert.equal(await connection.ping(), 'demo');
    }));

  it('moves a route to another Service', () =>
    undisturbed(async (scenario) => {
      const { node, port } = scenario;
      await tenant(scenario, 'demo');
      await node.untilServedBy('demo', 'demo.stage.example.com', port);
      const connection = await node.longLived('demo.stage.example.com', port);
      const next = await node.backend('next');
      await node.write('next.yaml', serviceOf('next', next));
      await node.write('demo.yaml', [
        tlsRoute({ name: 'demo', hosts: ['demo.stage.example.com'], backends: [{ name: 'next' }] }),
      ]);
      await node.untilServedBy('next', 'demo.stage.example.com', port);
      assert.equal(await connection.ping(), 'demo');
    }));

  it('stops serving a deleted route', () =>
    undisturbed(async (scenario) => {
      const { node, port } = scenario;
      await tenant(scenario, 'demo');
      await node.untilServedBy('demo', 'demo.stage.example.com', port);
      await node.write('demo.yaml', []);
      await node.untilClosed('demo.stage.example.com', port);
    }));

  it('closes new connections when all endpoints are unready, and keeps those there are', () =>
    undisturbed(async (scenario) => {
      const { node, port } = scenario;
      const backend = await node.backend('demo');
      const route = tlsRoute({
        name: 'demo',
        hosts: ['demo.stage.example.com'],
        backends: [{ name: 'demo' }],
      });
      await node.write('demo.yaml', [...service('demo', [backend]), route]);
      await node.untilServedBy('demo', 'demo.stage.example.com', port);
      const connection = await node.longLived('demo.stage.example.com', port);
      await node.write('demo.yaml', [...service('demo', [backend], false), route]);
      await node.untilClosed('demo.stage.example.com', port);
      const before = backend.connections;
      assert.equal((await node.attempt('demo.stage.example.com', port)).outcome, 'closed');
      assert.equal(backend.connections, before);
      assert.equal(await connection.ping(), 'demo');
      await node.write('demo.yaml', [...service('demo', [backend]), route]);
      await node.untilServedBy('demo', 'demo.stage.example.com', port);
    }));

  it('adds a listener', () =>
    undisturbed(async (scenario) => {
      const { node, port, otherPort } = scenario;
      await node.write('gateway.yaml', [
        gatewayClass(),
        gateway('gw', [
          { name: 'tls', port, hostname: `*.${DOMAIN}` },
          { name: 'konnectivity', port: otherPort, hostname: `*.${DOMAIN}` },
        ]),
      ]);
      await node.untilServedBy('bystander', 'by.stage.example.com', otherPort);
      assert.equal((await node.get('by.stage.example.com', port)).backend, 'bystander');
    }));

  it('with --sni-mode chain: a host added and one removed', () =>
    undisturbed(
      async (scenario) => {
        const { node, port } = scenario;
        await tenant(scenario, 'demo');
        await node.untilServedBy('demo', 'demo.stage.example.com', port);
        assert.equal((await node.attempt('unknown.stage.example.com', port)).outcome, 'closed');
        await node.write('demo.yaml', []);
        await node.untilClosed('demo.stage.example.com', port);
      },
      { flags: { sniMode: ['chain'] } },
    ));
});

/** How often each backend answered, and how often a connection was closed. */
async function count(
  node: GatewayNode,
  host: string,
  port: number,
  connections: number,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (let done = 0; done < connections; done += 1) {
    const result = await node.attempt(host, port);
    const key = result.outcome === 'answered' ? result.backend : result.outcome;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
