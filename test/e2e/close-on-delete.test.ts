/**
 * `sluice.dev/close-on-delete` against a real Envoy with a drain time of 3 s: the connections of what was deleted or moved end in that
 * time, and those of every other host are open after it, also of one that was deleted without the annotation.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gateway, gatewayClass, type Manifest, tlsRoute } from '../harness/manifests.ts';
import type { LongLived } from '../harness/tls-client.ts';
import { freePorts, GatewayNode, serviceOf } from './gateway-node.ts';

const DRAIN_SECONDS = 3;
/** From the change until its last connection is closed; Sluice and a busy machine take their part. */
const MOST_MS = DRAIN_SECONDS * 1_000 + 3_000;
const CLOSING = { 'sluice.dev/close-on-delete': 'true' };
const HOSTS = {
  deleted: 'deleted.stage.example.com',
  moved: 'moved.stage.example.com',
  taken: 'taken.stage.example.com',
  plain: 'plain.stage.example.com',
  neighbour: 'neighbour.stage.example.com',
  bystander: 'bystander.stage.example.com',
} as const;

async function closedWithin(connection: LongLived, what: string): Promise<number> {
  const began = performance.now();
  const timer = AbortSignal.timeout(MOST_MS);
  const late = new Promise<never>((_, reject) =>
    timer.addEventListener('abort', () => reject(new Error(`${what} is still open`))),
  );
  await Promise.race([connection.closed, late]);
  return performance.now() - began;
}

test('connections of what was deleted or moved end within the drain time, and no others', async () => {
  const [port = 0] = await freePorts(1);
  await using node = await GatewayNode.start(
    {
      'gateway.yaml': [
        gatewayClass(),
        gateway('gw', [{ name: 'tls', port, hostname: '*.stage.example.com' }]),
      ],
    },
    { drainTimeSeconds: DRAIN_SECONDS },
  );
  const backends = { one: await node.backend('one'), two: await node.backend('two') };
  await node.write('services.yaml', [...serviceOf('one', backends.one), ...serviceOf('two', backends.two)]);
  const route = (
    name: keyof typeof HOSTS,
    more: { backend?: string; annotations?: Record<string, string> } = {},
  ) => [
    tlsRoute({
      name,
      hosts: [HOSTS[name]],
      backends: [{ name: more.backend ?? 'one' }],
      annotations: more.annotations ?? {},
    }),
  ];
  const closing = { annotations: CLOSING };
  const routes: Record<keyof typeof HOSTS, Manifest[]> = {
    deleted: route('deleted', closing),
    moved: route('moved', closing),
    taken: route('taken', closing),
    plain: route('plain'),
    neighbour: route('neighbour', closing),
    bystander: route('bystander'),
  };
  for (const [name, manifests] of Object.entries(routes)) await node.write(`${name}.yaml`, manifests);
  await node.untilServedBy('one', HOSTS.bystander, port);
  const open = async (name: keyof typeof HOSTS): Promise<LongLived> => {
    await node.untilServedBy('one', HOSTS[name], port);
    return await node.longLived(HOSTS[name], port);
  };
  // A host is served by its cluster alone, some milliseconds before its chain is there.
  await node.envoy.waitFor(
    async () =>
      (await node.envoy.get('/config_dump')).includes(`${HOSTS.neighbour} of TLSRoute/`) ? true : undefined,
    'the last chain',
  );
  const connections = {
    deleted: await open('deleted'),
    moved: await open('moved'),
    taken: await open('taken'),
    plain: await open('plain'),
    neighbour: await open('neighbour'),
    bystander: await open('bystander'),
  };

  await node.write('deleted.yaml', []);
  await node.write('plain.yaml', []);
  await node.write('moved.yaml', route('moved', { ...closing, backend: 'two' }));
  // An older route of another name takes the host.
  const [older] = route('taken', { backend: 'two', annotations: CLOSING });
  await node.write('older.yaml', [
    {
      ...older,
      metadata: {
        name: 'older',
        namespace: 'tenants',
        creationTimestamp: '2020-01-01T00:00:00Z',
        annotations: CLOSING,
      },
    } as Manifest,
  ]);
  const took = await Promise.all([
    closedWithin(connections.deleted, 'that of the deleted host'),
    closedWithin(connections.moved, 'that of the host that moved to another Service'),
    closedWithin(connections.taken, 'that of the host that another route took'),
  ]);
  // Not at once: clients have the drain time to go.
  for (const each of took) assert.ok(each > DRAIN_SECONDS * 500, `closed after ${each} ms`);
  await node.untilServedBy('two', HOSTS.moved, port);
  await node.untilServedBy('two', HOSTS.taken, port);
  for (const name of ['plain', 'neighbour', 'bystander'] as const)
    assert.equal(await connections[name].ping(), 'one', HOSTS[name]);
});
