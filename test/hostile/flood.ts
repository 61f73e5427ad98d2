/** Clients that open connections, as many as they get, and hold them. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface FloodOptions {
  readonly address: string;
  readonly port: number;
  /** Of the clients. */
  readonly localAddress: string;
  readonly count: number;
  /** What the connection of this number says at once; without it it says nothing. */
  readonly says?: (index: number) => Uint8Array;
  /** Whether it tries again in place of those that were refused or closed, a thousand times a second. */
  readonly insists?: boolean;
}

/** Attempts at once: what a listening socket queues. */
const AT_ONCE = 200;
const CONNECT_MS = 3_000;
const TICK_MS = 20;

export class Flood implements Disposable {
  readonly #open = new Set<Socket>();
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  /** Resolves when each of them was accepted, or refused, once. */
  static async start(options: FloodOptions): Promise<Flood> {
    const flood = new Flood();
    for (let first = 0; first < options.count; first += AT_ONCE) {
      const length = Math.min(AT_ONCE, options.count - first);
      await Promise.all(Array.from({ length }, (_, index) => flood.#add(options, first + index)));
    }
    if (options.insists === true) flood.#timer = setInterval(() => flood.#fill(options), TICK_MS);
    return flood;
  }

  #fill(options: FloodOptions): void {
    const missing = Math.min(options.count - this.#open.size, TICK_MS);
    for (let index = 0; index < missing; index += 1) void this.#add(options, index);
  }

  /** Tries no more, and keeps what it has. */
  relent(): void {
    this.#isOver = true;
    clearInterval(this.#timer);
  }

  /** How many are open now. */
  get open(): number {
    return this.#open.size;
  }

  async #add({ address, port, localAddress, says }: FloodOptions, index: number): Promise<void> {
    const socket = connect({ host: address, port, localAddress });
    socket.on('error', () => {});
    socket.once('close', () => this.#open.delete(socket));
    try {
      await once(socket, 'connect', { signal: AbortSignal.timeout(CONNECT_MS) });
    } catch {
      socket.destroy();
      return;
    }
    if (socket.destroyed) return;
    if (this.#isOver) socket.destroy();
    this.#open.add(socket);
    socket.resume();
    if (says !== undefined) socket.write(says(index));
  }

  [Symbol.dispose](): void {
    this.relent();
    for (const socket of this.#open) socket.destroy();
  }
}
