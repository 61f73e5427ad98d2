/** TLS clients that tell which backend they reached, or how they were turned away. */
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';

export interface TlsTarget {
  readonly address: string;
  readonly port: number;
  /** The SNI, sent as it is written here, upper case included; undefined sends none. */
  readonly servername: string | undefined;
  /** `/` unless given. */
  readonly path?: string;
  /** Until the answer is complete. 10 s unless given. */
  readonly timeoutMs?: number;
  /** The client's own address. */
  readonly localAddress?: string;
  /** PEM of an authority that must have signed the certificate; without it any certificate will do. */
  readonly ca?: string;
}

export interface Answer {
  readonly backend: string;
  /** The SNI as the backend saw it. */
  readonly sni: string | null;
  /** The common name of the certificate that the client got. */
  readonly certificateName: string;
  /** From the start of the connection to the last byte of the answer. */
  readonly milliseconds: number;
}

export type Attempt =
  | ({ readonly outcome: 'answered' } & Answer)
  /** The connection was accepted, and closed (FIN, RST or TLS alert) so long after that. */
  | { readonly outcome: 'closed'; readonly afterMs: number }
  /** Nobody listens there. */
  | { readonly outcome: 'refused' }
  /** Neither an answer nor an end within the timeout. */
  | { readonly outcome: 'silent'; readonly afterMs: number };

/** What `get` rejects with when it was not answered. */
export class NotAnswered extends Error {
  readonly attempt: Attempt;

  constructor(target: TlsTarget, attempt: Attempt) {
    const name = target.servername === undefined ? 'no SNI' : `SNI ${target.servername}`;
    super(`${target.address}:${target.port} (${name}): ${JSON.stringify(attempt)}`);
    this.attempt = attempt;
  }
}

/** One request on a connection of its own. Rejects with `NotAnswered`, or with what `attempt` rejects with. */
export async function get(target: TlsTarget): Promise<Answer> {
  const result = await attempt(target);
  if (result.outcome !== 'answered') throw new NotAnswered(target, result);
  const { outcome: _, ...answer } = result;
  return answer;
}

/** As `get`, with every end that a proxy can give it as a result. Rejects only where the test itself is wrong. */
export async function attempt(target: TlsTarget): Promise<Attempt> {
  const start = performance.now();
  const { timeoutMs = 10_000 } = target;
  const timeout = AbortSignal.timeout(timeoutMs);
  const socket = open(target);
  let connectedAt: number | undefined;
  socket.once('connect', () => {
    connectedAt = performance.now();
  });
  const onTimeout = () => socket.destroy(new DOMException('timed out', 'TimeoutError'));
  timeout.addEventListener('abort', onTimeout);
  try {
    await secured(socket, target);
    const { backend, sni } = await exchange(target, { createConnection: () => socket });
    const certificateName = commonName(socket);
    const milliseconds = performance.now() - start;
    return { outcome: 'answered', backend, sni, certificateName, milliseconds };
  } catch (error) {
    const { code = '', name } = error as NodeJS.ErrnoException;
    if (name === 'TimeoutError') return { outcome: 'silent', afterMs: performance.now() - start };
    if (connectedAt === undefined && code === 'ECONNREFUSED') return { outcome: 'refused' };
    if (connectedAt === undefined || !isClose(code)) throw error;
    return { outcome: 'closed', afterMs: performance.now() - connectedAt };
  } finally {
    timeout.removeEventListener('abort', onTimeout);
    socket.destroy();
  }
}

export interface LongLived extends Disposable {
  /** The common name of the certificate that the client got. */
  readonly certificateName: string;
  readonly isOpen: boolean;
  /** Resolves when the connection is closed, by whomever. */
  readonly closed: Promise<void>;
  /** One request on this connection: the name of the backend. Rejects if that is closed, or after `timeoutMs`. */
  ping(): Promise<string>;
  end(): void;
}

/** A connection that stays open between requests, as kubectl's do. Rejects if it cannot be opened. */
export async function openLongLived(target: TlsTarget): Promise<LongLived> {
  const socket = await opened(target);
  const agent = new OneSocketAgent(socket);
  const { timeoutMs = 10_000 } = target;
  return {
    certificateName: commonName(socket),
    get isOpen() {
      return !socket.destroyed && socket.readyState === 'open';
    },
    closed: closeOf(socket),
    ping: async () => {
      const signal = AbortSignal.timeout(timeoutMs);
      const answer = exchange(target, { agent, signal });
      return (
        await answer.catch((error: unknown) => {
          throw signal.aborted ? new Error(`ping: no answer within ${timeoutMs} ms`) : error;
        })
      ).backend;
    },
    end: () => socket.destroy(),
    [Symbol.dispose]: () => socket.destroy(),
  };
}

