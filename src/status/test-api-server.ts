/** An API server on a real socket whose every answer a test decides. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';

export interface Asked {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body: unknown;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly retryAfterSeconds?: number;
}

export interface TestApiServer {
  readonly asked: readonly Asked[];
  readonly kubeconfig: string;
  /** Resolves with the first request that fits, also one that came before. */
  saw(fits: (asked: Asked) => boolean): Promise<Asked>;
}

/** `undefined` from `answer`: the connection is cut. Ends with the test. */
export async function startTestApiServer(
  t: TestContext,
  answer: (asked: Asked) => Answer | undefined,
): Promise<TestApiServer> {
  const asked: Asked[] = [];
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const seen = { method: request.method ?? '', path: request.url ?? '', body };
      asked.push(seen);
      const given = answer(seen);
      if (given === undefined) request.socket.destroy();
      else {
        const after = given.retryAfterSeconds;
        if (after !== undefined) response.setHeader('retry-after', String(after));
        response.writeHead(given.status, { 'content-type': 'application/json' });
        response.end(given.body === undefined ? '' : JSON.stringify(given.body));
      }
      for (const look of waiting) look();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const directory = await mkdtemp(path.join(tmpdir(), 'sluice-status-'));
  const kubeconfig = path.join(directory, 'kubeconfig');
  const config = {
    clusters: [{ name: 'x', cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: 'x', user: { token: 'secret' } }],
    contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
    'current-context': 'x',
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  t.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(directory, { recursive: true, force: true });
  });
  return {
    asked,
    kubeconfig,
    saw: (fits) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = asked.find(fits);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const part of request) text += String(part);
  return text === '' ? undefined : JSON.parse(text);
}
