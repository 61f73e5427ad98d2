import type { DeltaRequest } from '../proto/index.ts';
import {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  EXTENSION_TYPE,
  LISTENER_TYPE,
  type ResourceSlots,
  type ResourceView,
  type SnapshotChange,
} from '../snapshot/resources/resource.ts';
import type { HeldResource } from './answers.ts';
import type { Batch, MaySend } from './batch.ts';
import { DemandWindow, type DemandWindowOptions } from './demand-window.ts';
import type { ListenerPace } from './listeners/listener-pace.ts';
import { NewHostLists } from './listeners/new-host-lists.ts';
import { OwnerTurns } from './owner-turns.ts';
import { DEFAULT_STREAM_LIMITS, type StreamLimits } from './stream-limits.ts';
import type { RequestOutcome, StreamResponse } from './stream-messages.ts';
import { StreamRefusal } from './stream-refusal.ts';
import { Subscription } from './subscription.ts';

/** Envoy names each resource that it rejects in a line; beyond that a response is halved until it is clear. */
const MAX_ERROR_LENGTH = 16 * 1024;

const NOTHING: ReadonlyMap<string, HeldResource> = new Map();

/** In this order resources are told, and in the opposite one they are taken away: nothing ever points at nothing. */
const ORDER = [CLUSTER_TYPE, ENDPOINT_TYPE, EXTENSION_TYPE, LISTENER_TYPE];

/**
 * One ADS stream of one Envoy: a subscription for each type, and in which order their responses go. Pure: what is
 * to be written is asked for with `next`, one response at a time, so that back-pressure is the caller's choice.
 */
export class AdsStream {
  readonly #view: ResourceView;
  readonly #limits: StreamLimits;
  readonly #subscriptions = new Map<string, Subscription>();
  /** Of endpoint sets, whether Envoy has asked for any or not: clusters that were sent before wait for theirs. */
  readonly #endpoints: Subscription;
  #nonce = 0;
  readonly #pace: ListenerPace | undefined;
  readonly #window: DemandWindow;
  readonly #newHosts: NewHostLists;
  readonly #turns: OwnerTurns;
  #hasBeenCurrent = false;
  #waitMs = 0;

