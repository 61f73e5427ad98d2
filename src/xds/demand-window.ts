import { type DeltaRequest, eachPair } from '../proto/index.ts';
import {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  type EncodedResource,
  LISTENER_TYPE,
  type ResourceView,
  type SnapshotChange,
} from '../snapshot/resources/resource.ts';
import type { Batch, MaySend } from './batch.ts';
import { ListenerForms } from './listeners/listener-forms.ts';
import { type Subscription, WILDCARD } from './subscription.ts';

export interface DemandWindowOptions {
  /** Hosts up to which it is not worth while: an Envoy takes so many in some 50 ms. */
  readonly fewClusters: number;
  /** Clusters that nobody asked for, in one response. What a host that is asked for waits for is one of these. */
  readonly clustersPerResponse: number;
  /**
   * Names that are of no host, at most, or as many as there are clusters: each is 1.4 kB of the Envoy's memory for as long as it
   * lives, a cluster is 27 kB.
   */
  readonly unknownNames: number;
  /** Names of no host from which on nobody but hosts is asked for ... */
  readonly namedFrom?: number;
  /** ... where there are so many clusters at most: each is some 20 µs of the Envoy's main thread, all at once. */
  readonly namedClusters?: number;
}

export const DEFAULT_DEMAND_WINDOW: Required<DemandWindowOptions> = {
  fewClusters: 500,
  clustersPerResponse: 100,
  unknownNames: 5_000,
  namedFrom: 300,
  namedClusters: 30_000,
};

/** How a window ended. */
export interface WindowEnd {
  readonly reason: 'complete' | 'unknown names';
  readonly openMs: number;
  /** Names of hosts, or of none, that clients asked for. */
  readonly demanded: number;
  readonly unknown: number;
}

export interface TypedBatch {
  readonly typeUrl: string;
  readonly batch: Batch;
}

/** The subscriptions that take part; those that the client has not asked for are `undefined`. */
export interface WindowSubscriptions {
  readonly clusters: Subscription | undefined;
  readonly endpoints: Subscription | undefined;
  readonly listeners: Subscription | undefined;
}

/** Requests after which what is still under way is not waited for: somebody changes without end. */
const PATIENCE = 64;
/** What a response may have at most, where a smaller one is not better. */
const MOST = { maxResources: 2_000, maxBytes: 2 * 1024 * 1024 };

/**
 * The demand window of one Envoy that has started: it gets its listeners first, then the clusters that its clients ask for, each
 * ahead of everything, and the others a few at a time. When it has all of them, or was asked for too many that are none, its
 * listeners become what they are for every other. An Envoy that comes back with what it has gets no window, unless it was in one.
 */
export class DemandWindow {
  readonly #view: ResourceView;
  readonly #options: Required<DemandWindowOptions>;
  readonly #isOn: boolean;
  readonly #subscriptions: () => WindowSubscriptions;
  readonly #forms = new ListenerForms();
  #isOpen = false;
  #hasStarted = false;
  #hasListener = false;
  /** Many names were of no host: listeners name those that are waited for. */
  #isNamed = false;
  /** Clusters that were due when all were known; `undefined` before. Those that change later go behind them. */
  #backlog: number | undefined;
  /** Of the clusters that nobody asked for, how many were sent since. */
  #sent = 0;
  #patience = PATIENCE;
  #openedAt = 0;
  #demanded = 0;
  #end: WindowEnd | undefined;

  /** Without options it opens for nobody but an Envoy that was in one before. */
  constructor(
    view: ResourceView,
    options: DemandWindowOptions | undefined,
    subscriptions: () => WindowSubscriptions,
  ) {
    this.#view = view;
    this.#options = { ...DEFAULT_DEMAND_WINDOW, ...options };
    this.#isOn = options !== undefined;
    this.#subscriptions = subscriptions;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get unknownCount(): number {
    return this.#subscriptions().clusters?.missingCount ?? 0;
  }

