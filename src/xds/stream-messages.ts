import type { Batch } from './batch.ts';

export interface StreamResponse {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly batch: Batch;
}

/** A response that the client rejected (NACK). */
export interface Rejection {
  readonly typeUrl: string;
  /** The client's words. */
  readonly error: string;
  /** Of the resources that are held back from now on; empty while the cause is being searched for. */
  readonly names: readonly string[];
}

/** What a request turned out to be. */
export interface RequestOutcome {
  readonly acknowledged?: { readonly typeUrl: string; readonly resources: number };
  readonly rejected?: Rejection;
}
