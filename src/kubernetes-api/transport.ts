import { type ApiFailure, failureOfStatus } from './api-failure.ts';
import { PROTOBUF, readProtobufStatus } from './protobuf-list.ts';

export interface ApiRequest {
  /** Path below the server's URL, `/apis/…`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** `application/json` unless given. */
  readonly accept?: string;
  /** Gives up when nothing is heard for this long, neither a status line nor another byte. */
  readonly silenceMs: number;
  /** Silence after the status line, in milliseconds, where the body may take longer. */
  readonly bodySilenceMs?: number;
  readonly signal: AbortSignal;
}

export interface ApiResponse {
  readonly status: number;
  /** From the `Retry-After` header, where it holds seconds. */
  readonly retryAfterMs: number | undefined;
  /** As the server said; `''` where it did not. */
  readonly contentType?: string;
  /** Rejects with an `ApiFailure`. Leaving it early closes the connection. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Carries GET requests to the API server. Everything it throws is an `ApiFailure`. */
export interface ApiTransport {
  get(request: ApiRequest): Promise<ApiResponse>;
  /** The server did not accept our credentials: read them anew before the next request. */
  refuseCredentials(): void;
  close(): void;
}

/** A `Status` object is some hundred bytes; what is longer is not read. */
const ERROR_BODY_BYTES = 64 * 1024;

/** Reads a body whole, at most `maxBytes`; `undefined` where it is longer. */
export async function readBody(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<Buffer | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body) {
    length += part.byteLength;
    if (length > maxBytes) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts, length);
}

export function isProtobuf({ contentType = '' }: ApiResponse): boolean {
  return contentType.startsWith(PROTOBUF);
}

/** The failure that an answer other than 200 stands for; reads its body. */
export async function failureOfResponse(what: string, response: ApiResponse): Promise<ApiFailure> {
  let status: unknown;
  try {
    const body = await readBody(response.body, ERROR_BODY_BYTES);
    if (body !== undefined)
      status = isProtobuf(response) ? readProtobufStatus(body) : parseJson(body.toString('utf8'));
  } catch {
    // The status code alone says enough.
  }
  return failureOfStatus(what, response.status, status, response.retryAfterMs);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A proxy's page, or plain text: it is the message.
    return { message: text.trim() };
  }
}
