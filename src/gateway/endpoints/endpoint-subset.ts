import { hashed, NO_TEXT, spread } from '../values/text-hash.ts';
import type { Endpoint } from './endpoints.ts';

/**
 * At most `limit` of the endpoints (sorted, each once), in the same order. By rendezvous hashing: each has a rank of its own that
 * depends on the `seed` and on nothing else, and the lowest ranks are chosen. So one endpoint that comes or goes exchanges at most
 * one of those chosen, every replica chooses the same, and subsets of other seeds are spread over all endpoints alike.
 */
export function endpointSubset(
  endpoints: readonly Endpoint[],
  limit: number,
  seed: string,
): readonly Endpoint[] {
  if (endpoints.length <= limit) return endpoints;
  const basis = hashed(NO_TEXT, `${seed} `);
  const ranks = new Uint32Array(endpoints.length);
  // Without a text put together for each: a namespace may have a thousand sets of sixteen thousand endpoints.
  for (const [index, { address, port }] of endpoints.entries())
    ranks[index] = spread(hashed(hashed(hashed(basis, address), ' '), String(port)));
  // The highest rank that is chosen; of several endpoints that have it, the first are.
  const last = ranks.toSorted()[limit - 1] ?? 0;
  let ofLast = limit;
  for (const rank of ranks) if (rank < last) ofLast -= 1;
  return endpoints.filter((_, index) => {
    const rank = ranks[index] ?? 0;
    if (rank !== last) return rank < last;
    ofLast -= 1;
    return ofLast >= 0;
  });
}
