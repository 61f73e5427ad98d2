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
  const basis = hashed(FNV_BASIS, seed);
  const ranks = hashesOf(endpoints).map((hash) => spread(basis ^ hash));
  const last = ranks.toSorted()[limit - 1] ?? 0;
  // Of those of equal rank, the first ones.
  let ties = limit - ranks.reduce((count, rank) => count + (rank < last ? 1 : 0), 0);
  return endpoints.filter((_, index) => {
    const rank = ranks[index] ?? 0;
    if (rank === last) ties -= 1;
    return rank < last || (rank === last && ties >= 0);
  });
}

const FNV_BASIS = 2_166_136_261;

/** Of lists of which more than one subset is chosen, one after the other: the texts are what takes long. */
const HASHES = new WeakMap<readonly Endpoint[], Uint32Array>();

function hashesOf(endpoints: readonly Endpoint[]): Uint32Array {
  let hashes = HASHES.get(endpoints);
  if (hashes === undefined) {
    hashes = Uint32Array.from(endpoints, ({ address, port }) => hashed(FNV_BASIS, `${address} ${port}`));
    HASHES.set(endpoints, hashes);
  }
  return hashes;
}

/** FNV-1a, of 32 bits, from a hash on. */
function hashed(basis: number, text: string): number {
  let hash = basis;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 16_777_619);
  return hash;
}

/** Texts that differ in their last character only have near hashes before this, and far ones after it. */
function spread(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