export interface Watch extends Disposable {
  readonly isOpen: boolean;
  readonly closed: Promise<void>;
  /** The text of the next `backend.emit`. Rejects if the connection is closed before. */
  next(): Promise<string>;
  end(): void;
}

/** A `/watch` whose response has begun: what the backend emits from now on is received. */
export async function openWatch(target: TlsTarget): Promise<Watch> {
  const socket = await opened(target);
  const sent = send({ ...target, path: '/watch' }, { createConnection: () => socket });
  const response = await responseTo(sent);
  const lines = linesOf(response);
  return {
    get isOpen() {
      return !socket.destroyed && socket.readyState === 'open';
    },
    closed: closeOf(socket),
    next: async () => {
      const { value, done } = await lines.next();
      if (done) throw new Error('watch: the connection was closed');
      return (JSON.parse(value) as { text: string }).text;
    },
    end: () => socket.destroy(),
    [Symbol.dispose]: () => socket.destroy(),
  };
}

type Carrier =
  | { readonly agent: Agent; readonly signal: AbortSignal }
  | { readonly createConnection: () => Duplex };

/** Sends every request on the one socket that it was made with, and fails once that is closed. */
class OneSocketAgent extends Agent {
  readonly #socket: tls.TLSSocket;

  constructor(socket: tls.TLSSocket) {
    super({ keepAlive: true, maxSockets: 1 });
    this.#socket = socket;
  }

  override createConnection(): tls.TLSSocket {
    if (this.#socket.destroyed) throw new Error('the connection was closed');
    return this.#socket;
  }
}

function open(target: TlsTarget): tls.TLSSocket {
  const { address, port, servername, localAddress, ca } = target;
  const socket = tls.connect({
    host: address,
    port,
    rejectUnauthorized: false,
    // The certificate tells the backend's name, which is not the name that the client asked for.
    checkServerIdentity: () => undefined,
    ALPNProtocols: ['http/1.1'],
    ...(servername === undefined ? {} : { servername }),
    ...(localAddress === undefined ? {} : { localAddress }),
    ...(ca === undefined ? {} : { ca }),
  });
  socket.on('error', () => {});
  return socket;
}

async function opened(target: TlsTarget): Promise<tls.TLSSocket> {
  const socket = open(target);
  const timer = setTimeout(() => socket.destroy(new Error('timed out')), target.timeoutMs ?? 10_000);
  try {
    await secured(socket, target);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function secured(socket: tls.TLSSocket, target: TlsTarget): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.once('error', reject);
    socket.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
  });
  if (target.ca !== undefined && !socket.authorized) {
    throw new Error(`certificate of ${commonName(socket)}: ${socket.authorizationError}`);
  }
}

async function exchange(
  target: TlsTarget,
  carrier: Carrier,
): Promise<{ backend: string; sni: string | null }> {
  const response = await responseTo(send(target, carrier));
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  return JSON.parse(body) as { backend: string; sni: string | null };
}

function send(target: TlsTarget, carrier: Carrier): ClientRequest {
  const { address, servername = address, path = '/' } = target;
  return request({ host: servername, path, ...carrier }).end();
}

function responseTo(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.once('response', resolve);
    sent.on('error', reject);
  });
}

async function* linesOf(response: IncomingMessage): AsyncGenerator<string, undefined> {
  let rest = '';
  try {
    for await (const chunk of response.setEncoding('utf8')) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } catch (error) {
    if (!isClose((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

function closeOf(socket: tls.TLSSocket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}

function commonName(socket: tls.TLSSocket): string {
  const { CN } = socket.getPeerCertificate().subject ?? {};
  return (Array.isArray(CN) ? CN[0] : CN) ?? '';
}

/** Whether an error after the connection was made is the peer's ending it. */
function isClose(code: string): boolean {
  return code === 'ECONNRESET' || code === 'EPIPE' || code.includes('_ALERT_');
}
