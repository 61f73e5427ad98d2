/** Connections that stay open, over TLS and through Envoy: most are silent, some ask for something now and then. */
import { Agent, get } from 'node:https';
import process from 'node:process';
import { connect, type TLSSocket } from 'node:tls';
import { hostOf } from '../../test/harness/tenants.ts';
import { GATEWAY_PORT } from '../world/manifests.ts';
import type { ConnectionsReport, ConnectionsRequest } from './connections.ts';

const TALK_EVERY_MS = 1_000;
/** TLS handshakes at a time while they are opened. */
const CONCURRENCY = 16;

let dropped = 0;
let errors = 0;
let answers = 0;
const open: TLSSocket[] = [];

function secureConnection(host: string): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: '127.0.0.1',
      port: GATEWAY_PORT,
      servername: host,
      rejectUnauthorized: false,
    });
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      socket.on('error', () => {});
      socket.once('close', () => {
        dropped += 1;
      });
      open.push(socket);
      resolve(socket);
    });
  });
}

/** Sends every request on the one socket. */
class OneSocketAgent extends Agent {
  readonly #socket: TLSSocket;

  constructor(socket: TLSSocket) {
    super({ keepAlive: true, maxSockets: 1 });
    this.#socket = socket;
  }

  override createConnection(): TLSSocket {
    return this.#socket;
  }
}

function talk(socket: TLSSocket, host: string): void {
  const agent = new OneSocketAgent(socket);
  setInterval(() => {
    const sent = get({ host, agent }, (response) => {
      response.resume();
      response.once('end', () => {
        answers += 1;
      });
    });
    sent.on('error', () => {
      errors += 1;
    });
  }, TALK_EVERY_MS);
}

async function openAll({ idle, talking, hosts }: ConnectionsRequest): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < idle + talking) {
      const index = next;
      next += 1;
      const host = hostOf(hosts[index % hosts.length] ?? 0);
      const socket = await secureConnection(host);
      if (index >= idle) talk(socket, host);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}

process.on('message', async (request: ConnectionsRequest | null) => {
  if (request !== null && 'hosts' in request) await openAll(request);
  const report: ConnectionsReport = { open: open.length - dropped, dropped, errors, answers };
  process.send?.(report);
});
process.send?.({});
