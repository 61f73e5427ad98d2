import { type EncodedResource, FIRST_REVISION, type ResourceSlots } from './resource.ts';

/** The resources of one type by name, each in a slot of its own: see `ResourceSlots`. */
export class SlotTable implements ResourceSlots {
  readonly #slots = new Map<string, number>();
  readonly #resources: (EncodedResource | undefined)[] = [];
  #revisions = new Uint32Array(16);
  /** The version before the present one: what flaps is not sent for nothing to those who have not seen all of it. */
  readonly #versionsBefore: (string | undefined)[] = [];
  #revisionsBefore = new Uint32Array(16);
  /** Unix seconds. */
  #changedAt = new Uint32Array(16);
  /** By slot: what was removed and is being told of. */
  readonly #leaving = new Map<number, EncodedResource>();
  readonly #free: number[] = [];
  readonly #owned = new Map<string, number>();

  get size(): number {
    return this.#resources.length;
  }

  get count(): number {
    return this.#slots.size - this.#leaving.size;
  }

  slotOf(name: string): number {
    return this.#slots.get(name) ?? -1;
  }

  at(slot: number): EncodedResource | undefined {
    return this.#resources[slot];
  }

  ownedCount(owner: string): number {
    return this.#owned.get(owner) ?? 0;
  }

  get(name: string): EncodedResource | undefined {
    const slot = this.#slots.get(name);
    return slot === undefined ? undefined : this.#resources[slot];
  }

  /** In insertion order. */
  *all(): Iterable<EncodedResource> {
    for (const slot of this.#slots.values()) {
      const resource = this.#resources[slot];
      if (resource !== undefined) yield resource;
    }
  }

  slots(): Iterable<number> {
    return this.#slots.values();
  }

  revision(slot: number): number {
    return this.#revisions[slot] ?? 0;
  }

  versionOf(slot: number, revision: number): string | undefined {
    if (revision === this.#revisions[slot])
      return (this.#resources[slot] ?? this.#leaving.get(slot))?.version;
    return revision === this.#revisionsBefore[slot] ? this.#versionsBefore[slot] : undefined;
  }

  changedAt(slot: number): number {
    return this.#changedAt[slot] ?? 0;
  }

  /** Returns whether that changed anything. */
  set(name: string, resource: EncodedResource): boolean {
    const slot = this.#slots.get(name);
    if (slot === undefined) {
      this.#add(name, resource);
      return true;
    }
    const current = this.#resources[slot] ?? this.#leaving.get(slot);
    this.#countOwner(this.#resources[slot], resource);
    const isBack = this.#leaving.delete(slot);
    const { version } = resource;
    if (current?.version === version) {
      if (!isBack) return false;
      this.#resources[slot] = resource;
      return true;
    }
    const revision = this.#revisions[slot] ?? FIRST_REVISION;
    const before = this.#revisionsBefore[slot] ?? 0;
    this.#revisions[slot] = this.#versionsBefore[slot] === version ? before : Math.max(revision, before) + 1;
    this.#revisionsBefore[slot] = revision;
    this.#versionsBefore[slot] = current?.version;
    this.#resources[slot] = resource;
    this.#changedAt[slot] = Date.now() / 1000;
    return true;
  }

  #add(name: string, resource: EncodedResource): void {
    const slot = this.#free.pop() ?? this.#resources.length;
    this.#slots.set(name, slot);
    this.#countOwner(undefined, resource);
    this.#resources[slot] = resource;
    this.#versionsBefore[slot] = undefined;
    if (slot >= this.#revisions.length) {
      this.#revisions = larger(this.#revisions);
      this.#revisionsBefore = larger(this.#revisionsBefore);
      this.#changedAt = larger(this.#changedAt);
    }
    this.#revisions[slot] = FIRST_REVISION;
    this.#revisionsBefore[slot] = 0;
    this.#changedAt[slot] = Date.now() / 1000;
  }

  /** The name keeps its slot until `release`. Returns whether there was anything. */
  remove(name: string): boolean {
    const slot = this.#slots.get(name);
    const resource = slot === undefined ? undefined : this.#resources[slot];
    if (slot === undefined || resource === undefined) return false;
    this.#countOwner(resource, undefined);
    this.#resources[slot] = undefined;
    this.#leaving.set(slot, resource);
    return true;
  }

  #countOwner(before: EncodedResource | undefined, after: EncodedResource | undefined): void {
    if (before?.owner === after?.owner) return;
    if (before?.owner !== undefined) {
      const left = this.ownedCount(before.owner) - 1;
      if (left > 0) this.#owned.set(before.owner, left);
      else this.#owned.delete(before.owner);
    }
    if (after?.owner !== undefined) this.#owned.set(after.owner, this.ownedCount(after.owner) + 1);
  }

  /** Everybody has been told: the slots of what was removed may be given to other names. */
  release(): void {
    if (this.#leaving.size === 0) return;
    for (const [slot, { name }] of this.#leaving) {
      this.#slots.delete(name);
      this.#versionsBefore[slot] = undefined;
      this.#free.push(slot);
    }
    this.#leaving.clear();
  }
}

function larger(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const copy = new Uint32Array(array.length * 2);
  copy.set(array);
  return copy;
}

/** Slots of a type without resources. */
export const NO_SLOTS: ResourceSlots = new SlotTable();
