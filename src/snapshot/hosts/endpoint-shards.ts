import { joinedKey, type ObjectKey } from '../../model/key.ts';
import type { EndpointSetSpec } from './endpoint-sets.ts';

/**
 * The endpoint set of a route's hosts where those of the namespace are divided into `shards` parts (a power of two): the set itself,
 * or its copy for the part that the route is in. All hosts of a route are in one part: of what changes together, one set is
 * sent again. Routes share sets of a single Service only.
 */
export function shardOf(set: EndpointSetSpec, routeKey: ObjectKey, shards: number): EndpointSetSpec {
  if (shards === 1 || set.backends.length !== 1) return set;
  const shard = hashOf(routeKey) & (shards - 1);
  return shard === 0 ? set : { name: joinedKey(set.name, String(shard)), backends: set.backends };
}

/** FNV-1a of 32 bits, mixed so that the low ones tell all of the text. */
function hashOf(text: string): number {
  let hash = 2_166_136_261;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 16_777_619);
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b);
  return (hash ^ (hash >>> 16)) >>> 0;
}
