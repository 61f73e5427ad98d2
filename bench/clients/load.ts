import path from 'node:path';
import { Child } from '../processes/child.ts';

export interface LoadRequest {
  readonly host: string;
  readonly seconds: number;
  readonly requestsPerSecond: number;
}

export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Requests without an answer, or with a bad one. */
  readonly errors: number;
}

/** HTTPS requests through Envoy to one host, by autocannon in a process of its own. */
export async function load(request: LoadRequest): Promise<LoadResult> {
  await using child = new Child(path.join(import.meta.dirname, 'load-process.ts'), []);
  await child.receive();
  return await child.ask<LoadResult>(request);
}
