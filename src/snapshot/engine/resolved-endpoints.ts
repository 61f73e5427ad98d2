import { endpointSubset } from '../../gateway/endpoints/endpoint-subset.ts';
import {
  type EndpointConfig,
  type EndpointNews,
  type EndpointResolution,
  MAX_REFUSED,
  type RefusedEndpoint,
  resolveEndpoints,
} from '../../gateway/endpoints/endpoints.ts';
import {
  type EndpointsProblem,
  type ExplainedEndpoints,
  endpointsProblem,
  explainEndpoints,
} from '../../gateway/explain/explain-endpoints.ts';
import { isInRanges, parseAddressRange } from '../../gateway/parents/address-pool.ts';
import type { Reach } from '../../gateway/status/serving.ts';
import type { ServiceTarget } from '../../model/gateway.ts';
import type { EndpointSlice, Service } from '../../model/objects.ts';
import { structurallyEqual } from '../collections/structural-equality.ts';
import type { EngineConfig } from '../config.ts';
import type { EndpointSetSpec } from '../hosts/endpoint-sets.ts';
import type { EncodedResource } from '../resources/resource.ts';
import { type ResolvedShare, translateEndpointSet } from '../translate/endpoint-set.ts';
import type { World } from '../world/world.ts';
import type { OwnAddresses } from './own-addresses.ts';

export const NO_NEWS: EndpointNews = { refused: [], limit: undefined };

/** What the owners of an endpoint set's routes are told. */
interface Notes {
  /** Endpoints of its Services to which Envoy is not sent. */
  readonly news: EndpointNews;
  readonly reach: Reach | undefined;
}

export interface BuiltEndpointSet {
  readonly resource: EncodedResource;
  readonly notes: Notes;
}

const NO_NOTES: Notes = { news: NO_NEWS, reach: undefined };

/** From the slices of Services to EDS resources, and what was refused or missing on the way. */
export class ResolvedEndpoints {
  readonly #world: World;
  readonly #config: EndpointConfig;
  /** By name of the set; only of sets where something is refused or missing. */
  readonly #notes = new Map<string, Notes>();
  /**
   * By `namespace/name` of the Service, of the port that was asked for last: sets of several Services may share theirs with many
   * others. Until `forget`.
   */
  readonly #resolved = new Map<string, { readonly port: number; readonly resolution: EndpointResolution }>();

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

  /** Whether anything is refused or missing at all. */
  get hasNotes(): boolean {
    return this.#notes.size > 0;
  }

  news(set: string): EndpointNews {
    return this.#notes.get(set)?.news ?? NO_NEWS;
  }

  /** What a set lacks; `undefined` where each of its Services has endpoints. */
  reach(set: string): Reach | undefined {
    return this.#notes.get(set)?.reach;
  }

  /** How many endpoints of a Service's port are connected to as the world is now, or why none. */
  explain(target: ServiceTarget): ExplainedEndpoints {
    const { namespace, service } = target;
    return explainEndpoints(
      target,
      this.#world.get('Service', namespace, service),
      this.#world.slices(namespace, service),
      this.#config,
    );
  }

  /**
   * The resource of a set of the owner that uses `limit` endpoints at most, shared evenly among its Services, and what is
   * refused or missing.
   */
  build({ name, backends }: EndpointSetSpec, limit: number, owner: string | undefined): BuiltEndpointSet {
    const targets = backends.filter(({ target }) => target !== undefined).length;
    const limitOfEach = Math.max(1, Math.floor(limit / Math.max(1, targets)));
    let isLimited = false;
    const refused: RefusedEndpoint[] = [];
    const problems: EndpointsProblem[] = [];
    const shares = backends.map(({ weight, target }): ResolvedShare => {
      if (target === undefined) return { name: '', weight, endpoints: [] };
      const service = this.#world.get('Service', target.namespace, target.service);
      const slices = this.#world.slices(target.namespace, target.service);
      const named = `${target.namespace}/${target.service}`;
      const resolved =
        targets > 1
          ? this.#resolve(named, target.port, service, slices)
          : resolveEndpoints(service, slices, target.port, this.#config);
      for (const each of resolved.refused) if (refused.length < MAX_REFUSED) refused.push(each);
      if (resolved.endpoints.length === 0) problems.push(endpointsProblem(target, service, slices, resolved));
      const endpoints = endpointSubset(resolved.endpoints, limitOfEach, name);
      if (endpoints.length < resolved.endpoints.length) isLimited = true;
      return { name: `${named}/${target.port}`, weight, endpoints };
    });
    const reached = shares.some(({ endpoints }) => endpoints.length > 0);
    const reach = problems.length === 0 ? undefined : { reached, problems };
    const news =
      isLimited || refused.length > 0 ? { refused, limit: isLimited ? limitOfEach : undefined } : NO_NEWS;
    return { resource: translateEndpointSet(name, shares, owner), notes: { news, reach } };
  }

  /** The slices of the Service, or the Service, may be others than before. */
  forget(namespace: string, service: string): void {
    if (this.#resolved.size > 0) this.#resolved.delete(`${namespace}/${service}`);
  }

  forgetAll(): void {
    if (this.#resolved.size > 0) this.#resolved.clear();
  }

  #resolve(
    named: string,
    port: number,
    service: Service | undefined,
    slices: readonly EndpointSlice[],
  ): EndpointResolution {
    const known = this.#resolved.get(named);
    if (known?.port === port) return known.resolution;
    const resolution = resolveEndpoints(service, slices, port, this.#config);
    this.#resolved.set(named, { port, resolution });
    return resolution;
  }

  /** What is to be told of a set, nothing where it is no longer in use. Returns whether it differs from before. */
  note(name: string, after: Notes = NO_NOTES): boolean {
    if (after.news === NO_NEWS && after.reach === undefined) return this.#notes.delete(name);
    const before = this.#notes.get(name);
    this.#notes.set(name, after);
    return !structurallyEqual(before, after);
  }
}
