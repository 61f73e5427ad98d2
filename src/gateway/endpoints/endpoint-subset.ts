import { hashed, NO_TEXT, spread } from '../values/text-hash.ts';
import type { Endpoint } from './endpoints.ts';

/** How many rings there are: each endpoint has another gap before it on each, so what sets take of it evens out. */
const RINGS = 16;
/** More than there are endpoints: a position on a ring and an index make one number that is exact. */
const MOST = 2 ** 21;

/**
 * Subsets of the endpoints of a Service (sorted, each once), by consistent hashing. An endpoint has a position on each of some rings
 * that depends on itself and on nothing else; a set has one of the rings and a position by its `seed`, and takes those that come
 * next. So one endpoint that comes or goes exchanges at most one of those chosen, every replica chooses the same, and
 * subsets of many seeds are spread over all endpoints. A ring is ordered once for all sets that choose on it.
 */
export class EndpointSubsets {
  readonly #endpoints: readonly Endpoint[];
  #hashes: Uint32Array | undefined;
  /** Indexes of the endpoints, in the order of their positions. */
  readonly #rings: (Uint32Array | undefined)[] = [];

  constructor(endpoints: readonly Endpoint[]) {
    this.#endpoints = endpoints;
  }

  /** At most `limit`, in the order of the endpoints. */
  choose(limit: number, seed: string): readonly Endpoint[] {
    const endpoints = this.#endpoints;
    if (endpoints.length <= limit) return endpoints;
    const basis = hashed(NO_TEXT, seed);
    const ring = spread(basis) % RINGS;
    const order = this.#order(ring);
    const first = this.#firstFrom(spread(hashed(basis, ' ')), ring, order);
    const chosen = new Uint32Array(limit);
    for (let index = 0; index < limit; index += 1) chosen[index] = order[(first + index) % order.length] ?? 0;
    return Array.from(chosen.sort(), (index) => endpoints[index]).filter((each) => each !== undefined);
  }

  /** Where in the order of a ring the first endpoint is from a position on. */
  #firstFrom(position: number, ring: number, order: Uint32Array): number {
    let [low, high] = [0, order.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#position(order[middle] ?? 0, ring) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #order(ring: number): Uint32Array {
    const known = this.#rings[ring];
    if (known !== undefined) return known;
    const keys = new Float64Array(this.#endpoints.length);
    for (let index = 0; index < keys.length; index += 1)
      keys[index] = this.#position(index, ring) * MOST + index;
    const order = new Uint32Array(keys.length);
    let next = 0;
    for (const key of keys.sort()) {
      order[next] = key % MOST;
      next += 1;
    }
    this.#rings[ring] = order;
    return order;
  }

  #position(index: number, ring: number): number {
    this.#hashes ??= hashesOf(this.#endpoints);
    return spread((this.#hashes[index] ?? 0) ^ spread(ring + 1));
  }
}

function hashesOf(endpoints: readonly Endpoint[]): Uint32Array {
  const hashes = new Uint32Array(endpoints.length);
  for (const [index, { address, port }] of endpoints.entries())
    hashes[index] = hashed(hashed(hashed(NO_TEXT, address), ' '), String(port));
  return hashes;
}
