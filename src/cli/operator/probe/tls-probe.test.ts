import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { freePorts } from '../../../../test/e2e/gateway-node.ts';
import { startTlsBackend } from '../../../../test/harness/tls-backend.ts';
import { probeTls } from './tls-probe.ts';

const HOST = 'api.example.com';

async function serving(onSocket: (socket: Socket) => void): Promise<{ port: number } & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function probe(port: number, timeoutMs = 5_000, servername = HOST) {
  return probeTls({ address: '127.0.0.1', port, servername, timeoutMs });
}

describe('a probe', () => {
  it('says who answered, until when, and in how long', async () => {
    const backend = await startTlsBackend({ name: HOST, address: '127.0.0.1' });
    try {
      const found = await probe(backend.port);
      assert.deepEqual([found.outcome, found.isGood, found.stage], ['answered', true, 'done']);
      assert.ok(found.subject !== undefined && found.issuer !== undefined);
      assert.ok((found.daysLeft ?? -1) >= 0);
      assert.ok((found.totalMs ?? 0) >= (found.connectMs ?? Infinity));
      const other = await probe(backend.port, 5_000, 'other.example.org');
      assert.equal(other.isGood, false);
      assert.match(other.outcome, /certificate for another name: .*api\.example\.com/);
    } finally {
      await backend.close();
    }
  });
  it('tells refused, reset before and after the ClientHello, and no TLS apart', async () => {
    const [free = 0] = await freePorts(1);
    assert.match((await probe(free)).outcome, /connection refused/);
    await using early = await serving((socket) => socket.resetAndDestroy());
    const before = await probe(early.port);
    assert.equal(before.stage, 'before ClientHello');
    assert.match(before.outcome, /before the? ?ClientHello/);
    await using late = await serving((socket) => socket.once('data', () => socket.resetAndDestroy()));
    assert.match(
      (await probe(late.port)).outcome,
      /closed after the ClientHello: it does not serve this name/,
    );
    await using ending = await serving((socket) => socket.once('data', () => socket.end()));
    assert.match((await probe(ending.port)).outcome, /after the ClientHello/);
    await using plain = await serving((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 400 no\r\n\r\n')),
    );
    assert.match((await probe(plain.port)).outcome, /^no TLS: /);
  });
  it('waits no longer than it may for one that hangs', async () => {
    await using silent = await serving(() => {});
    const found = await probe(silent.port, 200);
    assert.equal(found.outcome, 'connected, and no answer to the ClientHello within 0.2 s');
    assert.equal(found.isGood, false);
  });
});
