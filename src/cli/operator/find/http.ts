import type { Agent as HttpAgent, IncomingMessage } from 'node:http';
import process from 'node:process';

/** How a server is reached; an agent carries its TLS. */
export interface HttpTarget {
  readonly server: URL;
  readonly agent?: HttpAgent;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HttpCall {
  readonly method?: 'GET' | 'POST';
  /** Behind the server's own path, with its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** An answer is some megabytes at 20,000 routes. */
const MOST_BYTES = 256 * 1024 * 1024;

/** One request, answered whole, whatever the status. */
export async function call(target: HttpTarget, wish: HttpCall): Promise<HttpAnswer> {
  const response = await open(target, wish);
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MOST_BYTES) throw new Error(`the answer has more than ${MOST_BYTES} bytes`);
    parts.push(part);
  }
  return { status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') };
}

/** One request; its body is read as it comes. */
async function open(target: HttpTarget, wish: HttpCall): Promise<IncomingMessage> {
  const { server, agent, headers } = target;
  return await new Promise((resolve, reject) => {
    const outgoing = clientFor(server).request({
      ...(agent !== undefined && { agent }),
      method: wish.method ?? 'GET',
      protocol: server.protocol,
      hostname: server.hostname.replace(/^\[|\]$/g, ''),
      port: server.port === '' ? undefined : server.port,
      path: `${server.pathname.replace(/\/$/, '')}${wish.path}`,
      signal: wish.signal,
      headers: {
        accept: 'application/json',
        'user-agent': 'sluice',
        ...headers,
        ...wish.headers,
        ...(wish.body !== undefined && {
          'content-type': 'application/json',
          'content-length': String(Buffer.byteLength(wish.body)),
        }),
      },
    });
    outgoing.once('error', (error) => reject(readable(error)));
    outgoing.once('response', resolve);
    outgoing.end(wish.body);
  });
}

/** The bytes of an answer that goes on. Rejects with its text where the status is not 200. */
export async function openStream(
  target: HttpTarget,
  path: string,
  signal: AbortSignal,
): Promise<AsyncIterable<Buffer>> {
  const response = await open(target, { path, signal });
  if (response.statusCode === 200) return response as AsyncIterable<Buffer>;
  let text = '';
  for await (const part of response as AsyncIterable<Buffer>) text += part.toString('utf8');
  throw new Error(messageOf(text) ?? `answered ${response.statusCode}`);
}

/** What TLS takes to load, 30 ms, is for those who need it. */
function clientFor({ protocol }: URL): Pick<typeof import('node:http'), 'request'> {
  return protocol === 'https:'
    ? process.getBuiltinModule('node:https')
    : process.getBuiltinModule('node:http');
}

/** Of an answer in JSON, what it says is wrong. */
export function messageOf(text: string): string | undefined {
  try {
    const { code, message } = JSON.parse(text) as { code?: unknown; message?: unknown };
    if (typeof message !== 'string') return undefined;
    return typeof code === 'string' ? `${code}: ${message}` : message;
  } catch {
    return undefined;
  }
}

/** Node puts the failures of all addresses that it tried into one error without a message of its own. */
function readable(error: Error): Error {
  if (!(error instanceof AggregateError)) return error;
  const reasons = (error.errors as unknown[]).map((each) =>
    each instanceof Error ? each.message : String(each),
  );
  return new Error(reasons.join('; '), { cause: error });
}
