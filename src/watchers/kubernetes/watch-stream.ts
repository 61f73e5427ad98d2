import { ApiFailure, failureOfStatus } from '../../kubernetes-api/api-failure.ts';
import { type ApiTransport, failureOfResponse } from '../../kubernetes-api/transport.ts';
import type { Resource } from '../../kubernetes-api/watched-kind.ts';
import { JsonLines } from './json-lines.ts';
import { isRawObject, type RawObject } from './raw-object.ts';

export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: RawObject }
  /** A bookmark: nothing has changed up to this version. */
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

export interface WatchOptions {
  /** Changes after this version are sent. */
  readonly resourceVersion: string;
  /** The server ends the watch after this long; asked for in whole seconds. */
  readonly timeoutSeconds: number;
  /** Until the server accepts the watch, and after that. */
  readonly acceptMs: number;
  readonly silenceMs: number;
  readonly maxLineBytes: number;
}

/**
 * One watch request. Yields an empty batch when the server has accepted it, then the events as they arrive, a batch
 * for each piece of the stream. Returns when the server ends the watch; throws an `ApiFailure` for anything else, after
 * every event that came before it.
 */
export async function* watchStream(
  resource: Resource,
  transport: ApiTransport,
  options: WatchOptions,
  signal: AbortSignal,
): AsyncGenerator<readonly WatchEvent[], void, void> {
  const what = `watch of ${resource.path}`;
  const response = await transport.get({
    path: resource.path,
    query: {
      ...resource.query,
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: options.resourceVersion,
      timeoutSeconds: String(Math.ceil(options.timeoutSeconds)),
    },
    accept: resource.accept.watch,
    silenceMs: options.acceptMs,
    bodySilenceMs: options.silenceMs,
    signal,
  });
  if (response.status !== 200) throw await failureOfResponse(what, response);
  yield [];
  const lines = new JsonLines(options.maxLineBytes);
  for await (const chunk of response.body) {
    const events: WatchEvent[] = [];
    const failure = parseInto(events, chunk, lines, what);
    if (events.length > 0) yield events;
    if (failure !== undefined) throw failure;
  }
  if (lines.partial)
    throw new ApiFailure('unreachable', `${what}: the stream ended in the middle of an event`);
}

function parseInto(
  events: WatchEvent[],
  chunk: Uint8Array,
  lines: JsonLines,
  what: string,
): ApiFailure | undefined {
  try {
    for (const line of lines.push(chunk)) events.push(parseEvent(line, what));
    return undefined;
  } catch (error) {
    if (error instanceof ApiFailure) return error;
    const reason = error instanceof Error ? error.message : String(error);
    return new ApiFailure('malformed', `${what}: ${reason}`, { cause: error });
  }
}

function parseEvent(line: string, what: string): WatchEvent {
  const { type, object } = JSON.parse(line) as { readonly type?: unknown; readonly object?: unknown };
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      if (isRawObject(object)) return { type, object };
      break;
    case 'BOOKMARK': {
      // Of a bookmark only the version is set: it has no name.
      const version = (object as { metadata?: { resourceVersion?: unknown } } | null)?.metadata
        ?.resourceVersion;
      if (typeof version === 'string' && version !== '') return { type, resourceVersion: version };
      break;
    }
    case 'ERROR': {
      const { code } = (object ?? {}) as { readonly code?: unknown };
      throw failureOfStatus(what, typeof code === 'number' ? code : 500, object);
    }
  }
  throw new ApiFailure('malformed', `${what}: an event that is none: ${line.slice(0, 200)}`);
}
