import { eachPair, type TextPairs } from '../../proto/index.ts';
import {
  CLUSTER_TYPE,
  type EncodedResource,
  EXTENSION_TYPE,
  LISTENER_TYPE,
  type NewHostsOfListener,
  type ResourceSlots,
  type ResourceView,
  type SnapshotChange,
} from '../../snapshot/resources/resource.ts';
import { SlotTable } from '../../snapshot/resources/slot-table.ts';
import type { Subscription } from '../subscription.ts';
import { ListenerPace } from './listener-pace.ts';

/** Lists are small, and Envoy keeps none that was replaced: only their share of time counts. */
const NO_BYTES = { burstBytes: 1, bytesPerSecond: 1 };

/** The list of one listener. */
interface List {
  /** What the client has of the listener; `undefined`: not known. */
  base: NewHostsOfListener | undefined;
  /** On the list, by the names of their clusters: number of the host, and whose it is. */
  readonly hosts: Map<string, { readonly number: number; readonly owner: string }>;
  /** A host of somebody who has enough there, or any more than fits, waits for the listener. */
  isFull: boolean;
  /** `undefined`: none was made. */
  resource: EncodedResource | undefined;
}

/** Tells whether the client has a cluster in this version; asked for once for many names. */
type HasCluster = (name: string, version: string) => boolean;

/**
 * Lists of hosts below wildcards that the listeners of one Envoy do not name yet: docs/design/new-hosts.md. A large listener is sent a few times
 * a minute at most; until it comes, a host on the list is served by its own cluster nevertheless. A host is taken on the list once
 * Envoy has its cluster, and stays there until Envoy has a listener with it, or the cluster goes.
 *
 * A relay has lists as the control plane made them for its Envoy, and passes these on.
 */
export class NewHostLists {
  readonly #view: ResourceView;
  readonly #subscription: () => Subscription | undefined;
  readonly #table = new SlotTable();
  readonly #pace: ListenerPace;
  readonly #lists = new Map<string, List>();
  /** By name, what the client said that it has. */
  readonly #claimed = new Map<string, string>();
  /** By nonce, listeners that were sent and are not answered. */
  readonly #unanswered = new Map<string, readonly EncodedResource[]>();
  /** Whether anything has happened that may change a list. */
  #isStale = true;
  #mustLeave = false;
  #waitMs = 0;

  /** `subscription`: that to the lists, `undefined` before there is one. */
  constructor(view: ResourceView, subscription: () => Subscription | undefined) {
    this.#view = view;
    this.#subscription = subscription;
    this.#pace = new ListenerPace(NO_BYTES);
    for (const resource of view.all(EXTENSION_TYPE)) this.#table.set(resource.name, resource);
  }

  get slots(): ResourceSlots {
    return this.#table;
  }

  /** After `update` left something undone: in how many milliseconds it may do it; 0: only an answer can change that. */
  get waitMs(): number {
    return this.#waitMs;
  }

  /** Whether a list has a host whose cluster goes: that may be taken away once the list without it is sent. */
  get mustLeave(): boolean {
    return this.#mustLeave;
  }