  constructor(
    view: ResourceView,
    limits: StreamLimits = DEFAULT_STREAM_LIMITS,
    pace?: ListenerPace,
    turns = new OwnerTurns(),
    window?: DemandWindowOptions,
  ) {
    this.#turns = turns;
    this.#view = view;
    this.#limits = limits;
    this.#pace = pace;
    this.#endpoints = new Subscription(() => view.slots(ENDPOINT_TYPE));
    this.#newHosts = new NewHostLists(view, () => this.#subscriptions.get(EXTENSION_TYPE));
    this.#window = new DemandWindow(view, window, () => ({
      clusters: this.#subscriptions.get(CLUSTER_TYPE),
      endpoints: this.#subscriptions.get(ENDPOINT_TYPE),
      listeners: this.#subscriptions.get(LISTENER_TYPE),
    }));
  }

  /** Throws `StreamRefusal` where the stream has to be closed. */
  request(received: DeltaRequest): RequestOutcome {
    const typeUrl = received.type_url ?? '';
    const request = this.#window.request(typeUrl, received);
    const subscription = this.#subscription(typeUrl);
    this.#newHosts.answered(request.response_nonce ?? '', !request.error_detail);
    if (typeUrl === LISTENER_TYPE) this.#newHosts.claim(request.initial_resource_versions ?? {});
    const outcome = this.#answer(subscription, typeUrl, request);
    const subscribe = request.resource_names_subscribe ?? [];
    this.#refuseAbove(({ nameCount }) => nameCount, subscribe.length);
    subscription.request({
      subscribe,
      unsubscribe: request.resource_names_unsubscribe ?? [],
      initialVersions: this.#hasWarmingClusters(typeUrl) ? {} : (request.initial_resource_versions ?? {}),
    });
    // Those that it says it has, or had asked for, and that are only its own.
    this.#refuseAbove(({ unknownCount }) => unknownCount, 0);
    this.#settle();
    return outcome;
  }

  /**
   * Whether an Envoy that comes back waits for endpoint sets, whatever versions of them it has: it asks for clusters first, but for
   * none while a cluster is warming, and a cluster whose set it has for others waits until that is sent again. Until
   * then it would take no cluster of anybody (15 s: its initial fetch timeout).
   */
  #hasWarmingClusters(typeUrl: string): boolean {
    return typeUrl === ENDPOINT_TYPE && !this.hasAskedFor(CLUSTER_TYPE);
  }

  #refuseAbove(count: (subscription: Subscription) => number, more: number): void {
    const names = [...this.#subscriptions.values()].reduce((sum, each) => sum + count(each), more);
    if (names <= this.#limits.subscribedNames) return;
    throw new StreamRefusal(
      'SLUICE_XDS_TOO_MANY_NAMES',
      'RESOURCE_EXHAUSTED',
      `more than ${this.#limits.subscribedNames} names on one stream; subscribe to "*" instead`,
    );
  }

  #subscription(typeUrl: string): Subscription {
    const known = this.#subscriptions.get(typeUrl);
    if (known !== undefined) return known;
    if (typeUrl === '') {
      throw new StreamRefusal(
        'SLUICE_XDS_NO_TYPE',
        'INVALID_ARGUMENT',
        'a request on an ADS stream must name its type_url',
      );
    }
    if (this.#subscriptions.size >= this.#limits.types) {
      throw new StreamRefusal(
        'SLUICE_XDS_TOO_MANY_TYPES',
        'RESOURCE_EXHAUSTED',
        `more than ${this.#limits.types} types on one stream`,
      );
    }
    const view = this.#view;
    const slots = (): ResourceSlots =>
      typeUrl === EXTENSION_TYPE ? this.#newHosts.slots : view.slots(typeUrl);
    const subscription = typeUrl === ENDPOINT_TYPE ? this.#endpoints : new Subscription(slots);
    this.#subscriptions.set(typeUrl, subscription);
    return subscription;
  }

  #answer(subscription: Subscription, typeUrl: string, request: DeltaRequest): RequestOutcome {
    const nonce = request.response_nonce ?? '';
    if (nonce === '') return {};
    this.#turns.answered(nonce);
    this.#pace?.answered(nonce);
    const error = request.error_detail;
    if (error === undefined || error === null) {
      const resources = subscription.acknowledge(nonce);
      return resources === undefined ? {} : { acknowledged: { typeUrl, resources } };
    }
    // Envoy's own words; of another client's, as much as can be looked at.
    const message = (error.message ?? '').slice(0, MAX_ERROR_LENGTH);
    const names = subscription.reject(nonce, message);
    return names === undefined ? {} : { rejected: { typeUrl, error: message, names } };
  }

  /** The snapshot changed. */
  snapshotChanged(change: SnapshotChange): void {
    const { upserts, removals } = change;
    for (const { typeUrl, name } of upserts) this.#changed(typeUrl, name);
    for (const { typeUrl, name } of removals) this.#changed(typeUrl, name);
    this.#newHosts.snapshotChanged(change);
    this.#window.changed(change);
    this.#settle();
  }

  #settle(): void {
    this.#window.settle();
    this.#hasBeenCurrent ||= this.#view.ready && this.hasAskedFor(LISTENER_TYPE) && this.isCurrent;
  }

  #changed(typeUrl: string, name: string): void {
    // Its own lists, see there.
    if (typeUrl === EXTENSION_TYPE) return;
    // Also before Envoy has asked for endpoints: what is remembered of a slot must go with what was in it.
    const subscription = typeUrl === ENDPOINT_TYPE ? this.#endpoints : this.#subscriptions.get(typeUrl);
    subscription?.resourceChanged(name);
  }

  /** After `next` gave nothing: in how many milliseconds it may give something again; 0 if only events can change that. */
  get waitMs(): number {
    return this.#waitMs;
  }

  /** The next response to write, or `undefined` where the client has everything that may be sent now. */
  next(): StreamResponse | undefined {
    this.#waitMs = 0;
    if (this.#window.isOpen) {
      // Other types come behind all that there is to tell of these.
      const next = this.#window.next(this.#maySendListener);
      const subscription = next && this.#subscriptions.get(next.typeUrl);
      return subscription && this.#respond(subscription, next.typeUrl, next.batch);
    }
    return this.#nextInOrder();
  }

  #nextInOrder(): StreamResponse | undefined {
    this.#newHosts.update(() => this.acknowledged(CLUSTER_TYPE));
    this.#waitAtMost(this.#newHosts.waitMs);
    const { resourcesPerResponse, bytesPerResponse } = this.#limits;
    const others = [...this.#subscriptions.keys()].filter((each) => !ORDER.includes(each));
    for (const typeUrl of [...ORDER, ...others]) {
      const subscription = this.#subscriptions.get(typeUrl);
      if (subscription === undefined || !subscription.hasWork) continue;
      const batch = subscription.nextResources({
        maxResources: resourcesPerResponse,
        maxBytes: bytesPerResponse,
        maySend: this.#maySend(typeUrl),
      });
      if (batch === undefined) continue;
      return this.#respond(subscription, typeUrl, batch);
    }
    // What is not there may yet be computed: an Envoy from before must not lose it in the meantime.
    if (!this.#view.ready) return undefined;
    // Other types come behind all that there is to tell of these, removals included.
    for (const typeUrl of [...ORDER.toReversed(), ...others]) {
      if (typeUrl === EXTENSION_TYPE && this.#newHosts.isWaiting) continue;
      if (typeUrl === CLUSTER_TYPE && this.#newHosts.mustLeave) continue;
      const subscription = this.#subscriptions.get(typeUrl);
      const batch =
        subscription?.hasWork === true ? subscription.nextRemovals(resourcesPerResponse) : undefined;
      if (subscription === undefined || batch === undefined) continue;
      // What goes may be what was in the way: an address that two listeners wanted.
      if (typeUrl === LISTENER_TYPE && batch.removed.length > 0) subscription.retryHeld();
      return this.#respond(subscription, typeUrl, batch);
    }
    return undefined;
  }

  #maySend(typeUrl: string): MaySend | undefined {
    if (typeUrl === LISTENER_TYPE) return this.#maySendListener;
    if (!this.#hasBeenCurrent) return undefined;
    this.#turns.begin();
    if (typeUrl === CLUSTER_TYPE) return this.#maySendCluster;
    return typeUrl === ENDPOINT_TYPE ? this.#maySendEndpoints : undefined;
  }

  readonly #maySendListener: MaySend = (listener, isKnown) => {
    const { bytes, demand } = listener;
    // It may be here before its clusters, for those who wait for them.
    if (demand !== undefined && !this.#view.ready && !this.#window.isOpen) return false;
    if (!isKnown || this.#pace === undefined) return true;
    const waitMs = this.#pace.takeBytes(bytes.length, this.#newHosts.areEnough(listener));
    this.#waitAtMost(waitMs ?? 0);
    return waitMs === 0;
  };

  /** Clusters are what costs an Envoy most. What it lacks from the start it needs whatever it costs, so turns begin then. */
  readonly #maySendCluster: MaySend = ({ owner }) => {
    if (owner === undefined) return true;
    if (this.#turns.takeTurn(owner, this.#view.slots(CLUSTER_TYPE).ownedCount(owner))) return true;
    this.#waitAtMost(this.#turns.waitMs);
    return false;
  };

  /** Endpoints that clusters wait for do not wait, but their owner pays; those that changed have turns. */
  readonly #maySendEndpoints: MaySend = ({ owner }, isKnown, isAwaited) => {
    if (owner === undefined) return true;
    if (!isKnown || isAwaited) {
      this.#turns.note(owner);
      return true;
    }
    if (this.#turns.takeTurnOfEndpoints(owner, this.#view.slots(CLUSTER_TYPE).ownedCount(owner))) return true;
    this.#waitAtMost(this.#turns.waitMs);
    return false;
  };

  #waitAtMost(waitMs: number): void {
    if (waitMs > 0) this.#waitMs = this.#waitMs === 0 ? waitMs : Math.min(this.#waitMs, waitMs);
  }

  /**
   * A changed cluster warms until its EDS resource arrives again, and Envoy does not ask for one that it has. After a
   * reconnection Envoy's request for endpoints may come behind our first clusters, and says that it has them; the changed
   * clusters among those wait for them all the same.
   */
  #resendReferences(batch: Batch): void {
    for (const resource of batch.resources) {
      for (const name of resource.references ?? []) this.#endpoints.resend(name);
    }
  }

  #respond(subscription: Subscription, typeUrl: string, batch: Batch): StreamResponse {
    if (typeUrl === CLUSTER_TYPE) this.#resendReferences(batch);
    this.#nonce += 1;
    const nonce = String(this.#nonce);
    subscription.sent(nonce, batch);
    this.#turns.sent(nonce);
    this.#newHosts.sent(typeUrl, nonce, batch.resources);
    if (typeUrl === LISTENER_TYPE && batch.resources.length > 0) this.#pace?.sent(nonce);
    return { typeUrl, nonce, batch: typeUrl === LISTENER_TYPE ? this.#window.sent(batch) : batch };
  }

  /** Tries again what the client rejected. Returns how many resources those are. */
  retryHeld(): number {
    return [...this.#subscriptions.values()].reduce((sum, subscription) => sum + subscription.retryHeld(), 0);
  }

  /** Whether the client has everything, and has acknowledged it. */
  get isCurrent(): boolean {
    return [...this.#subscriptions.values()].every(
      (subscription) => !subscription.hasWork && subscription.unansweredCount === 0,
    );
  }

  /** Whether the client has all that is there, and has acknowledged it; what is not there it may still have to be told. */
  get hasAllResources(): boolean {
    return [...this.#subscriptions.values()].every(
      ({ hasResources, unansweredCount }) => !hasResources && unansweredCount === 0,
    );
  }

  /** Whether the client had everything once on this stream, listeners included: it serves, however far it is behind. */
  get hasBeenCurrent(): boolean {
    return this.#hasBeenCurrent;
  }

  get window(): DemandWindow {
    return this.#window;
  }

  /** Whether the client has asked for this type. */
  hasAskedFor(typeUrl: string): boolean {
    return this.#subscriptions.has(typeUrl);
  }

  isAcknowledged(typeUrl: string, name: string, version: string): boolean {
    return this.acknowledged(typeUrl)(name, version);
  }

  /** Whether the last that was sent of a resource is this version of it. */
  hasSent(typeUrl: string, name: string, version: string): boolean {
    return this.#subscriptions.get(typeUrl)?.hasSent(name, version) ?? false;
  }

  get newHosts(): Pick<NewHostLists, 'serves'> {
    return this.#newHosts;
  }

  /** As `isAcknowledged`, of many resources of a type; good until something happens. */
  acknowledged(typeUrl: string): (name: string, version: string) => boolean {
    return this.#subscriptions.get(typeUrl)?.acknowledged() ?? (() => false);
  }

  /** What the client rejected of this type and is not sent again, by name. */
  held(typeUrl: string): ReadonlyMap<string, HeldResource> {
    return this.#subscriptions.get(typeUrl)?.held ?? NOTHING;
  }

  /** Per type: resources that the client has, and responses not yet answered. */
  state(): { typeUrl: string; resources: number; unanswered: number }[] {
    return [...this.#subscriptions].map(([typeUrl, subscription]) => ({
      typeUrl,
      resources: subscription.sentCount,
      unanswered: subscription.unansweredCount,
    }));
  }
}
