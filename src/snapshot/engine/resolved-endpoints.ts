import { endpointSubset } from '../../gateway/endpoints/endpoint-subset.ts';
import {
  type EndpointConfig,
  type EndpointNews,
  type RefusedEndpoint,
  resolveEndpoints,
} from '../../gateway/endpoints/endpoints.ts';
import { isInRanges, parseAddressRange } from '../../gateway/parents/address-pool.ts';
import { structurallyEqual } from '../collections/structural-equality.ts';
import type { EngineConfig } from '../config.ts';
import type { EndpointSetSpec } from '../hosts/endpoint-sets.ts';
import type { EncodedResource } from '../resources/resource.ts';
import { type ResolvedShare, translateEndpointSet } from '../translate/endpoint-set.ts';
import type { World } from '../world/world.ts';
import type { OwnAddresses } from './own-addresses.ts';

export const NO_NEWS: EndpointNews = { refused: [], limit: undefined };

export interface BuiltEndpointSet {
  readonly resource: EncodedResource;
  readonly news: EndpointNews;
}

/** From the slices of Services to EDS resources, and to which endpoints Envoy is not sent. */
export class ResolvedEndpoints {
  readonly #world: World;
  readonly #config: EndpointConfig;
  /** By name of the set; only of sets that have any. */
  readonly #news = new Map<string, EndpointNews>();

  constructor(world: World, config: EngineConfig, own: OwnAddresses) {
    this.#world = world;
    const { allowLoopbackEndpoints, deniedEndpoints } = config.gateway;
    const denied = deniedEndpoints.flatMap((text) => parseAddressRange(text) ?? []);
    this.#config = {
      allowLoopbackEndpoints,
      isOwn: (address, port) => own.has(address, port),
      ...(denied.length > 0 && { isDenied: (address) => isInRanges(address, denied) }),
    };
  }

  /** Whether there is any at all. */
  get hasNews(): boolean {
    return this.#news.size > 0;
  }

  news(set: string): EndpointNews {
    return this.#news.get(set) ?? NO_NEWS;
  }

  /** The resource of a set that uses `limit` endpoints at most, shared evenly among its Services. */
  build({ name, backends }: EndpointSetSpec, limit: number): BuiltEndpointSet {
    const refused: RefusedEndpoint[] = [];
    const targets = backends.filter(({ target }) => target !== undefined).length;
    const limitOfEach = Math.max(1, Math.floor(limit / Math.max(1, targets)));
    let isLimited = false;
    const shares = backends.map(({ weight, target }): ResolvedShare => {
      if (target === undefined) return { name: '', weight, endpoints: [] };
      const service = this.#world.get('Service', target.namespace, target.service);
      const slices = this.#world.slices(target.namespace, target.service);
      const resolved = resolveEndpoints(service, slices, target.port, this.#config);
      refused.push(...resolved.refused);
      const share = `${target.namespace}/${target.service}/${target.port}`;
      const endpoints = endpointSubset(resolved.endpoints, limitOfEach, name);
      if (endpoints.length < resolved.endpoints.length) isLimited = true;
      return { name: share, weight, endpoints };
    });
    const news =
      isLimited || refused.length > 0 ? { refused, limit: isLimited ? limitOfEach : undefined } : NO_NEWS;
    return { resource: translateEndpointSet(name, shares), news };
  }

  /** The news of a set, none where it is no longer in use. Returns whether they differ from before. */
  setNews(name: string, news: EndpointNews): boolean {
    const isSame = structurallyEqual(this.news(name), news);
    if (news === NO_NEWS) this.#news.delete(name);
    else this.#news.set(name, news);
    return !isSame;
  }
}
