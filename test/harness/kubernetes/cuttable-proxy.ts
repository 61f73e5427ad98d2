import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';

/** A TCP proxy on a free port of 127.0.0.1: the cable between a client and a server, which a test may pull. */
export interface CuttableProxy {
  readonly port: number;
  /** Closes every connection, and refuses new ones, until `mend`. */
  cut(): void;
  /**
   * Closes each connection that is open once so many bytes more have come from the server; new ones are not touched. What it
   * gives closes those at once that have not had as many.
   */
  cutAfter(bytes: number): () => void;
  /** Passes on each piece that much later, one after the other, until `mend`. */
  slow(delayMs: number): void;
  /** Passes nothing on in either direction, as where packets are dropped, until `mend`; connections stay open. */
  silence(): void;
  mend(): void;
  /** Connections open now. */
  open(): number;
  stop(): Promise<void>;
}

export async function startProxy(targetPort: number): Promise<CuttableProxy> {
  const sockets = new Set<Socket>();
  /** From the client to the target, and back. */
  const pipes = new Map<Socket, Transform>();
  let delayMs = 0;
  let isCut = false;
  let isSilent = false;
  const connectPipes = (): void => {
    for (const [from, to] of pipes) from.pipe(to);
  };
  const server = createServer((client) => {
    if (isCut) {
      client.resetAndDestroy();
      return;
    }
    const target = connect(targetPort, '127.0.0.1');
    sockets.add(client).add(target);
    for (const [socket, other] of [
      [client, target],
      [target, client],
    ] as const) {
      const later = new Transform({
        transform: (chunk, _encoding, done) => {
          if (delayMs === 0) done(null, chunk);
          else setTimeout(() => done(null, chunk), delayMs);
        },
      });
      pipes.set(socket, later);
      later.pipe(other);
      if (!isSilent) socket.pipe(later);
      socket.on('error', () => {});
      socket.once('close', () => {
        sockets.delete(socket);
        pipes.delete(socket);
        other.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    isCut = true;
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    cutAfter(bytes) {
      const servers = [...sockets].filter((socket) => socket.remotePort === targetPort);
      for (const socket of servers) {
        let left = bytes;
        socket.on('data', (chunk: Buffer) => {
          left -= chunk.length;
          if (left <= 0) socket.resetAndDestroy();
        });
      }
      return () => {
        for (const socket of servers) socket.resetAndDestroy();
      };
    },
    slow(milliseconds) {
      delayMs = milliseconds;
    },
    silence() {
      isSilent = true;
      for (const [from, to] of pipes) {
        from.unpipe(to);
        from.pause();
      }
    },
    mend() {
      isCut = false;
      delayMs = 0;
      if (isSilent) connectPipes();
      isSilent = false;
    },
    open: () => sockets.size / 2,
    async stop() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
