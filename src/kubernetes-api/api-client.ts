import { ApiFailure, failureOfStatus } from './api-failure.ts';
import { type Clock, systemClock } from './clock.ts';
import { type Connection, Credentials, type CredentialsOptions } from './credentials.ts';
import { http, https } from './node-http.ts';
import type { ApiRequest, ApiResponse } from './transport.ts';

export interface ApiClientOptions extends CredentialsOptions {
  readonly clock?: Clock;
  readonly userAgent?: string;
  /** A request takes no longer than this, in milliseconds. */
  readonly timeoutMs?: number;
}

export interface ApiCall {
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** `application/json` unless given. */
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
}

export interface ApiAnswer {
  readonly status: number;
  /** Parsed JSON; `undefined` where there is none. */
  readonly body: unknown;
  readonly retryAfterMs: number | undefined;
}

/** A page of a list is some megabytes. */
const MAX_BYTES = 64 * 1024 * 1024;
const DEFAULT_TIMEOUT_MS = 10_000;

/** Requests that read and write single objects and pages, each answered whole. Watches are the source's business. */
export class ApiClient {
  readonly #credentials: Credentials;
  readonly #userAgent: string;
  readonly #timeoutMs: number;

  constructor(options: ApiClientOptions) {
    this.#credentials = new Credentials(options, options.clock ?? systemClock);
    this.#userAgent = options.userAgent ?? 'sluice';
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  }

  /** Whatever the server answers; rejects with an `ApiFailure` only where it does not. */
  async send(method: string, path: string, call: ApiCall = {}): Promise<ApiAnswer> {
    const timeout = AbortSignal.timeout(this.#timeoutMs);
    const signal = call.signal === undefined ? timeout : AbortSignal.any([timeout, call.signal]);
    const connection = await this.#connection(signal);
    const what = `${method} ${connection.server.origin}${path}`;
    const answer = await this.#exchange(connection, method, path, call, signal).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      const text = timeout.aborted ? `no answer within ${this.#timeoutMs / 1000} s` : reason;
      throw new ApiFailure('unreachable', `${what}: ${text}`, { cause: error });
    });
    if (answer.status === 401) this.#credentials.refuse();
    return { status: answer.status, body: parse(answer.text), retryAfterMs: answer.retryAfterMs };
  }

  /** The body of a 2xx answer; any other rejects with an `ApiFailure`. */
  async read(method: string, path: string, call: ApiCall = {}): Promise<unknown> {
    const { status, body, retryAfterMs } = await this.send(method, path, call);
    if (status >= 200 && status < 300) return body;
    throw failureOfStatus(`${method} ${path}`, status, body, retryAfterMs);
  }

  /** As a transport of the reflectors, for discovery. */
  async get(request: ApiRequest): Promise<ApiResponse> {
    const answer = await this.send('GET', request.path, {
      ...(request.query === undefined ? {} : { query: request.query }),
      signal: request.signal,
    });
    const text = Buffer.from(answer.body === undefined ? '' : JSON.stringify(answer.body));
    return { status: answer.status, retryAfterMs: answer.retryAfterMs, body: once(text) };
  }

  refuseCredentials(): void {
    this.#credentials.refuse();
  }

  close(): void {
    this.#credentials.close();
  }

  /** A credentials plugin may hang. */
  async #connection(signal: AbortSignal): Promise<Connection> {
    const ended = Promise.withResolvers<never>();
    const abort = (): void =>
      ended.reject(new ApiFailure('config', 'No usable credentials for the Kubernetes API in time'));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await Promise.race([ended.promise, this.#credentials.connection()]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  #exchange(
    { server, agent, headers }: Connection,
    method: string,
    path: string,
    call: ApiCall,
    signal: AbortSignal,
  ): Promise<{ status: number; text: string; retryAfterMs: number | undefined }> {
    const query = call.query === undefined ? '' : `?${new URLSearchParams(call.query).toString()}`;
    const body = call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body));
    return new Promise((resolve, reject) => {
      const outgoing = (server.protocol === 'http:' ? http : https).request({
        agent,
        method,
        protocol: server.protocol,
        hostname: server.hostname.replace(/^\[|\]$/g, ''),
        port: server.port === '' ? undefined : server.port,
        path: `${server.pathname.replace(/\/$/, '')}${path}${query}`,
        signal,
        headers: {
          ...headers,
          accept: 'application/json',
          'user-agent': this.#userAgent,
          ...(body === undefined
            ? {}
            : {
                'content-type': call.contentType ?? 'application/json',
                'content-length': String(body.length),
              }),
        },
      });
      outgoing.on('error', reject);
      outgoing.once('response', (response) => {
        const parts: Buffer[] = [];
        let length = 0;
        response.on('error', reject);
        response.on('data', (part: Buffer) => {
          length += part.length;
          if (length > MAX_BYTES) response.destroy(new Error(`the answer has more than ${MAX_BYTES} bytes`));
          else parts.push(part);
        });
        response.once('end', () => {
          const after = response.headers['retry-after'];
          resolve({
            status: response.statusCode ?? 0,
            text: Buffer.concat(parts).toString('utf8'),
            // The API server sends seconds; a date would be the wall clock's business.
            retryAfterMs: after !== undefined && /^\d{1,6}$/.test(after) ? Number(after) * 1000 : undefined,
          });
        });
      });
      outgoing.end(body);
    });
  }
}

function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // A proxy's page, or plain text: it is the message.
    return { message: text.trim().slice(0, 500) };
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield bytes;
}
