import { hashed, NO_TEXT, spread } from '../../gateway/values/text-hash.ts';
import { joinedKey, type ObjectKey } from '../../model/key.ts';
import type { EndpointSetSpec } from './endpoint-sets.ts';

/**
 * The endpoint set of a route's hosts where those of the namespace are divided into `shards` parts (a power of two): the set itself,
 * or its copy for the part that the route is in. All hosts of a route are in one part: of what changes together, one set is
 * sent again. Routes share sets of a single Service only.
 */
export function shardOf(set: EndpointSetSpec, routeKey: ObjectKey, shards: number): EndpointSetSpec {
  if (shards === 1 || set.backends.length !== 1) return set;
  const shard = spread(hashed(NO_TEXT, routeKey)) & (shards - 1);
  return shard === 0 ? set : { name: joinedKey(set.name, String(shard)), backends: set.backends };
}
