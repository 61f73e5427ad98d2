import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import test from 'node:test';
import { startTlsBackend } from './tls-backend.ts';
import { attempt, get, NotAnswered, openLongLived, openWatch } from './tls-client.ts';

const address = '127.0.0.1';

/** A TCP server that does with each connection what it is told to. */
async function listen(onConnection: (socket: net.Socket) => void) {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  server.listen(0, address);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

test('tells who answered, and what server name reached it, in the case it was written', async () => {
  await using backend = await startTlsBackend({ name: 'tenant-a', address });
  const target = { address, port: backend.port, ca: backend.authority };
  const answer = await get({ ...target, servername: 'Demo.STAGE.example.com', path: '/version' });
  assert.equal(answer.backend, 'tenant-a');
  assert.equal(answer.certificateName, 'tenant-a');
  assert.equal(answer.sni, 'Demo.STAGE.example.com');
  assert.ok(answer.milliseconds > 0);
  assert.equal((await get({ ...target, servername: undefined })).sni, null);
});

test('connects from a given address', async () => {
  const peers: (string | undefined)[] = [];
  const server = await listen((socket) => {
    peers.push(socket.remoteAddress);
    socket.end();
  });
  await attempt({ address, port: server.port, servername: 'a.example', localAddress: '127.0.0.9' });
  server.close();
  assert.deepEqual(peers, ['127.0.0.9']);
});

test('tells a connection that was closed at once by FIN or RST', async () => {
  const ends: ((socket: net.Socket) => void)[] = [
    (socket) => socket.end(),
    (socket) => socket.once('data', () => socket.resetAndDestroy()),
  ];
  for (const end of ends) {
    const server = await listen(end);
    const target = { address, port: server.port, servername: 'a.example' };
    const result = await attempt(target);
    assert.equal(result.outcome, 'closed');
    assert.ok(result.afterMs >= 0 && result.afterMs < 5_000);
    const rejection = await get(target).catch((error: unknown) => error);
    assert.ok(rejection instanceof NotAnswered);
    assert.equal(rejection.attempt.outcome, 'closed');
    server.close();
  }
});

test('tells a port where nobody listens', async () => {
  const server = await listen(() => {});
  server.close();
  const result = await attempt({ address, port: server.port, servername: 'a.example' });
  assert.deepEqual(result, { outcome: 'refused' });
});

test('tells a peer that neither answers nor closes', async () => {
  const server = await listen(() => {});
  const result = await attempt({ address, port: server.port, servername: 'a.example', timeoutMs: 50 });
  assert.equal(result.outcome, 'silent');
  server.close();
});

test('takes neither a wrong authority nor a missing own address for an answer', async () => {
  await using backend = await startTlsBackend({ name: 'tenant-a', address });
  const target = { address, port: backend.port, servername: 'a.example' };
  const { createAuthority } = await import('./kubernetes/certificates.ts');
  const other = await createAuthority('other');
  await assert.rejects(attempt({ ...target, ca: other.certificate }), /certificate of tenant-a/);
  await assert.rejects(attempt({ ...target, localAddress: '192.0.2.1' }), { code: 'EADDRNOTAVAIL' });
});

test('keeps one connection for all pings, and tells when it is closed', async () => {
  await using backend = await startTlsBackend({ name: 'tenant-a', address });
  using connection = await openLongLived({ address, port: backend.port, servername: 'a.example' });
  assert.equal(connection.certificateName, 'tenant-a');
  for (let n = 0; n < 3; n++) assert.equal(await connection.ping(), 'tenant-a');
  assert.equal(backend.connections, 1);
  assert.equal(connection.isOpen, true);
  await backend.close();
  await connection.closed;
  assert.equal(connection.isOpen, false);
  await assert.rejects(connection.ping());
});

test('a long-lived connection can be ended from this side', async () => {
  await using backend = await startTlsBackend({ name: 'tenant-a', address });
  const connection = await openLongLived({ address, port: backend.port, servername: undefined });
  connection.end();
  await connection.closed;
  assert.equal(connection.isOpen, false);
});

test('a ping that is not answered in time rejects', async () => {
  await using backend = await startTlsBackend({ name: 'tenant-a', address });
  const target = { address, port: backend.port, servername: 'a.example', path: '/watch', timeoutMs: 50 };
  using connection = await openLongLived(target);
  await assert.rejects(connection.ping(), { message: 'ping: no answer within 50 ms' });
});

test('opening rejects where nobody answers', async () => {
  const server = await listen((socket) => socket.end());
  const target = { address, port: server.port, servername: 'a.example' };
  await assert.rejects(openLongLived(target));
  server.close();
});

test('a watch receives what is emitted, until it is closed', async () => {
  await using backend = await startTlsBackend({ name: 'tenant-a', address });
  using watch = await openWatch({ address, port: backend.port, servername: 'a.example' });
  assert.equal(backend.watches, 1);
  backend.emit('one');
  backend.emit('two\nlines');
  assert.equal(await watch.next(), 'one');
  assert.equal(await watch.next(), 'two\nlines');
  const nothing = assert.rejects(watch.next(), /closed/);
  await backend.close();
  await nothing;
  await watch.closed;
  assert.equal(watch.isOpen, false);
});
