import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP proxy on a free port of 127.0.0.1: the cable between a client and a server, which a test may pull. */
export interface CuttableProxy {
  readonly port: number;
  /** Closes every connection, and refuses new ones, until `mend`. */
  cut(): void;
  mend(): void;
  /** Connections open now. */
  open(): number;
  stop(): Promise<void>;
}

export async function startProxy(targetPort: number): Promise<CuttableProxy> {
  const sockets = new Set<Socket>();
  let isCut = false;
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
      socket.pipe(other);
      socket.on('error', () => {});
      socket.once('close', () => {
        sockets.delete(socket);
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
    mend() {
      isCut = false;
    },
    open: () => sockets.size / 2,
    async stop() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
