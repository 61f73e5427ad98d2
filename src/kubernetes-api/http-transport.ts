import type { IncomingMessage } from 'node:http';
import { ApiFailure } from './api-failure.ts';
import type { Clock } from './clock.ts';
import { type Connection, Credentials, type CredentialsOptions, closeIdle } from './credentials.ts';
import { http, https } from './node-http.ts';
import type { ApiRequest, ApiResponse, ApiTransport } from './transport.ts';

export interface HttpTransportOptions extends CredentialsOptions {
  readonly clock: Clock;
  readonly userAgent?: string;
}

/** TCP probes tell a peer that vanished from one that is quiet, before our own limit of silence does. */
const TCP_KEEPALIVE_MS = 30_000;

/** Requests over node's http and https, one connection for each watch. */
export function createHttpTransport(options: HttpTransportOptions): ApiTransport {
  const credentials = new Credentials(options, options.clock);
  return {
    async get(request) {
      return await send(request, await connectionInTime(credentials, request, options.clock), options);
    },
    refuseCredentials: () => credentials.refuse(),
    close: () => credentials.close(),
  };
}

/** A credentials plugin may hang, and must not be waited for by what is to end. */
async function connectionInTime(
  credentials: Credentials,
  request: ApiRequest,
  clock: Clock,
): Promise<Connection> {
  const { signal, silenceMs } = request;
  let release = (): void => {};
  const given = new Promise<never>((_, reject) => {
    const end = (reason: string): void => {
      reject(new ApiFailure('config', `No usable credentials for the Kubernetes API: ${reason}`));
    };
    const aborted = (): void => end('no longer wanted');
    const cancel = clock.after(silenceMs, () => end(`none after ${Math.round(silenceMs / 1000)} s`));
    signal.addEventListener('abort', aborted, { once: true });
    release = () => {
      cancel();
      signal.removeEventListener('abort', aborted);
    };
    if (signal.aborted) aborted();
  });
  try {
    return await Promise.race([given, credentials.connection()]);
  } finally {
    release();
  }
}

function send(
  request: ApiRequest,
  connection: Connection,
  options: HttpTransportOptions,
): Promise<ApiResponse> {
  const { server, agent } = connection;
  const path = `${server.pathname.replace(/\/$/, '')}${request.path}`;
  const query = new URLSearchParams(request.query).toString();
  const what = `${server.origin}${path}`;
  return new Promise((resolve, reject) => {
    const outgoing = (server.protocol === 'http:' ? http : https).request({
      agent,
      method: 'GET',
      protocol: server.protocol,
      // Brackets belong to the URL, not to the address.
      hostname: server.hostname.replace(/^\[|\]$/g, ''),
      port: server.port === '' ? undefined : server.port,
      path: query === '' ? path : `${path}?${query}`,
      signal: request.signal,
      headers: {
        ...connection.headers,
        accept: request.accept ?? 'application/json',
        'user-agent': options.userAgent ?? 'sluice',
      },
    });
    const silence = new Silence(options.clock, request.silenceMs, () => {
      // The way to the server may be dead without a word: no connection that was idle meanwhile is to be trusted.
      closeIdle(agent);
      outgoing.destroy(silence.failure(what));
    });
    outgoing.once('socket', (socket) => socket.setKeepAlive(true, TCP_KEEPALIVE_MS));
    outgoing.on('error', (error) => {
      silence.stop();
      reject(failureOf(what, error));
    });
    outgoing.once('response', (response) => {
      silence.heard(request.bodySilenceMs ?? request.silenceMs);
      // A connection may be cut before anybody reads.
      response.on('error', () => {});
      resolve({
        status: response.statusCode ?? 0,
        retryAfterMs: retryAfter(response),
        contentType: response.headers['content-type'] ?? '',
        body: read(response, silence, what),
      });
    });
    outgoing.end();
  });
}

async function* read(
  response: IncomingMessage,
  silence: Silence,
  what: string,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    for await (const chunk of response as AsyncIterable<Uint8Array>) {
      silence.heard();
      yield chunk;
    }
  } catch (error) {
    // Of a request that is destroyed after its response has begun, node only tells that it was aborted.
    throw silence.broken ? silence.failure(what) : failureOf(what, error);
  } finally {
    silence.stop();
  }
}

function failureOf(what: string, error: unknown): ApiFailure {
  if (error instanceof ApiFailure) return error;
  // Node puts the failures of all addresses that it tried into one error without a message of its own.
  const causes = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
  const reasons = causes.map((cause) => (cause instanceof Error ? cause.message : String(cause)));
  return new ApiFailure('unreachable', `${what}: ${reasons.join('; ')}`, { cause: error });
}

function retryAfter(response: IncomingMessage): number | undefined {
  const value = response.headers['retry-after'];
  // The API server sends seconds; a date would be the wall clock's business.
  return value !== undefined && /^\d{1,6}$/.test(value) ? Number(value) * 1000 : undefined;
}

/** Calls back once when nothing was heard for `ms`. */
class Silence {
  readonly #clock: Clock;
  readonly #then: () => void;
  #ms: number;
  #heardAt: number;
  #cancel: () => void;
  #broken = false;

  constructor(clock: Clock, ms: number, then: () => void) {
    this.#clock = clock;
    this.#ms = ms;
    this.#then = then;
    this.#heardAt = clock.now();
    this.#cancel = clock.after(ms, () => this.#check());
  }

  /** It lasted too long. */
  get broken(): boolean {
    return this.#broken;
  }

  failure(what: string): ApiFailure {
    return new ApiFailure('silent', `${what}: nothing heard for ${Math.round(this.#ms / 1000)} s`);
  }

  /** `ms`: how long the next silence may last, where that changes. */
  heard(ms?: number): void {
    this.#heardAt = this.#clock.now();
    if (ms === undefined || ms === this.#ms) return;
    this.#ms = ms;
    this.#cancel();
    this.#cancel = this.#clock.after(ms, () => this.#check());
  }

  stop(): void {
    this.#cancel();
  }

  /** A chunk moves no timer, for there are thousands; the timer looks when the last one came. */
  #check(): void {
    const left = this.#heardAt + this.#ms - this.#clock.now();
    if (left <= 0) {
      this.#broken = true;
      this.#then();
    } else this.#cancel = this.#clock.after(left, () => this.#check());
  }
}
