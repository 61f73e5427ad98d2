/** The other Envoy of a node, which shares this one's ports and serves while this one drains. */
import { createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { SocketAddress } from '../flag-values.ts';
import type { EnvoyAdmin } from './envoy-admin.ts';

export interface PartnerOptions {
  /** Who listens there has the turn to drain: the kernel gives it to one at a time, and takes it from who dies. */
  readonly turnAddress: SocketAddress;
  /** Milliseconds that the partner may take until it is ready; after that there is none. */
  readonly partnerMs: number;
  /** Milliseconds between looks. */
  readonly pollMs?: number;
}

export interface Turn {
  /** `absent`: the partner did not become ready in time. */
  readonly partner: 'ready' | 'absent';
  giveBack(): void;
}

const POLL_MS = 250;

/**
 * Waits until the partner is not draining, and then until it serves. Rejects where the turn's address cannot be listened
 * on at all.
 */
export async function takeTurn(partner: EnvoyAdmin, options: PartnerOptions): Promise<Turn> {
  const { turnAddress, partnerMs, pollMs = POLL_MS } = options;
  let server = await listen(turnAddress);
  while (server === undefined) {
    await delay(pollMs);
    server = await listen(turnAddress);
  }
  const held = server;
  const giveBack = (): void => void held.close();
  const deadline = performance.now() + partnerMs;
  while (!(await partner.isReady())) {
    if (performance.now() > deadline) return { partner: 'absent', giveBack };
    await delay(pollMs);
  }
  return { partner: 'ready', giveBack };
}

/** `undefined` while somebody else listens there. */
async function listen({ host, port }: SocketAddress): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  const { promise, resolve, reject } = Promise.withResolvers<Server | undefined>();
  server.once('listening', () => resolve(server));
  server.once('error', (error: NodeJS.ErrnoException) =>
    error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
  );
  server.listen({ host, port, exclusive: true });
  return await promise;
}
