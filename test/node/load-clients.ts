import { request } from 'node:http';
import tls, { type TLSSocket } from 'node:tls';

export interface LoadOptions {
  /** IP addresses behind the tenant's name; a client begins with each in turn. */
  readonly addresses: readonly string[];
  readonly host: string;
  /** Connections that are held. */
  readonly held: number;
  /** New connections a second. */
  readonly rate: number;
  /** After so many milliseconds, at least and at most, a client ends its watch and opens another one. */
  readonly watchMs: readonly [number, number];
}

export interface LoadResult {
  /** Held connections that were ended by anybody but their client, or silent for the last five seconds when it ended them. */
  readonly dropped: number;
  /** Watches that could not be opened, tried once at every address. */
  readonly notOpened: number;
  /** New connections that were tried. */
  readonly tried: number;
  /** Of them: answered by no address. */
  readonly refused: number;
  /** Why an address was given up: an error code → how often. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Of them: answered, but not by the first address that was tried. */
  readonly elsewhere: number;
  /** Longest time between two answers to new connections, in milliseconds. */
  readonly withoutService: number;
  /** Longest time that a held connection was silent and then went on, in milliseconds; the tenant sends every 500. */
  readonly silence: number;
}

/** A client gives an address so long to complete the handshake before it takes the next one. */
const ATTEMPT_MS = 10_000;
const RETRY_MS = 1_000;
/** So long without a line, and a watch whose client ends it was dead: nothing tells clients of a node that lost its power. */
const DEAD_MS = 5_000;
/** New connections that wait for their answer; a client that is slower than that begins no more. */
const MOST_PENDING = 200;
/** Made once: it takes longer than a handshake. */
const SECURE_CONTEXT = tls.createSecureContext({ ca: [], minVersion: 'TLSv1.3' });

/** All clients of one load, in one process. */
export class LoadClients {
  readonly #options: LoadOptions;
  #dropped = 0;
  #notOpened = 0;
  #tried = 0;
  #pending = 0;
  #refused = 0;
  #elsewhere = 0;
  readonly #reasons = new Map<string, number>();
  #withoutService = 0;
  #silence = 0;
  #answeredAt: number | undefined;
  #turn = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  /** Opens the connections to be held, a few at a time; each is opened again when it has ended. */
  async hold(): Promise<void> {
    for (let opened = 0; opened < this.#options.held; opened += 1) {
      const socket = await this.#open();
      if (socket === undefined) throw new Error('load: a watch cannot be opened');
      this.#watch(socket.socket);
    }
  }

  /** Begins with the new connections. */
  connect(): void {
    const started = performance.now();
    this.#answeredAt = started;
    // By the clock: a timer that comes late on a busy machine begins what is due.
    setInterval(() => {
      const due = ((performance.now() - started) * this.#options.rate) / 1_000;
      while (this.#tried < due && this.#pending < MOST_PENDING) void this.#once();
    }, 1_000 / this.#options.rate);
  }

  result(): LoadResult {
    const running = performance.now() - (this.#answeredAt ?? performance.now());
    return {
      dropped: this.#dropped,
      notOpened: this.#notOpened,
      tried: this.#tried,
      refused: this.#refused,
      reasons: Object.fromEntries(this.#reasons),
      elsewhere: this.#elsewhere,
      withoutService: Math.round(Math.max(this.#withoutService, running)),
      silence: Math.round(this.#silence),
    };
  }

  /** A new connection, one request and its answer. */
  async #once(): Promise<void> {
    this.#tried += 1;
    this.#pending += 1;
    const opened = await this.#open(async (socket) => {
      const response = send(socket, this.#options.host, '/');
      await Promise.race([response, closeOf(socket)]);
    });
    this.#pending -= 1;
    if (opened === undefined) {
      this.#refused += 1;
      return;
    }
    opened.socket.destroy();
    if (opened.attempts > 1) this.#elsewhere += 1;
    const now = performance.now();
    this.#withoutService = Math.max(this.#withoutService, now - (this.#answeredAt ?? now));
    this.#answeredAt = now;
  }

  #watch(socket: TLSSocket): void {
    const [least, most] = this.#options.watchMs;
    let latest = performance.now();
    let ended = false;
    const timer = setTimeout(
      () => {
        ended = true;
        socket.destroy();
      },
      least + Math.random() * (most - least),
    );
    socket.on('data', () => {
      const now = performance.now();
      this.#silence = Math.max(this.#silence, now - latest);
      latest = now;
    });
    socket.once('close', () => {
      clearTimeout(timer);
      if (!ended || performance.now() - latest > DEAD_MS) this.#dropped += 1;
      void this.#watchAgain();
    });
    socket.write(`GET /watch HTTP/1.1\r\nhost: ${this.#options.host}\r\n\r\n`);
  }

  async #watchAgain(): Promise<void> {
    for (;;) {
      const opened = await this.#open();
      if (opened !== undefined) return this.#watch(opened.socket);
      this.#notOpened += 1;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  /** Tries every address once, as clients of a name with several do, until one completes what is asked of it. */
  async #open(
    then?: (socket: TLSSocket) => Promise<void>,
  ): Promise<{ readonly socket: TLSSocket; readonly attempts: number } | undefined> {
    const { addresses, host } = this.#options;
    const first = this.#turn;
    this.#turn += 1;
    for (let attempts = 1; attempts <= addresses.length; attempts += 1) {
      const address = addresses[(first + attempts - 1) % addresses.length];
      if (address === undefined) return undefined;
      const socket = tls.connect({
        host: address,
        port: 443,
        servername: host,
        rejectUnauthorized: false,
        secureContext: SECURE_CONTEXT,
      });
      const timer = setTimeout(() => socket.destroy(new Error('timed out')), ATTEMPT_MS);
      try {
        await Promise.race([secured(socket), closeOf(socket)]);
        await then?.(socket);
        return { socket, attempts };
      } catch (error) {
        const reason = reasonOf(error);
        this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
        socket.destroy();
      } finally {
        clearTimeout(timer);
      }
    }
    return undefined;
  }
}

function secured(socket: TLSSocket): Promise<void> {
  return new Promise((resolve) => socket.once('secureConnect', resolve));
}

function closeOf(socket: TLSSocket): Promise<never> {
  return new Promise((_, reject) => {
    let reason: unknown = new Error('closed');
    socket.on('error', (error) => {
      reason = error;
    });
    socket.once('close', () => reject(reason));
  });
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}

function send(socket: TLSSocket, host: string, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request({ host, path, createConnection: () => socket });
    sent.once('response', (response) => {
      response.resume();
      response.once('end', resolve);
    });
    sent.once('error', reject);
    sent.end();
  });
}
