import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, it } from 'node:test';
import { AdminServer, textPage } from '../admin-server.ts';
import { OPEN_TO_ALL } from './admin-guard.ts';
import { PeerConnections } from './peer-connections.ts';

const MOST = 3;
const pages = { '/healthz': () => textPage('ok'), '/metrics': () => textPage('many') };
let server: AdminServer;
let port: number;
const sockets: Socket[] = [];

before(async () => {
  server = new AdminServer(
    pages,
    OPEN_TO_ALL,
    new PeerConnections(MOST, (address) => address === '127.0.0.2'),
  );
  port = await server.listen({ host: '127.0.0.1', port: 0 });
});
after(async () => {
  for (const socket of sockets) socket.destroy();
  await server.close();
});

/** One connection from that address, and how its request is answered. */
async function ask(
  localAddress = '127.0.0.1',
  page = '/metrics',
): Promise<{ readonly socket: Socket; readonly head: string }> {
  const socket = connect({ host: '127.0.0.1', port, localAddress });
  sockets.push(socket);
  socket.on('error', () => {});
  socket.write(`GET ${page} HTTP/1.1\r\nhost: sluice\r\n\r\n`);
  const [data] = (await once(socket, 'data')) as [Buffer];
  return { socket, head: data.toString().split('\r\n\r\n')[0] ?? '' };
}

it('an address has so many connections, and another one as many', async () => {
  const opened = await Promise.all(Array.from({ length: MOST }, () => ask()));
  for (const { head } of opened) assert.match(head, /^HTTP\/1\.1 200 /);
  // Kubelet may be at that address too.
  const probe = await ask('127.0.0.1', '/healthz');
  assert.match(probe.head, /^HTTP\/1\.1 200 /);
  probe.socket.destroy();
  const { head, socket } = await ask();
  assert.match(head, /^HTTP\/1\.1 503 /);
  assert.match(head, /retry-after: 30/);
  if (!socket.closed) await once(socket, 'close');
  assert.match((await ask('127.0.0.3')).head, /^HTTP\/1\.1 200 /);

  opened[0]?.socket.destroy();
  let again = '';
  // The server hears of it a moment later.
  while (!again.startsWith('HTTP/1.1 200 ')) again = (await ask()).head;
  assert.match((await ask()).head, /^HTTP\/1\.1 503 /);
});

it('one that is exempt has as many as it opens', async () => {
  const heads = await Promise.all(Array.from({ length: 4 * MOST }, () => ask('127.0.0.2')));
  for (const { head } of heads) assert.match(head, /^HTTP\/1\.1 200 /);
});
