import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { http } from '../../kubernetes-api/node-http.ts';
import type { SocketAddress } from '../flag-values.ts';
import { type Access, type AdminGuard, OPEN_TO_ALL, PROBES } from './access/admin-guard.ts';
import { PeerConnections } from './access/peer-connections.ts';
import { API_VERSION, type ErrorAnswer } from './api/shapes.ts';
import { isPageFile, PAGE_PATH } from './page/page-path.ts';

/** A page: its body, and whether all is well with what it shows. */
export interface AdminPage {
  readonly contentType: string;
  readonly body: string;
  /** What follows the body, until the client goes. */
  readonly stream?: AsyncIterable<string>;
  /** 200 unless given. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Who asks, and until when. */
export interface AdminRequest {
  readonly access: Access;
  /** Aborted when the client goes. */
  readonly signal: AbortSignal;
}

export type AdminPages = Readonly<
  Record<string, (query: URLSearchParams, request: AdminRequest) => AdminPage | Promise<AdminPage>>
>;

export function textPage(body: string, status = 200): AdminPage {
  return { contentType: 'text/plain; charset=utf-8', body: `${body}\n`, status };
}

export function jsonPage(value: unknown, status = 200): AdminPage {
  return { contentType: 'application/json', body: `${JSON.stringify(value, null, 2)}\n`, status };
}

/** An answer other than 200, with a stable code. */
export function errorPage(status: number, code: string, message: string): AdminPage {
  return jsonPage({ apiVersion: API_VERSION, kind: 'Error', code, message } satisfies ErrorAnswer, status);
}

/** Too many ask for what costs something: in some seconds it may be otherwise. */
export function busyPage(message: string, retrySeconds: number): AdminPage {
  return {
    ...errorPage(503, 'SLUICE_ADMIN_BUSY', message),
    headers: { 'retry-after': String(retrySeconds) },
  };
}

/** Read-only pages over HTTP, for probes, Prometheus and operators. `/` lists them. */
export class AdminServer {
  readonly #server: Server;
  readonly #pages: AdminPages;
  readonly #guard: AdminGuard;
  readonly #peers: PeerConnections;

  constructor(pages: AdminPages, guard: AdminGuard = OPEN_TO_ALL, peers = new PeerConnections()) {
    this.#pages = pages;
    this.#guard = guard;
    this.#peers = peers;
    this.#server = http.createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) =>
        send(response, textPage(`failed: ${String(error)}`, 500)),
      );
    });
    this.#server.on('connection', (socket: Socket) => peers.add(socket));
  }

  /** Resolves with the port; rejects where the address cannot be had. */
  listen({ host, port }: SocketAddress): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = '/', query] = (request.url ?? '/').split('?', 2);
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return send(response, textPage('only GET; nothing here can be changed', 405));
    if (this.#peers.isTooMany(request.socket) && !PROBES.has(path)) {
      response.shouldKeepAlive = false;
      return send(response, busyPage('this address has too many connections open; close some of them', 30));
    }
    const pages = this.#pages;
    const index = (): AdminPage => textPage(listed(pages));
    const page = path === '/' ? index : Object.hasOwn(pages, path) ? pages[path] : undefined;
    // Who may not look is told nothing of what there is.
    const admitted = await this.#guard.admit({
      path,
      peer: request.socket.remoteAddress ?? '',
      headers: request.headers,
    });
    if ('refused' in admitted) {
      const { status, code, message } = admitted.refused;
      return send(response, errorPage(status, code, message));
    }
    if (page === undefined) return send(response, textPage('no such page; see / for those there are', 404));
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const { access } = admitted;
    const content = await page(new URLSearchParams(query), { access, signal: gone.signal });
    await send(response, content, request.method === 'HEAD');
  }
}

/** The paths, one a line; files of the page are found by the page. */
function listed(pages: AdminPages): string {
  const paths = Object.keys(pages).filter((path) => !isPageFile(path) || path === PAGE_PATH);
  return paths.join('\n');
}

async function send(
  response: ServerResponse,
  { contentType, body, stream, status = 200, headers = {} }: AdminPage,
  isHead = false,
): Promise<void> {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store', ...headers });
  if (stream === undefined || isHead) {
    response.end(body);
    return;
  }
  response.write(body);
  for await (const piece of stream) {
    if (response.destroyed) break;
    if (!response.write(piece)) await drained(response);
  }
  response.end();
}

/** Until the client has taken what it was sent, or is gone. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      response.off('drain', end).off('close', end);
      resolve();
    };
    response.on('drain', end).on('close', end);
  });
}
