import type { TextPairs } from '../proto/index.ts';
import type { EncodedResource } from '../snapshot/resources/resource.ts';

export interface SubscriptionRequest {
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  /** Name → version of what the client has from an earlier stream; meaningful in the first request only. */
  readonly initialVersions: TextPairs;
}

/** One response to be sent. */
export interface Batch {
  readonly resources: readonly EncodedResource[];
  readonly removed: readonly string[];
}

/**
 * Whether a resource may be sent now; if not, it stays due. `isKnown`: the client has another version of it; `isAwaited`: it waits for
 * the resource, whichever version it has.
 */
export type MaySend = (resource: EncodedResource, isKnown: boolean, isAwaited: boolean) => boolean;
