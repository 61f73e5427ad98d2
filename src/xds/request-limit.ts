import { CLUSTER_TYPE, ENDPOINT_TYPE, type ResourceView } from '../snapshot/resources/resource.ts';

/** How large a request may be, in bytes. */
export interface RequestLimitOptions {
  /** However few resources there are: some 110,000 that have gone meanwhile fit in. */
  readonly least: number;
  /** For each resource of a type: its name twice and a version, the longest names that there are. */
  readonly perResource: number;
  readonly most: number;
}

const MB = 1024 * 1024;

export const DEFAULT_REQUEST_LIMIT: RequestLimitOptions = {
  least: 16 * MB,
  perResource: 700,
  most: 256 * MB,
};

/**
 * The largest request that is read now. An Envoy that comes back says what it has, and it has what is served here; what that is is
 * not known before the sources have synced.
 */
export function requestLimit(view: ResourceView, { least, perResource, most }: RequestLimitOptions): number {
  if (!view.ready) return most;
  const resources = Math.max(view.slots(CLUSTER_TYPE).size, view.slots(ENDPOINT_TYPE).size);
  return Math.min(most, Math.max(least, resources * perResource));
}
