import type { EncodedResource, ResourceSlots, ResourceView, SnapshotChange } from './resource.ts';
import { NO_SLOTS, SlotTable } from './slot-table.ts';

const NO_CHANGE: SnapshotChange = { upserts: [], removals: [] };

/**
 * The resources as they stand, and the change since they were last published.
 * Writes are staged: readers see them and are told of them at `publish`, all of them at once.
 */
export class ResourceTable implements ResourceView {
  readonly #types = new Map<string, SlotTable>();
  readonly #staged = new Map<string, Map<string, EncodedResource | undefined>>();
  readonly #listeners = new Set<(change: SnapshotChange) => void>();
  #synced = false;
  #ready = false;
  #provisional = false;
  #generation = 0;
  /** Changes that are being told: a listener may publish another one. */
  #telling = 0;

  get synced(): boolean {
    return this.#synced;
  }

  get ready(): boolean {
    return this.#ready;
  }

  get provisional(): boolean {
    return this.#provisional;
  }

  get version(): string {
    return String(this.#generation);
  }

  get(typeUrl: string, name: string): EncodedResource | undefined {
    return this.#types.get(typeUrl)?.get(name);
  }

  /** The resource of a name once what is staged has been published; `undefined`: there will be none. */
  latest(typeUrl: string, name: string): EncodedResource | undefined {
    const staged = this.#staged.get(typeUrl);
    return staged?.has(name) ? staged.get(name) : this.get(typeUrl, name);
  }

  all(typeUrl: string): Iterable<EncodedResource> {
    return this.#types.get(typeUrl)?.all() ?? [];
  }

  slots(typeUrl: string): ResourceSlots {
    return this.#types.get(typeUrl) ?? NO_SLOTS;
  }

  count(typeUrl: string): number {
    return this.#types.get(typeUrl)?.count ?? 0;
  }

  onChange(listener: (change: SnapshotChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Stages an upsert (`resource`) or a removal (`undefined`). */
  stage(typeUrl: string, name: string, resource: EncodedResource | undefined): void {
    let staged = this.#staged.get(typeUrl);
    if (staged === undefined) {
      staged = new Map();
      this.#staged.set(typeUrl, staged);
    }
    staged.set(name, resource);
  }

  /** Applies what is staged and tells the listeners, if anything differs. */
  publish(): SnapshotChange {
    if (this.#staged.size === 0) return NO_CHANGE;
    const upserts: EncodedResource[] = [];
    const removals: { typeUrl: string; name: string }[] = [];
    for (const [typeUrl, staged] of this.#staged) {
      let resources = this.#types.get(typeUrl);
      if (resources === undefined) {
        resources = new SlotTable();
        this.#types.set(typeUrl, resources);
      }
      for (const [name, resource] of staged) {
        if (resource === undefined) {
          if (resources.remove(name)) removals.push({ typeUrl, name });
        } else if (resources.set(name, resource)) upserts.push(resource);
      }
    }
    this.#staged.clear();
    const change = { upserts, removals };
    if (upserts.length > 0 || removals.length > 0) {
      this.#generation += 1;
      this.#tell(change);
    }
    return change;
  }

  /** Every source has synced: what is published from now on may be served at once. */
  setSynced(): void {
    if (this.#synced) return;
    this.#synced = true;
    this.#tell(NO_CHANGE);
  }

  /** All that the sources had is published. */
  setReady(): void {
    if (this.#ready) return;
    this.#synced = true;
    this.#ready = true;
    this.#tell(NO_CHANGE);
  }

  /** What is published is of an earlier time. Before it is served. */
  setProvisional(): void {
    this.#provisional = true;
  }

  /** What is published is true now. */
  setConfirmed(): void {
    if (!this.#provisional) return;
    this.#provisional = false;
    this.#tell(NO_CHANGE);
  }

  #tell(change: SnapshotChange): void {
    this.#telling += 1;
    try {
      for (const listener of this.#listeners) listener(change);
    } finally {
      this.#telling -= 1;
      if (this.#telling === 0) for (const resources of this.#types.values()) resources.release();
    }
  }
}
