import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import test from 'node:test';
import tls from 'node:tls';
import { startTlsBackend } from './tls-backend.ts';
import { attempt, get, openLongLived } from './tls-client.ts';

const address = '127.0.0.1';

test('its certificate names it and its address', async () => {
  await using backend = await startTlsBackend({ name: 'tenant-b', address });
  const socket = tls.connect({ host: address, port: backend.port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  assert.equal(socket.getPeerCertificate().subject.CN, 'tenant-b');
  assert.equal(socket.getPeerCertificate().subjectaltname, 'DNS:tenant-b, IP Address:127.0.0.1');
  socket.destroy();
});

test('backends of one process share an authority, and each answers for itself', async () => {
  await using a = await startTlsBackend({ name: 'tenant-a', address });
  await using b = await startTlsBackend({ name: 'tenant-b', address });
  assert.equal(a.authority, b.authority);
  for (const backend of [a, b]) {
    const { port, authority: ca } = backend;
    assert.equal((await get({ address, port, servername: 'x.example', ca })).backend, backend.name);
  }
});

test('counts open connections', async () => {
  await using backend = await startTlsBackend({ name: 'tenant-a', address });
  const target = { address, port: backend.port, servername: 'x.example' };
  using first = await openLongLived(target);
  using second = await openLongLived(target);
  // The server counts at the end of the handshake, which the answer to a request is after.
  await first.ping();
  await second.ping();
  assert.equal(backend.connections, 2);
});

test('closing ends every connection, an unfinished handshake too, and frees the port', async () => {
  const backend = await startTlsBackend({ name: 'tenant-a', address });
  const target = { address, port: backend.port, servername: 'x.example' };
  const open = await openLongLived(target);
  const raw = net.connect({ host: address, port: backend.port });
  raw.on('error', () => {});
  await once(raw, 'connect');
  const rawClosed = once(raw, 'close');
  // Connections are accepted in order: once a later one is answered, the server has this one.
  await get(target);
  await backend.close();
  await Promise.all([open.closed, rawClosed]);
  assert.equal(backend.connections, 0);
  assert.deepEqual(await attempt(target), { outcome: 'refused' });
  await backend.close();
  await using again = await startTlsBackend({ name: 'tenant-b', address, port: backend.port });
  assert.equal((await get(target)).backend, again.name);
});
