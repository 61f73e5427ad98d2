import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { http } from '../../kubernetes-api/node-http.ts';
import type { SocketAddress } from '../flag-values.ts';

/** A page: its body, and whether all is well with what it shows. */
export interface AdminPage {
  readonly contentType: string;
  readonly body: string;
  /** 200 unless given. */
  readonly status?: number;
}

export type AdminPages = Readonly<Record<string, (query: URLSearchParams) => AdminPage | Promise<AdminPage>>>;

export function textPage(body: string, status = 200): AdminPage {
  return { contentType: 'text/plain; charset=utf-8', body: `${body}\n`, status };
}

export function jsonPage(value: unknown): AdminPage {
  return { contentType: 'application/json', body: `${JSON.stringify(value, null, 2)}\n` };
}

/** Read-only pages over HTTP, for probes, Prometheus and operators. `/` lists them. */
export class AdminServer {
  readonly #server: Server;

  constructor(pages: AdminPages) {
    const index = textPage(Object.keys(pages).join('\n'));
    this.#server = http.createServer((request, response) => {
      const [path = '/', query] = (request.url ?? '/').split('?', 2);
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        send(response, textPage('only GET; nothing here can be changed', 405));
        return;
      }
      const page = path === '/' ? () => index : Object.hasOwn(pages, path) ? pages[path] : undefined;
      if (page === undefined) {
        send(response, textPage('no such page; see / for those there are', 404));
        return;
      }
      Promise.resolve()
        .then(() => page(new URLSearchParams(query)))
        .then(
          (content) => send(response, content),
          (error: unknown) => send(response, textPage(`failed: ${String(error)}`, 500)),
        );
    });
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
}

function send(response: ServerResponse, { contentType, body, status = 200 }: AdminPage): void {
  response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' });
  response.end(body);
}
