import type { HttpAnswer } from './http.ts';

/** Where one replica's pages are. */
export interface Replica {
  readonly name: string;
  get(path: string, signal: AbortSignal): Promise<HttpAnswer>;
  /** The bytes of a page that goes on. Rejects with its text where the status is not 200. */
  stream(path: string, signal: AbortSignal): Promise<AsyncIterable<Buffer>>;
  /** Why it is shown no token; `undefined` where it is, or needs none. */
  readonly withoutToken: string | undefined;
}
