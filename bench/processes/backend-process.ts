/**
 * Every tenant's backend in one process: it listens on all addresses. A ClientHello with the mark of a probe is
 * answered with the address that it came to, in a millisecond's fraction; any other one by a real HTTPS server.
 */
import { once } from 'node:events';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, type Socket } from 'node:net';
import process from 'node:process';
import { createAuthority } from '../../test/harness/kubernetes/certificates.ts';
import { PROBE_MARK, PROBE_MARK_OFFSET } from '../clients/probe-mark.ts';

const port = Number(process.argv[2]);
const authority = await createAuthority('Sluice benchmark backends');
const { key, certificate } = await authority.server(['backend'], ['127.0.0.1']);
const https = createHttpsServer({ key, cert: certificate, keepAliveTimeout: 0, requestTimeout: 0 });
https.headersTimeout = 0;
https.on('request', (request, response) => {
  const { localAddress = '' } = request.socket;
  response.end(localAddress);
});
https.on('tlsClientError', () => {});

const server = createServer({ noDelay: true }, (socket: Socket) => {
  socket.on('error', () => {});
  socket.once('data', (first) => {
    if (first.subarray(PROBE_MARK_OFFSET, PROBE_MARK_OFFSET + PROBE_MARK.length).equals(PROBE_MARK)) {
      socket.end(socket.localAddress ?? '');
      return;
    }
    socket.pause();
    socket.unshift(first);
    https.emit('connection', socket);
  });
});
server.listen({ port, host: '0.0.0.0', backlog: 4_096 });
await once(server, 'listening');
process.send?.({ listening: port });
