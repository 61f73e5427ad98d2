import type { ResourceSlots } from '../snapshot/resources/resource.ts';
import { ABSENT } from './name-states.ts';

/** What a stream knows of a slot, by bit. */
export const SLOT = {
  /** The client asked for the resource by name. */
  named: 1,
  /** The resource is due: to be compared with what the client has, and sent if it differs. */
  due: 2,
  /** The resource is sent even if the client has this version. */
  forced: 4,
  /** The resource is forced as soon as the client asks for it. */
  awaited: 8,
  /** Stands in the queue, due or not any more. */
  queued: 16,
  /** The same of the queue that goes first. */
  hurried: 32,
} as const;

/** What the client has of a slot, where it is not a revision (`FIRST_REVISION` and up). */
export const SENT = {
  nothing: 0,
  /** It was told that there is no such resource. */
  absent: 1,
  /** A version that we do not know. */
  other: 2,
} as const;

/**
 * What one stream remembers of the slots of one type: five bytes each, and a queue of those that are due, in the order
 * in which they became so, and one of those that go ahead of these.
 */
export class SlotStates {
  #flags = new Uint8Array(16);
  #sent = new Uint32Array(16);
  readonly #queue = new SlotQueue(SLOT.queued);
  readonly #hurry = new SlotQueue(SLOT.hurried);
  #dueCount = 0;
  #sentCount = 0;

  get dueCount(): number {
    return this.#dueCount;
  }

  /** Slots of which the client has been sent or told something. */
  get sentCount(): number {
    return this.#sentCount;
  }

  /** Slots below this may have something; all others have nothing. */
  get length(): number {
    return this.#flags.length;
  }

  has(slot: number, flag: number): boolean {
    return ((this.#flags[slot] ?? 0) & flag) !== 0;
  }

  set(slot: number, flag: number): void {
    this.#fit(slot);
    this.#flags[slot] = (this.#flags[slot] ?? 0) | flag;
  }

  clear(slot: number, flag: number): void {
    if (slot < this.#flags.length) this.#flags[slot] = (this.#flags[slot] ?? 0) & ~flag;
  }

  /** A revision, or one of `SENT`. */
  sent(slot: number): number {
    return this.#sent[slot] ?? SENT.nothing;
  }

  setSent(slot: number, sent: number): void {
    this.#fit(slot);
    const before = this.#sent[slot] ?? SENT.nothing;
    if (before === SENT.nothing && sent !== SENT.nothing) this.#sentCount += 1;
    if (before !== SENT.nothing && sent === SENT.nothing) this.#sentCount -= 1;
    this.#sent[slot] = sent;
  }

  /** Makes a slot due, behind those that are due already; ahead of all that are not in a hurry where it is. */
  enqueue(slot: number, isForced: boolean, isHurried = false): void {
    this.#fit(slot);
    const flags = this.#flags[slot] ?? 0;
    if ((flags & SLOT.due) === 0) this.#dueCount += 1;
    const queue = isHurried ? this.#hurry : this.#queue;
    if ((flags & queue.flag) === 0) queue.push(slot);
    this.#flags[slot] = flags | SLOT.due | queue.flag | (isForced ? SLOT.forced : 0);
  }

  /** A slot is not due any more, wherever in the queue it is. */
  settle(slot: number): void {
    if (this.has(slot, SLOT.due)) this.#dueCount -= 1;
    this.clear(slot, SLOT.due | SLOT.forced);
  }

  /** The client neither wants nor has what is in the slot. */
  forget(slot: number): void {
    if (slot >= this.#flags.length) return;
    this.settle(slot);
    this.clear(slot, SLOT.named);
    this.setSent(slot, SENT.nothing);
  }

  /**
   * Looks at what is due, oldest first. Each slot that the visitor has settled leaves the queue, the others keep their
   * place. Ends early where the visitor returns false.
   */
  visit(visitor: (slot: number) => boolean): void {
    if (this.visitHurried(visitor)) this.#queue.visit(this, visitor);
  }

  /** The same of those in a hurry. Returns whether the visitor would go on. */
  visitHurried(visitor: (slot: number) => boolean): boolean {
    return this.#hurry.visit(this, visitor);
  }

  /** Puts together what has one key, where the first of it is. Those in a hurry stay where they are. */
  group(keyOf: (slot: number) => string): void {
    this.#queue.group(keyOf);
  }

  #fit(slot: number): void {
    if (slot < this.#flags.length) return;
    const length = Math.ceil((slot + 1) * 1.25);
    const flags = new Uint8Array(length);
    flags.set(this.#flags);
    this.#flags = flags;
    const sent = new Uint32Array(length);
    sent.set(this.#sent);
    this.#sent = sent;
  }
}

/** Slots in the order in which they came, those that are not due any more among them. */
class SlotQueue {
  /** Set of the slots in it. */
  readonly flag: number;
  #slots: number[] = [];
  #head = 0;

  constructor(flag: number) {
    this.flag = flag;
  }

  push(slot: number): void {
    this.#slots.push(slot);
  }

  group(keyOf: (slot: number) => string): void {
    const groups = Map.groupBy(this.#slots.slice(this.#head), keyOf);
    this.#slots = [...groups.values()].flat();
    this.#head = 0;
  }

  /** See `SlotStates.visit`. Returns whether the visitor would go on. */
  visit(states: SlotStates, visitor: (slot: number) => boolean): boolean {
    const kept: number[] = [];
    let goesOn = true;
    while (goesOn && this.#head < this.#slots.length) {
      const slot = this.#slots[this.#head] ?? 0;
      if (states.has(slot, SLOT.due)) goesOn = visitor(slot);
      if (!states.has(slot, SLOT.due)) states.clear(slot, this.flag);
      else if (goesOn) kept.push(slot);
      else break;
      this.#head += 1;
    }
    // What was looked at is cut off now and then: the queue of a client that is never done would grow for ever.
    if (kept.length === 0 && this.#head * 2 < this.#slots.length) return goesOn;
    this.#slots = kept.concat(this.#slots.slice(this.#head));
    this.#head = 0;
    return goesOn;
  }
}

/** Stands for a version that differs from any that there will be. */
const FORGOTTEN = '?';

/** What a version is remembered as in a slot. */
export function sentOf(slots: ResourceSlots, slot: number, version: string): number {
  if (version === ABSENT) return SENT.absent;
  const revision = slots.revision(slot);
  return slots.versionOf(slot, revision) === version ? revision : SENT.other;
}

/** The version that is remembered so in a slot; `undefined` for none. */
export function sentText(slots: ResourceSlots, slot: number, sent: number): string | undefined {
  if (sent === SENT.nothing) return undefined;
  if (sent === SENT.absent) return ABSENT;
  return slots.versionOf(slot, sent) ?? FORGOTTEN;
}
