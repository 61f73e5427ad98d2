import type { ChangeEvent, ErrorAnswer } from '../../api/shapes.ts';

/** Whoever looks through a proxy of the API server has the page somewhere below it: all addresses are relative. */
const API = '../api/v1/';
/** A header that the API server's proxy lets through, unlike Authorization. */
const TOKEN_HEADER = 'sluice-authorization';
const RETRY_MS = { first: 500, most: 15_000 };

/** An answer other than 200, with its stable code. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  /** When to ask again, where it is said. */
  readonly retryMs: number | undefined;
  constructor(status: number, code: string, message: string, retryMs?: number) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryMs = retryMs;
  }
}

/** In the memory of this page alone. */
let token = '';

export function useToken(text: string): void {
  token = text.trim();
}

function headers(): Record<string, string> {
  return token === '' ? {} : { [TOKEN_HEADER]: `Bearer ${token}` };
}

/** Rejects with an `ApiError`, or with whatever `fetch` rejects with. */
export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await fetch(API + path, { headers: headers(), signal: signal ?? null });
  if (!response.ok) throw await errorOf(response);
  return (await response.json()) as T;
}

async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text();
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  const retryMs = Number.isFinite(seconds) ? seconds * 1_000 : undefined;
  try {
    const { code, message } = JSON.parse(text) as ErrorAnswer;
    return new ApiError(response.status, code, message, retryMs);
  } catch {
    return new ApiError(response.status, `HTTP ${response.status}`, text.trim());
  }
}

export interface FeedListener {
  event(event: ChangeEvent): void;
  /** `undefined`: connected. `isBusy`: others are listened to, and this page is to ask less as well. */
  state(problem: string | undefined, isBusy: boolean): void;
}

/** Follows the changes, and comes back when the connection breaks, until the signal says stop. */
export async function follow(listener: FeedListener, signal: AbortSignal): Promise<void> {
  let waitMs = RETRY_MS.first;
  while (!signal.aborted) {
    try {
      for await (const event of eventsOf(signal)) {
        if (event.type === 'hello') {
          waitMs = RETRY_MS.first;
          listener.state(undefined, false);
        }
        listener.event(event);
      }
      listener.state('the connection has ended', false);
    } catch (error) {
      if (signal.aborted) return;
      const retryMs = error instanceof ApiError ? error.retryMs : undefined;
      const reason = error instanceof Error ? error.message : String(error);
      if (retryMs === undefined) listener.state(reason, false);
      else {
        listener.state(`${reason}. It is tried again every ${retryMs / 1_000} s`, true);
        await pause(retryMs, signal);
        continue;
      }
    }
    await pause(waitMs, signal);
    waitMs = Math.min(waitMs * 2, RETRY_MS.most);
  }
}

/** Server-sent events by `fetch`, since an `EventSource` sends no token. */
async function* eventsOf(signal: AbortSignal): AsyncGenerator<ChangeEvent, void, void> {
  const response = await fetch(`${API}changes`, { headers: headers(), signal });
  if (!response.ok || response.body === null) throw await errorOf(response);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (true) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (text + value).split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = block
        .split('\n')
        .filter((line) => line.startsWith('data: '))
        .map((line) => line.slice('data: '.length))
        .join('\n');
      if (data !== '') yield JSON.parse(data) as ChangeEvent;
    }
  }
}

export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}
