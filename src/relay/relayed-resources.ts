import {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  type EncodedResource,
  EXTENSION_TYPE,
  LISTENER_TYPE,
} from '../snapshot/resources/resource.ts';
import { ResourceTable } from '../snapshot/resources/resource-table.ts';

/** Types that are relayed, each in whole. */
export const RELAYED_TYPES: readonly string[] = [CLUSTER_TYPE, ENDPOINT_TYPE, EXTENSION_TYPE, LISTENER_TYPE];

/** What one response of the control plane says, or one record of what was kept of them. */
export interface ResourceUpdate {
  readonly typeUrl: string;
  readonly resources: readonly EncodedResource[];
  readonly removed: readonly string[];
}

/**
 * The resources of the control plane as this node knows them. The control plane has clusters and their endpoint sets at the same
 * time and sends one after the other; a cluster is published here once its endpoint set is there too, so that Envoy is never told
 * that there is none.
 */
export class RelayedResources {
  readonly table = new ResourceTable();
  /** Clusters by name that wait for their endpoint set. */
  readonly #waiting = new Map<string, EncodedResource>();
  /** Of those, by endpoint set. */
  readonly #waitingFor = new Map<string, Set<string>>();

  /** Clusters that wait for their endpoint sets. */
  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** Publishes what the update says, save for clusters that have to wait. */
  apply({ typeUrl, resources, removed }: ResourceUpdate): void {
    for (const name of removed) {
      this.#forget(typeUrl, name);
      this.table.stage(typeUrl, name, undefined);
    }
    for (const resource of resources) {
      this.#forget(typeUrl, resource.name);
      if (!this.#mustWait(resource)) this.table.stage(typeUrl, resource.name, resource);
      if (typeUrl === ENDPOINT_TYPE) this.#stageWaiting(resource.name);
    }
    this.table.publish();
  }

  /** Publishes the clusters that wait: their endpoint sets do not come. */
  waitNoLonger(): void {
    for (const [name, cluster] of this.#waiting) this.table.stage(CLUSTER_TYPE, name, cluster);
    this.#waiting.clear();
    this.#waitingFor.clear();
    this.table.publish();
  }

  /** The version that is known last, published or waiting; `undefined`: there is no such resource. */
  versionOf(typeUrl: string, name: string): string | undefined {
    const waiting = typeUrl === CLUSTER_TYPE ? this.#waiting.get(name) : undefined;
    return (waiting ?? this.table.get(typeUrl, name))?.version;
  }

  isWaiting(typeUrl: string, name: string): boolean {
    return typeUrl === CLUSTER_TYPE && this.#waiting.has(name);
  }

  /** Of all that there is of a type, in order, what waits included. */
  *all(typeUrl: string): Generator<EncodedResource> {
    for (const resource of this.table.all(typeUrl))
      if (!this.isWaiting(typeUrl, resource.name)) yield resource;
    if (typeUrl === CLUSTER_TYPE) yield* this.#waiting.values();
  }

  #mustWait(resource: EncodedResource): boolean {
    const [set] = resource.references ?? [];
    if (set === undefined || this.table.get(ENDPOINT_TYPE, set) !== undefined) return false;
    this.#waiting.set(resource.name, resource);
    const clusters = this.#waitingFor.get(set) ?? new Set();
    this.#waitingFor.set(set, clusters.add(resource.name));
    return true;
  }

  #stageWaiting(set: string): void {
    for (const name of this.#waitingFor.get(set) ?? []) {
      const cluster = this.#waiting.get(name);
      if (cluster !== undefined) this.table.stage(CLUSTER_TYPE, name, cluster);
      this.#waiting.delete(name);
    }
    this.#waitingFor.delete(set);
  }

  #forget(typeUrl: string, name: string): void {
    const cluster = typeUrl === CLUSTER_TYPE ? this.#waiting.get(name) : undefined;
    if (cluster === undefined) return;
    this.#waiting.delete(name);
    for (const set of cluster.references ?? []) {
      const clusters = this.#waitingFor.get(set);
      clusters?.delete(name);
      if (clusters?.size === 0) this.#waitingFor.delete(set);
    }
  }
}
