/** A real TLS server that says who it is, standing for a tenant's API server. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { createAuthority, type TestAuthority } from './kubernetes/certificates.ts';

export interface TlsBackendOptions {
  /** A DNS label or name: the common name and DNS name of its certificate, and what it answers with. */
  readonly name: string;
  /** The IP address to listen on. */
  readonly address: string;
  /** A free one unless given. */
  readonly port?: number;
}

export interface TlsBackend extends AsyncDisposable {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** PEM of the authority that signed the certificate: one for all backends of this process. */
  readonly authority: string;
  /** TLS connections that are open now. */
  readonly connections: number;
  /** `/watch` responses that are open now. */
  readonly watches: number;
  /** Writes `{"backend": name, "text": text}` and a line end to every open `/watch`. */
  emit(text: string): void;
  /** Closes the port and every connection at once. May be called twice. */
  close(): Promise<void>;
}

let authority: Promise<TestAuthority> | undefined;

/**
 * Starts a backend. It answers any path with `{"backend": name, "sni": the server name as the client wrote it, or null}`,
 * except `/watch`, which it answers line by line and never ends. It never closes a connection of its own accord.
 */
export async function startTlsBackend(options: TlsBackendOptions): Promise<TlsBackend> {
  const { name, address, port = 0 } = options;
  authority ??= createAuthority('Sluice test backends');
  const signer = await authority;
  const { key, certificate } = await signer.server([name], [address]);
  const server = createServer({ key, cert: certificate, keepAliveTimeout: 0, requestTimeout: 0 });
  server.headersTimeout = 0;

  const sockets = new Set<Socket>();
  const secured = new Set<TLSSocket>();
  const watches = new Set<ServerResponse>();
  remember(server, 'connection', sockets);
  remember(server, 'secureConnection', secured);
  server.on('request', (request, response) => {
    response.setHeader('content-type', 'application/json');
    if (request.url === '/watch') {
      watches.add(response);
      response.on('close', () => watches.delete(response));
      response.flushHeaders();
      return;
    }
    const { servername } = request.socket as TLSSocket & { servername?: string | false };
    response.end(JSON.stringify({ backend: name, sni: servername || null }));
  });
  // A client that leaves in the middle of a handshake is no error of ours.
  server.on('tlsClientError', () => {});

  server.listen(port, address);
  await once(server, 'listening');
  const close = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return {
    name,
    address,
    port: (server.address() as AddressInfo).port,
    authority: signer.certificate,
    get connections() {
      return secured.size;
    },
    get watches() {
      return watches.size;
    },
    emit: (text) => {
      for (const watch of watches) watch.write(`${JSON.stringify({ backend: name, text })}\n`);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function remember<S extends Socket>(server: ReturnType<typeof createServer>, event: string, set: Set<S>) {
  server.on(event, (socket: S) => {
    set.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => set.delete(socket));
  });
}
