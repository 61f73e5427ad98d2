/** A TCP client that sends given bytes and tells how the connection ended. */
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface RawExchange {
  /** `end`: the peer sent FIN; `reset`: RST; `open`: still open after `timeoutMs`. */
  readonly outcome: 'end' | 'reset' | 'open';
  /** Everything that the peer sent. */
  readonly received: Buffer;
  /** From the last byte sent to the end of the connection. */
  readonly milliseconds: number;
}

export interface RawExchangeOptions {
  readonly host?: string;
  readonly port: number;
  /** One element is one write, with a pause after it, so that each is a TCP segment of its own. */
  readonly segments: readonly (Uint8Array | string)[];
  readonly pauseMs?: number;
  /** Resolve as soon as this many bytes have come, even though the connection is open. */
  readonly untilReceived?: number;
  readonly timeoutMs?: number;
}

/** Connects, sends the segments and waits until the peer closes. Rejects only if it cannot connect. */
export async function exchangeRaw(options: RawExchangeOptions): Promise<RawExchange> {
  const { host = '127.0.0.1', port, segments, pauseMs = 5, untilReceived, timeoutMs = 5_000 } = options;
  const socket = net.connect({ host, port, noDelay: true, allowHalfOpen: true });
  const chunks: Buffer[] = [];
  let size = 0;
  const ended = new Promise<RawExchange['outcome']>((resolve) => {
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      size += chunk.length;
      if (untilReceived !== undefined && size >= untilReceived) resolve('open');
    });
    socket.on('end', () => resolve('end'));
    socket.on('error', () => resolve('reset'));
    socket.on('close', (hadError) => resolve(hadError ? 'reset' : 'end'));
  });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    for (const [index, segment] of segments.entries()) {
      if (index > 0) await delay(pauseMs);
      socket.write(segment);
    }
    const start = performance.now();
    const abort = new AbortController();
    const outcome = await Promise.race([
      ended,
      delay(timeoutMs, 'open' as const, { signal: abort.signal }).catch(() => 'open' as const),
    ]);
    abort.abort();
    return { outcome, received: Buffer.concat(chunks), milliseconds: performance.now() - start };
  } finally {
    socket.destroy();
  }
}
