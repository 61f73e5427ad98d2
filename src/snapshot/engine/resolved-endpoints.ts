import { refusalRules } from '../../gateway/endpoints/address-refusal.ts';
import { EndpointSubsets } from '../../gateway/endpoints/endpoint-subset.ts';
import {
  type Endpoint,
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
import type { Reach } from '../../gateway/status/serving.ts';
import type { ServiceTarget, WeightedBackend } from '../../model/gateway.ts';
import { structurallyEqual } from '../collections/structural-equality.ts';
import type { EngineConfig } from '../config.ts';
import { type EndpointSetSpec, targetName } from '../hosts/endpoint-sets.ts';
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

/** The endpoints of a Service's port, with what sets choose of them. */
interface Resolved extends EndpointResolution {
  /** No other one has it. */
  readonly serial: number;
  readonly port: number;
  /** From the first set on that does not use all of them. */
  subsets: EndpointSubsets | undefined;
}

interface ChosenShare extends ResolvedShare {
  /** Of what the endpoints were chosen. */
  readonly serial: number;
}

/** What a set with subsets was built of: most of a thousand sets choose the same when one endpoint comes or goes. */
interface Chosen {
  readonly backends: readonly WeightedBackend[];
  readonly limitOfEach: number;
  readonly shares: readonly ChosenShare[];
  readonly resource: EncodedResource;
}

/** A Service of fewer endpoints is resolved anew in each round. */
const LARGE = 64;
/** Endpoints of the large ones that are remembered for the next round. */
const REMEMBERED = 100_000;

/** From the slices of Services to EDS resources, and what was refused or missing on the way. */
export class ResolvedEndpoints {
  readonly #world: World;
  readonly #config: EndpointConfig;
  /** By name of the set; only of sets where something is refused or missing. */
  readonly #notes = new Map<string, Notes>();
  /**
   * By `namespace/name` of the Service, of the port that was asked for last: those that are large, or of sets of several, which may
   * share theirs with many others. Until `forget`.
   */
  readonly #resolved = new Map<string, Resolved>();
  #serial = 0;
  /** By name of the set; only of sets that do not use all endpoints of a Service. */
  readonly #chosen = new Map<string, Chosen>();

  constructor(world: World, config: EngineConfig, own: OwnAddresses) {
    this.#world = world;
    this.#config = { ...refusalRules(config.gateway), isOwn: (address, port) => own.has(address, port) };
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
    const known = this.#chosen.get(name);
    const before = known?.backends === backends && known.limitOfEach === limitOfEach ? known : undefined;
    let isLimited = false;
    const refused: RefusedEndpoint[] = [];
    const problems: EndpointsProblem[] = [];
    const shares = backends.map(({ weight, target }, index): ChosenShare => {
      if (target === undefined) return { name: '', weight, endpoints: [], serial: 0 };
      const resolved = this.#resolve(target, targets > 1);
      for (const each of resolved.refused) if (refused.length < MAX_REFUSED) refused.push(each);
      if (resolved.endpoints.length === 0) problems.push(this.#problem(target, resolved));
      if (resolved.endpoints.length > limitOfEach) isLimited = true;
      const share = before?.shares[index];
      if (share?.serial === resolved.serial) return share;
      const endpoints = atMost(limitOfEach, resolved, name);
      return { name: targetName({ weight, target }), weight, endpoints, serial: resolved.serial };
    });
    const reached = shares.some(({ endpoints }) => endpoints.length > 0);
    const reach = problems.length === 0 ? undefined : { reached, problems };
    const news =
      isLimited || refused.length > 0 ? { refused, limit: isLimited ? limitOfEach : undefined } : NO_NEWS;
    const isSame =
      before !== undefined && before.resource.owner === owner && sameEndpoints(before.shares, shares);
    const resource = isSame ? before.resource : translateEndpointSet(name, shares, owner);
    if (isLimited) this.#chosen.set(name, { backends, limitOfEach, shares, resource });
    else if (known !== undefined) this.#chosen.delete(name);
    return { resource, notes: { news, reach } };
  }

  /** The slices of the Service, or the Service, may be others than before. */
  forget(namespace: string, service: string): void {
    if (this.#resolved.size > 0) this.#resolved.delete(`${namespace}/${service}`);
  }

  /** What endpoints are refused may differ. */
  forgetAll(): void {
    if (this.#resolved.size > 0) this.#resolved.clear();
  }

  /** A round ends: keeps what is much work to resolve, for it may share its sets with a Service that changes again and again. */
  forgetSmall(): void {
    let remembered = 0;
    for (const [name, { endpoints }] of this.#resolved) {
      if (endpoints.length < LARGE) this.#resolved.delete(name);
      else remembered += endpoints.length;
    }
    for (const [name, { endpoints }] of this.#resolved) {
      if (remembered <= REMEMBERED) return;
      this.#resolved.delete(name);
      remembered -= endpoints.length;
    }
  }

  /** `isShared`: the set has other Services too, and so may other sets have them. */
  #resolve({ namespace, service, port }: ServiceTarget, isShared: boolean): Resolved {
    const known = this.#resolved.size > 0 ? this.#resolved.get(`${namespace}/${service}`) : undefined;
    if (known?.port === port) return known;
    const [object, slices] = [
      this.#world.get('Service', namespace, service),
      this.#world.slices(namespace, service),
    ];
    const resolution = resolveEndpoints(object, slices, port, this.#config);
    this.#serial += 1;
    const resolved: Resolved = { ...resolution, serial: this.#serial, port, subsets: undefined };
    if (isShared || resolution.endpoints.length >= LARGE)
      this.#resolved.set(`${namespace}/${service}`, resolved);
    return resolved;
  }

  #problem(target: ServiceTarget, resolved: EndpointResolution): EndpointsProblem {
    const { namespace, service } = target;
    const slices = this.#world.slices(namespace, service);
    return endpointsProblem(target, this.#world.get('Service', namespace, service), slices, resolved);
  }

  /** What is to be told of a set, nothing where it is no longer in use. Returns whether it differs from before. */
  note(name: string, after: Notes | undefined): boolean {
    if (after === undefined) this.#chosen.delete(name);
    if (after === undefined || (after.news === NO_NEWS && after.reach === undefined))
      return this.#notes.delete(name);
    const before = this.#notes.get(name);
    this.#notes.set(name, after);
    return !structurallyEqual(before, after);
  }
}

function atMost(limit: number, resolved: Resolved, seed: string): readonly Endpoint[] {
  const { endpoints } = resolved;
  if (endpoints.length <= limit) return endpoints;
  resolved.subsets ??= new EndpointSubsets(endpoints);
  return resolved.subsets.choose(limit, seed);
}

function sameEndpoints(a: readonly ResolvedShare[], b: readonly ResolvedShare[]): boolean {
  return a.every(({ endpoints }, index) => structurallyEqual(endpoints, b[index]?.endpoints));
}
