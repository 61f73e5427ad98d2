import {
  type EndpointConfig,
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

const NONE: readonly RefusedEndpoint[] = [];

export interface BuiltEndpointSet {
  readonly resource: EncodedResource;
  /** Endpoints of its Services to which Envoy is not sent. */
  readonly refused: readonly RefusedEndpoint[];
}

/** From the slices of Services to EDS resources, and which endpoints were refused on the way. */
export class ResolvedEndpoints {
  readonly #world: World;
  readonly #config: EndpointConfig;
  /** By name of the set; only sets that have any. */
  readonly #refused = new Map<string, readonly RefusedEndpoint[]>();

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

  /** Whether anything is refused at all. */
  get hasRefused(): boolean {
    return this.#refused.size > 0;
  }

  refused(set: string): readonly RefusedEndpoint[] {
    return this.#refused.get(set) ?? NONE;
  }

  /** The resource of a set, and the endpoints that are refused. */
  build({ name, backends }: EndpointSetSpec): BuiltEndpointSet {
    const refused: RefusedEndpoint[] = [];
    const shares = backends.map(({ weight, target }): ResolvedShare => {
      if (target === undefined) return { name: '', weight, endpoints: [] };
      const service = this.#world.get('Service', target.namespace, target.service);
      const slices = this.#world.slices(target.namespace, target.service);
      const resolved = resolveEndpoints(service, slices, target.port, this.#config);
      refused.push(...resolved.refused);
      return {
        name: `${target.namespace}/${target.service}/${target.port}`,
        weight,
        endpoints: resolved.endpoints,
      };
    });
    return { resource: translateEndpointSet(name, shares), refused };
  }

  /** The refused endpoints of a set, none where it is no longer in use. Returns whether they differ from before. */
  setRefused(name: string, refused: readonly RefusedEndpoint[]): boolean {
    const isSame = structurallyEqual(this.refused(name), refused);
    if (refused.length > 0) this.#refused.set(name, refused);
    else this.#refused.delete(name);
    return !isSame;
  }
}
