import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * A port of 127.0.0.1 that is free now. kube-apiserver and etcd cannot bind port 0 and say which they got, so the
 * port is chosen before. It is taken from below the range that the kernel hands to outgoing connections (32768 on
 * Linux), so that it stays free while a test restarts its server, and at random, so that parallel tests differ; a
 * caller still retries with another when its server finds it taken.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = randomInt(18_000, 32_000);
    if (await canListen(port)) return port;
  }
  throw new Error('no free port of 127.0.0.1 found between 18000 and 32000');
}

async function canListen(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
