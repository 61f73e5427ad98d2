/** The rules of nftables that limit clients by their addresses, in the kernel, in a network namespace. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { parse } from 'yaml';
import { CLIENT_LIMITS, clientLimits, counted, nft, withoutNftables } from './harness/client-limits.ts';
import { reexecInNetworkNamespace } from './harness/network-namespace.ts';
import { until } from './harness/until.ts';

const missing = withoutNftables();
const SITE = '2001:db8:0:1';
const ADDRESSES = ['100.65.0.1', '100.65.0.2', `${SITE}::1`, `${SITE}:aaaa::2`, '2001:db8:0:2::1'];
if (missing === undefined)
  await reexecInNetworkNamespace(import.meta.url, {
    addresses: ADDRESSES.map((address) => `${address}/${address.includes(':') ? 128 : 32}`),
  });
const options = missing === undefined ? {} : { skip: missing };

const LIMITS = { connections: 20, perSecond: 1_000, burst: 1_000 };
let limited: Server;
let other: Server;
const open = new Set<Socket>();

async function listen(): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => {}).resume());
  server.listen(0, '::');
  await once(server, 'listening');
  return server;
}

function portOf(server: Server): number {
  return (server.address() as { port: number }).port;
}

/** `open`, `refused`, or `dropped`: nothing for half a second, which is before the kernel tries again. */
async function attempt(localAddress: string, server = limited): Promise<string> {
  const host = localAddress.includes(':') ? `${SITE}::1` : '100.65.0.1';
  const socket = connect({ host, port: portOf(server), localAddress });
  open.add(socket);
  const signal = AbortSignal.timeout(500);
  try {
    await once(socket, 'connect', { signal });
    return 'open';
  } catch (error) {
    socket.destroy();
    return signal.aborted
      ? 'dropped'
      : (error as NodeJS.ErrnoException).code === 'ECONNREFUSED'
        ? 'refused'
        : String(error);
  }
}

async function outcomes(count: number, address: string, server = limited): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (let index = 0; index < count; index += 1) {
    const outcome = await attempt(address, server);
    found[outcome] = (found[outcome] ?? 0) + 1;
  }
  return found;
}

before(async () => {
  if (missing === undefined) [limited, other] = [await listen(), await listen()];
});
after(() => {
  for (const socket of open) socket.destroy();
  limited?.close();
  other?.close();
});
beforeEach(() => {
  for (const socket of open) socket.destroy();
  open.clear();
  if (missing === undefined) nft(['-f', '-'], clientLimits({ ...LIMITS, port: portOf(limited) }));
});

test(
  'a client has so many connections at once, is refused more, and has nobody else’s',
  options,
  async () => {
    assert.deepEqual(await outcomes(30, '100.65.0.1'), { open: 20, refused: 10 });
    assert.equal(counted('too-many'), 10);
    assert.deepEqual(await outcomes(20, '100.65.0.2'), { open: 20 });
    assert.deepEqual(await outcomes(30, '100.65.0.1', other), { open: 30 }, 'other ports are not limited');
  },
);

test('what it closes it may open again', options, async () => {
  await outcomes(20, '100.65.0.1');
  const [first] = open;
  assert.ok(first);
  assert.deepEqual(await outcomes(1, '100.65.0.1'), { refused: 1 });
  first.destroy();
  // The kernel counts it until both sides have closed.
  await until(async () => (await attempt('100.65.0.1')) === 'open', { what: 'room for another' });
  assert.deepEqual(await outcomes(1, '100.65.0.1'), { refused: 1 });
});

test('a site’s 64 bits of IPv6 are one client', options, async () => {
  assert.deepEqual(await outcomes(12, `${SITE}::1`), { open: 12 });
  assert.deepEqual(await outcomes(12, `${SITE}:aaaa::2`), { open: 8, refused: 4 });
  assert.deepEqual(await outcomes(12, '2001:db8:0:2::1'), { open: 12 });
});

test('new connections come no faster than that, and the client’s kernel tries again', options, async () => {
  nft(['-f', '-'], clientLimits({ port: portOf(limited), connections: 1_000, perSecond: 1, burst: 10 }));
  const found = await outcomes(13, '100.65.0.1');
  assert.ok((found['open'] ?? 0) >= 11 && (found['open'] ?? 0) <= 13 && found['refused'] === undefined);
  assert.ok(counted('too-fast') >= 1);
  assert.deepEqual(await outcomes(10, '100.65.0.2'), { open: 10 });
});

test('who is exempt is not limited', options, async () => {
  nft(['add', 'element', 'inet', 'sluice-clients', 'exempt4', '{ 100.65.0.0/24 }']);
  assert.deepEqual(await outcomes(40, '100.65.0.1'), { open: 40 });
});

test('the shipped rules load, twice over, and go without a trace', options, async () => {
  nft(['-f', CLIENT_LIMITS]);
  nft(['-f', CLIENT_LIMITS]);
  nft(['delete', 'table', 'inet', 'sluice-clients']);
  assert.equal(nft(['list', 'ruleset']), '');
  assert.deepEqual(await outcomes(40, '100.65.0.1'), { open: 40 });
});

test('the rules for Kubernetes are those for machines without', async () => {
  const manifest = path.join(
    import.meta.dirname,
    '..',
    'deploy/envoy-hostnetwork/components/client-limits/config-map.yaml',
  );
  const { data } = parse(await readFile(manifest, 'utf8')) as { data: Record<string, string> };
  assert.equal(data['sluice-client-limits.nft'], await readFile(CLIENT_LIMITS, 'utf8'));
});
