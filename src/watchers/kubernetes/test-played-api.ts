/**
 * An API server that plays one collection: pages of one snapshot, watches with history, bookmarks, compaction. What it
 * does wrong, a test tells it to. For many objects and for random ones; `ScriptedApi` is for exact ones.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface PlayedObject {
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

interface Change {
  readonly version: number;
  readonly line: string;
}

export class PlayedApi {
  readonly path: string;
  readonly #server: Server;
  readonly #objects = new Map<string, object>();
  readonly #snapshots = new Map<number, readonly object[]>();
  readonly #watches = new Set<ServerResponse>();
  #history: Change[] = [];
  #version = 1;
  /** Watches and pages from before this version are answered with 410. */
  #oldest = 0;
  /** Status codes with which the next requests are refused. */
  readonly refusals: number[] = [];
  /** Requests so far. */
  lists = 0;

  constructor(path: string) {
    this.path = path;
    this.#server = createServer((request, response) => this.answer(request, response));
    this.#server.requestTimeout = 0;
  }

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  get names(): string[] {
    return [...this.#objects.keys()].map((key) => key.slice(key.indexOf('/') + 1));
  }

  /** Creates the object, or changes it. */
  put(object: PlayedObject): void {
    const key = keyOf(object);
    const type = this.#objects.has(key) ? 'MODIFIED' : 'ADDED';
    this.#version += 1;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
    this.#objects.set(key, stored);
    this.#tell(type, stored);
  }

  delete(key: string): void {
    const object = this.#objects.get(key);
    if (object === undefined) return;
    this.#objects.delete(key);
    this.#version += 1;
    const { metadata } = object as PlayedObject;
    this.#tell('DELETED', { ...object, metadata: { ...metadata, resourceVersion: String(this.#version) } });
  }

  bookmark(): void {
    const object = { metadata: { resourceVersion: String(this.#version) } };
    for (const watch of this.#watches) watch.write(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
  }

  /** Forgets what was before now. */
  compact(): void {
    this.#oldest = this.#version;
    this.#history = [];
    this.#snapshots.clear();
  }

  /** Ends all watches: as agreed, by closing the connection, or so in the middle of an event. */
  end(how: 'end' | 'cut' | 'torn'): void {
    for (const watch of this.#watches) {
      if (how === 'torn') watch.write('{"type":"ADDED","object":{"metad');
      if (how === 'end') watch.end();
      else watch.socket?.end();
    }
    this.#watches.clear();
  }

  #tell(type: string, object: object): void {
    const line = `${JSON.stringify({ type, object })}\n`;
    this.#history.push({ version: this.#version, line });
    for (const watch of this.#watches) watch.write(line);
  }

  /** For a server that plays several. */
  answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const refusal = this.refusals.shift();
    if (refusal !== undefined) refuse(response, refusal);
    else if (url.pathname !== this.path) refuse(response, 404);
    else if (url.searchParams.get('watch') === 'true') this.#watch(url.searchParams, response);
    else this.#list(url.searchParams, response);
  }

  #list(query: URLSearchParams, response: ServerResponse): void {
    this.lists += 1;
    const [at, from] = (query.get('continue') ?? `${this.#version}.0`).split('.').map(Number) as [
      number,
      number,
    ];
    if (from === 0) this.#snapshots.set(at, [...this.#objects.values()]);
    const snapshot = this.#snapshots.get(at);
    if (snapshot === undefined) {
      refuse(response, 410);
      return;
    }
    const end = from + Number(query.get('limit') ?? snapshot.length);
    const token = end < snapshot.length ? `${at}.${end}` : '';
    const metadata = { resourceVersion: String(at), continue: token };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ kind: 'List', metadata, items: snapshot.slice(from, end) }));
  }

  #watch(query: URLSearchParams, response: ServerResponse): void {
    const from = Number(query.get('resourceVersion'));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    if (from < this.#oldest) {
      const object = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
      response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`);
      return;
    }
    for (const { version, line } of this.#history) {
      if (version > from) response.write(line);
    }
    this.#watches.add(response);
    response.once('close', () => this.#watches.delete(response));
  }
}

function keyOf({ metadata }: PlayedObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

function refuse(response: ServerResponse, code: number): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ kind: 'Status', status: 'Failure', code, message: 'refused' }));
}