  /** How it ended; `undefined` before, and where there was none. */
  get end(): WindowEnd | undefined {
    return this.#end;
  }

  /** A request arrived, before its subscription takes it. Returns it as the subscription is to see it. */
  request(typeUrl: string, request: DeltaRequest): DeltaRequest {
    const { resource_names_subscribe: names = [] } = request;
    if (typeUrl === LISTENER_TYPE) return this.#readForms(request);
    if (typeUrl !== CLUSTER_TYPE) return request;
    if (this.#hasStarted) this.#demanded += names.length;
    else if (this.#isOn && hasNothing(request) && (names.length === 0 || names.includes(WILDCARD)))
      this.#open();
    this.#hasStarted = true;
    return request;
  }

  #readForms(request: DeltaRequest): DeltaRequest {
    const { initial_resource_versions: versions } = request;
    if (versions === undefined) return request;
    const initial = [...this.#forms.read(eachPair(versions))];
    if (this.#forms.open().length > 0) this.#open();
    return { ...request, initial_resource_versions: initial };
  }

  #open(): void {
    this.#isOpen = true;
    this.#hasListener = this.#forms.open().length > 0;
    this.#openedAt = performance.now();
  }

  /** The snapshot changed. */
  changed({ upserts }: SnapshotChange): void {
    if (!this.#isOpen) return;
    for (const resource of upserts) if (resource.typeUrl === LISTENER_TYPE) this.#hurryFor(resource);
  }

  /** What a listener's own chains name goes before it. */
  #hurryFor({ demand }: EncodedResource): void {
    const { clusters } = this.#subscriptions();
    for (const name of demand?.clusters ?? []) clusters?.hurry(name);
  }

  /** The next response while it is open; `undefined` where there is nothing to send, or something has to be waited for. */
  next(maySendListener: MaySend): TypedBatch | undefined {
    const { clusters, endpoints, listeners } = this.#subscriptions();
    // One of those that nobody asked for may be under way besides.
    const mayHurry = clusters !== undefined && clusters.unansweredCount < 2;
    const demanded = (mayHurry ? clusters.nextHurried(MOST) : undefined) ?? clusters?.nextOwed();
    if (demanded !== undefined) return { typeUrl: CLUSTER_TYPE, batch: demanded };
    // Also that there is no such set, at once: a cluster waits to hear it, and Envoy acknowledges no cluster meanwhile.
    const wanted =
      endpoints?.nextResources(MOST) ??
      (this.#view.ready ? endpoints?.nextRemovals(MOST.maxResources) : undefined);
    if (wanted !== undefined) return { typeUrl: ENDPOINT_TYPE, batch: wanted };
    if (listeners?.hasWork === true) {
      // The first ones wait for the clusters of their own chains; the others go behind those, as ever.
      if (!this.#hasListener && listeners.dueCount > 0 && !this.#isQuiet) return undefined;
      const batch =
        listeners.nextResources({ ...MOST, maySend: maySendListener }) ??
        (this.#view.ready ? listeners.nextRemovals(MOST.maxResources) : undefined);
      if (batch !== undefined) {
        this.#hasListener = true;
        return { typeUrl: LISTENER_TYPE, batch };
      }
    }
    if (clusters === undefined || clusters.unansweredCount > 0) return undefined;
    const others = clusters.nextResources({ ...MOST, fits: roomFor(this.#options.clustersPerResponse) });
    this.#sent += others?.resources.length ?? 0;
    const gone = this.#view.ready ? clusters.nextRemovals(MOST.maxResources) : undefined;
    if (others === undefined && gone === undefined) return undefined;
    return {
      typeUrl: CLUSTER_TYPE,
      batch: { resources: others?.resources ?? [], removed: gone?.removed ?? [] },
    };
  }

  /** Nothing is under way that a listener may have to wait for. */
  get #isQuiet(): boolean {
    const { clusters, endpoints } = this.#subscriptions();
    const isAnswered = (clusters?.unansweredCount ?? 0) === 0 && (endpoints?.unansweredCount ?? 0) === 0;
    return isAnswered && (endpoints?.dueCount ?? 0) === 0;
  }

  /** Ends the window where it may end; after each request and each change. */
  settle(): void {
    const { clusters } = this.#subscriptions();
    if (!this.#isOpen || clusters === undefined) return;
    const mostUnknown = Math.max(this.#options.unknownNames, this.#view.slots(CLUSTER_TYPE).size);
    if (clusters.missingCount >= mostUnknown) this.#close('unknown names');
    else if (this.#view.ready && this.#isComplete(clusters)) this.#close('complete');
    else if (!this.#isNamed && this.#view.ready && clusters.missingCount >= this.#options.namedFrom)
      this.#nameHosts();
  }

  #nameHosts(): void {
    this.#isNamed = true;
    if (this.#view.slots(CLUSTER_TYPE).size > this.#options.namedClusters) return;
    for (const name of this.#forms.open()) this.#subscriptions().listeners?.resend(name);
  }

  /** Exact hosts of a listener; `undefined` where whatever is asked for is waited for. */
  #hostsOf(listener: string): string[] | undefined {
    if (!this.#isNamed || this.#view.slots(CLUSTER_TYPE).size > this.#options.namedClusters) return undefined;
    const hosts: string[] = [];
    for (const { name } of this.#view.all(CLUSTER_TYPE))
      if (name.startsWith(`${listener}/`) && !name.includes('*', listener.length))
        hosts.push(name.slice(listener.length + 1));
    return hosts;
  }

  /** Whether all that was there when it opened has been sent, and acknowledged; closes the window where it is for nothing. */
  #isComplete(clusters: Subscription): boolean {
    if (this.#backlog === undefined) {
      if (this.#isForNothing(clusters)) {
        this.#isOpen = false;
        return false;
      }
      for (const listener of this.#view.all(LISTENER_TYPE)) this.#hurryFor(listener);
      clusters.groupByReference();
      this.#backlog = clusters.dueCount;
      this.#sent = 0;
    }
    if (this.#sent < this.#backlog && clusters.dueCount > 0) return false;
    this.#patience -= 1;
    return this.#isQuiet || this.#patience <= 0;
  }

  /** There are few clusters to tell, or no listeners that could wait for more. */
  #isForNothing(clusters: Subscription): boolean {
    if (this.#forms.open().length > 0) return false;
    const hasForms = [...this.#view.all(LISTENER_TYPE)].some(({ demand }) => demand !== undefined);
    return !hasForms || clusters.dueCount <= this.#options.fewClusters;
  }

  #close(reason: WindowEnd['reason']): void {
    this.#isOpen = false;
    const { listeners } = this.#subscriptions();
    for (const name of this.#forms.open()) listeners?.resend(name);
    const openMs = performance.now() - this.#openedAt;
    this.#end = { reason, openMs, demanded: this.#demanded, unknown: this.unknownCount };
  }

  /** The batch as it goes over the wire: listeners in the form that this Envoy is to have. */
  sent({ resources, removed }: Batch): Batch {
    this.#forms.removed(removed);
    const chosen = resources.map((each) => this.#forms.choose(each, this.#isOpen, this.#hostsOf(each.name)));
    return { resources: chosen, removed };
  }
}

function hasNothing({ initial_resource_versions: versions = {} }: DeltaRequest): boolean {
  for (const _ of eachPair(versions)) return false;
  return true;
}

/**
 * Room for so many clusters. One whose endpoint set another one of the response has takes less: with each response Envoy applies
 * the set anew to all clusters that have it, so those had better be few.
 */
function roomFor(clusters: number): (cluster: EncodedResource) => boolean {
  const sets = new Set<string>();
  let left = clusters;
  return ({ references: [set] = [] }) => {
    const isShared = set !== undefined && sets.has(set);
    if (set !== undefined) sets.add(set);
    left -= isShared ? clusters / MOST.maxResources : 1;
    return left >= 0;
  };
}
