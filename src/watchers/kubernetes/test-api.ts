/** An API server on a real socket that answers nothing by itself: the test does, request by request. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface WatchLine {
  readonly type: string;
  readonly object: object;
}

/** A request that has arrived, and the answer to it. */
export class Exchange {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
  /** Resolves when the client has gone, or the answer is complete. */
  readonly closed: Promise<unknown>;
  readonly #socket: Socket;
  readonly #response: ServerResponse;

  constructor(request: IncomingMessage, response: ServerResponse) {
    const url = new URL(request.url ?? '/', 'http://localhost');
    this.path = url.pathname;
    this.query = Object.fromEntries(url.searchParams);
    this.headers = request.headers;
    this.#socket = request.socket;
    this.#response = response;
    this.closed = once(response, 'close');
  }

  get isWatch(): boolean {
    return this.query['watch'] === 'true';
  }

  json(status: number, body: object, headers: Readonly<Record<string, string>> = {}): void {
    this.#response.writeHead(status, { 'content-type': 'application/json', ...headers });
    this.#response.end(JSON.stringify(body));
  }

  /** Any bytes as an answer of 200. */
  bytes(contentType: string, body: Uint8Array): void {
    this.#response.writeHead(200, { 'content-type': contentType });
    this.#response.end(body);
  }

  /** The API's way to refuse. */
  refuse(code: number, message: string, headers: Readonly<Record<string, string>> = {}): void {
    this.json(code, { kind: 'Status', status: 'Failure', code, message }, headers);
  }

  /** A page of a list; with `token` there is another one. */
  page(items: readonly object[], resourceVersion: string, token?: string): void {
    const metadata = token === undefined ? { resourceVersion } : { resourceVersion, continue: token };
    this.json(200, { kind: 'List', apiVersion: 'v1', metadata, items });
  }

  /** Accepts the watch, and sends events if any. */
  watch(...lines: readonly WatchLine[]): this {
    this.#response.writeHead(200, { 'content-type': 'application/json' });
    this.#response.flushHeaders();
    return this.send(...lines);
  }

  send(...lines: readonly WatchLine[]): this {
    return this.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  }

  write(bytes: string | Uint8Array): this {
    if (bytes.length > 0) this.#response.write(bytes);
    return this;
  }

  /** As the server ends a watch whose time has come. */
  end(): void {
    this.#response.end();
  }

  /** As a server does that dies: what was written arrives, then the connection is closed. */
  cut(): void {
    this.#socket.end();
  }

  /** As a firewall does. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }
}

export class ScriptedApi {
  readonly #server: Server;
  readonly #arrived: Exchange[] = [];
  readonly #wanted: {
    readonly matches: (exchange: Exchange) => boolean;
    readonly take: (e: Exchange) => void;
  }[] = [];
  readonly #sockets = new Set<Socket>();
  #port = 0;
  /** Connections opened so far. */
  connections = 0;
  /** What `/readyz` is answered with. */
  readyz = 200;
  /** The same of `/version`; `silent`: it is not. */
  version: number | 'silent' = 200;
  /** How often `/version` was asked for. */
  beats = 0;
  /** How often it was asked. */
  looks = 0;

  constructor() {
    this.#server = createServer((request, response) => {
      if (request.url === '/version') {
        this.beats += 1;
        if (this.version !== 'silent') response.writeHead(this.version).end();
        return;
      }
      if (request.url !== '/readyz') return this.#arrive(new Exchange(request, response));
      this.looks += 1;
      response.writeHead(this.readyz).end();
    });
    this.#server.on('connection', (socket: Socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    // A watch may be silent for as long as its test wants.
    this.#server.requestTimeout = 0;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens; on the same port after `stop`. */
  async start(): Promise<this> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    if (this.#server.listening) await once(this.#server, 'close');
  }

  /** Resolves when no connection is open. */
  async idle(): Promise<void> {
    while (this.#sockets.size > 0)
      await Promise.all([...this.#sockets].map((socket) => once(socket, 'close')));
  }

  list(path: string): Promise<Exchange> {
    return this.#next((exchange) => exchange.path === path && !exchange.isWatch);
  }

  watch(path: string): Promise<Exchange> {
    return this.#next((exchange) => exchange.path === path && exchange.isWatch);
  }

  /** The next request of any kind. */
  any(): Promise<Exchange> {
    return this.#next(() => true);
  }

  /** Requests that arrived and that no test has asked for. */
  get unanswered(): readonly Exchange[] {
    return this.#arrived;
  }

  #next(matches: (exchange: Exchange) => boolean): Promise<Exchange> {
    const index = this.#arrived.findIndex(matches);
    const [found] = index === -1 ? [] : this.#arrived.splice(index, 1);
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((take) => this.#wanted.push({ matches, take }));
  }

  #arrive(exchange: Exchange): void {
    const index = this.#wanted.findIndex(({ matches }) => matches(exchange));
    const [wanted] = index === -1 ? [] : this.#wanted.splice(index, 1);
    if (wanted === undefined) this.#arrived.push(exchange);
    else wanted.take(exchange);
  }
}
