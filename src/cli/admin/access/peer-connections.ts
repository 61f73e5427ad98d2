import type { Socket } from 'node:net';
import { isLoopback } from './loopback.ts';

/** Connections of one address. A scraper has one or two, the API server's proxy one for each page that is open through it. */
const MOST = 256;
/** One too many that asks for nothing, or does not take its answer, is closed. */
const IDLE_MS = 5_000;

/**
 * How many connections each address has. Metrics are for whoever asks: one client that opens thousands and reads none of the answers is not
 * to fill the memory. Not for loopback, where forwarded ports come from.
 */
export class PeerConnections {
  readonly #most: number;
  readonly #isExempt: (address: string) => boolean;
  readonly #counts = new Map<string, number>();
  readonly #tooMany = new WeakSet<Socket>();

  constructor(most: number = MOST, isExempt: (address: string) => boolean = isLoopback) {
    this.#most = most;
    this.#isExempt = isExempt;
  }

  /** Counts a connection until it closes. */
  add(socket: Socket): void {
    const { remoteAddress: address = '' } = socket;
    if (this.#isExempt(address)) return;
    const count = this.#counts.get(address) ?? 0;
    if (count >= this.#most) {
      this.#tooMany.add(socket);
      socket.setTimeout(IDLE_MS, () => socket.destroy());
    }
    this.#counts.set(address, count + 1);
    socket.once('close', () => {
      const left = (this.#counts.get(address) ?? 1) - 1;
      if (left === 0) this.#counts.delete(address);
      else this.#counts.set(address, left);
    });
  }

  /** Whether it came when its address had as many as it may: it is answered no more than a probe, for kubelet may be at that address too. */
  isTooMany(socket: Socket): boolean {
    return this.#tooMany.has(socket);
  }
}