  /** Whether it is not known yet what the client has of a listener: until then a list that it has stays as it is. */
  get isWaiting(): boolean {
    for (const { name, newHosts } of this.#view.all(LISTENER_TYPE))
      if (newHosts !== undefined && this.#lists.get(name)?.base === undefined) return true;
    return false;
  }

  /** Whether nothing is new in a listener but hosts that are on its list, or will be as soon as the client has their clusters. */
  areEnough({ name, newHosts }: EncodedResource): boolean {
    const list = this.#lists.get(name);
    const subscription = this.#subscription();
    // A client that does not ask for the list, or rejects it, has nothing but the listener.
    if (subscription === undefined || subscription.held.size > 0) return false;
    if (list?.base === undefined || newHosts === undefined || list.isFull) return false;
    return list.base.log === newHosts.log && list.base.otherChanges === newHosts.otherChanges;
  }

  /** Whether the client serves a host, by the name of its cluster, from the list of a listener. */
  serves(listener: string, cluster: string): boolean {
    const { hosts, resource } = this.#lists.get(listener) ?? {};
    if (resource === undefined || hosts?.has(cluster) !== true) return false;
    return this.#subscription()?.acknowledged()(resource.name, resource.version) === true;
  }

  /** A request for listeners says which versions the client has. */
  claim(versions: TextPairs): void {
    for (const [name, version] of eachPair(versions)) this.#claimed.set(name, version);
    this.#isStale = true;
  }

  /** The client answered a response of any type, or asked for something. */
  answered(nonce: string, isAccepted: boolean): void {
    this.#isStale = true;
    this.#pace.answered(nonce);
    const listeners = this.#unanswered.get(nonce);
    this.#unanswered.delete(nonce);
    for (const { name, newHosts } of listeners ?? []) {
      const list = this.#listOf(name);
      if (isAccepted) list.base = newHosts;
      // It goes on with one that is not known: no list for that.
      else list.base ??= newHosts;
    }
  }

  sent(typeUrl: string, nonce: string, resources: readonly EncodedResource[]): void {
    if (resources.length === 0) return;
    if (typeUrl === LISTENER_TYPE) this.#unanswered.set(nonce, resources);
    else if (typeUrl === EXTENSION_TYPE) this.#pace.sent(nonce);
  }

  /** The snapshot changed. */
  snapshotChanged({ upserts, removals }: SnapshotChange): void {
    this.#isStale = true;
    for (const resource of upserts)
      if (resource.typeUrl === EXTENSION_TYPE) this.#set(resource.name, resource);
    for (const { typeUrl, name } of removals) {
      if (typeUrl === EXTENSION_TYPE) this.#set(name, undefined);
      if (typeUrl !== LISTENER_TYPE) continue;
      const { resource } = this.#lists.get(name) ?? {};
      this.#lists.delete(name);
      this.#claimed.delete(name);
      if (resource !== undefined) this.#set(resource.name, undefined);
    }
  }

  /** Brings the lists up to date as far as their pace allows. */
  update(hasClusters: () => HasCluster): void {
    this.#waitMs = 0;
    if (!this.#isStale) return;
    const waitMs = this.#pace.takeBytes(0);
    if (waitMs !== 0) {
      this.#waitMs = waitMs ?? 0;
      this.#mustLeave = this.#hasLeaving();
      return;
    }
    this.#isStale = false;
    this.#mustLeave = false;
    let hasCluster: HasCluster | undefined;
    for (const { name, version, newHosts } of this.#view.all(LISTENER_TYPE)) {
      if (newHosts === undefined) continue;
      const list = this.#listOf(name);
      if (this.#claimed.get(name) === version) list.base ??= newHosts;
      if (list.base === undefined) continue;
      const isSame = list.base.log === newHosts.log;
      const before = list.hosts.size;
      const isLess = this.#removeFrom(list, isSame ? list.base.count : Number.POSITIVE_INFINITY);
      const news = newHosts.log.after(isSame ? list.base.count : 0);
      this.#addTo(list, news, newHosts.most, (...cluster) => {
        hasCluster ??= hasClusters();
        return hasCluster(...cluster);
      });
      if (!isLess && list.hosts.size === before && list.resource !== undefined) continue;
      const resource = newHosts.list(list.hosts.keys());
      if (resource.version === list.resource?.version) continue;
      list.resource = resource;
      this.#set(resource.name, resource);
    }
  }

  /** Takes off the list what the client's listener has, up to this number, and hosts that have gone. */
  #removeFrom({ hosts }: List, count: number): boolean {
    const before = hosts.size;
    for (const [cluster, { number }] of hosts)
      if (number <= count || this.#view.get(CLUSTER_TYPE, cluster) === undefined) hosts.delete(cluster);
    return hosts.size < before;
  }

  /**
   * Takes hosts on the list whose clusters the client has. An owner may have as many there as there is room left: one alone half of
   * it, two a third each, and there is always some for the next.
   */
  #addTo(
    list: List,
    news: Iterable<readonly [cluster: string, number: number]>,
    most: number,
    hasCluster: HasCluster,
  ): void {
    const { hosts } = list;
    const owned = new Map<string, number>();
    for (const { owner } of hosts.values()) owned.set(owner, (owned.get(owner) ?? 0) + 1);
    list.isFull = false;
    for (const [cluster, number] of news) {
      const resource = this.#view.get(CLUSTER_TYPE, cluster);
      if (resource === undefined) continue;
      const known = hosts.get(cluster);
      if (known === undefined && !hasCluster(cluster, resource.version)) continue;
      const owner = known?.owner ?? resource.owner ?? '';
      const count = owned.get(owner) ?? 0;
      if (known === undefined && count >= most - hosts.size) {
        list.isFull = true;
        continue;
      }
      if (known === undefined) owned.set(owner, count + 1);
      hosts.set(cluster, { number, owner });
    }
  }

  #hasLeaving(): boolean {
    for (const { hosts } of this.#lists.values())
      for (const cluster of hosts.keys())
        if (this.#view.get(CLUSTER_TYPE, cluster) === undefined) return true;
    return false;
  }

  #listOf(name: string): List {
    const list = this.#lists.get(name) ?? {
      base: undefined,
      hosts: new Map(),
      isFull: false,
      resource: undefined,
    };
    this.#lists.set(name, list);
    return list;
  }

  #set(name: string, resource: EncodedResource | undefined): void {
    if (resource === undefined) this.#table.remove(name);
    else this.#table.set(name, resource);
    this.#subscription()?.resourceChanged(name);
    this.#table.release();
  }
}
