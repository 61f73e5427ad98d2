import { eachPair, type TextPairs } from '../proto/index.ts';
import type { EncodedResource, ResourceSlots } from '../snapshot/resources/resource.ts';
import { Answers, type HeldResource } from './answers.ts';
import type { Batch, SubscriptionRequest } from './batch.ts';
import { type Due, markSent, type Portion, takeDue } from './due.ts';
import { NameStates } from './name-states.ts';
import { SENT, SLOT, SlotStates, sentOf, sentText } from './slot-states.ts';

/** The explicit name for "every resource of this type". */
export const WILDCARD = '*';

/**
 * The incremental xDS protocol for one type on one stream: what the client wants, what it has, and what has to be
 * sent. Pure: no I/O, no clock.
 *
 * What there is a resource of is remembered by its slot (`ResourceSlots`), everything else by its name: 20,000 names in
 * a table of each client would be as much memory as all the rest of it.
 */
export class Subscription {
  readonly #slotsNow: () => ResourceSlots;
  readonly #states = new SlotStates();
  readonly #names = new NameStates();
  #nameCount = 0;
  #wildcard = false;
  #started = false;
  /** A first response is owed even if it is empty: Envoy waits for it before it goes on starting. */
  #owed = false;
  readonly #answers = new Answers();

  constructor(slots: () => ResourceSlots) {
    this.#slotsNow = slots;
  }

  /** How many names the client named itself. */
  get nameCount(): number {
    return this.#nameCount;
  }

  /** How many names are remembered that there is no resource of. */
  get unknownCount(): number {
    return this.#names.size;
  }

  get sentCount(): number {
    return this.#states.sentCount + this.#names.sentCount;
  }

  get unansweredCount(): number {
    return this.#answers.unansweredCount;
  }

  get held(): ReadonlyMap<string, HeldResource> {
    return this.#answers.held;
  }

  /** How many names it asked for that there is no resource of. */
  get missingCount(): number {
    return this.#names.namedCount;
  }

  /** How many resources are to be sent, or looked at whether they are. */
  get dueCount(): number {
    return this.#states.dueCount;
  }

  get hasWork(): boolean {
    return this.#owed || this.#states.dueCount > 0 || this.#names.dueCount > 0 || this.#answers.hasRetries;
  }

  /** Tells whether the client has been sent this version of a resource and acknowledged it; good until something happens. */
  acknowledged(): (name: string, version: string) => boolean {
    const isAccepted = this.#answers.accepted();
    return (name, version) => this.#sentVersion(name) === version && isAccepted(name, version);
  }

  /** Whether the last that was sent of a resource is this version of it. */
  hasSent(name: string, version: string): boolean {
    return this.#sentVersion(name) === version;
  }

  /** `undefined` also for a version that is two behind. */
  #sentVersion(name: string): string | undefined {
    const slots = this.#slotsNow();
    const slot = slots.slotOf(name);
    return slot < 0 ? this.#names.sent(name) : slots.versionOf(slot, this.#states.sent(slot));
  }

  /** A request's subscriptions. They count whatever its nonce says. */
  request({ subscribe, unsubscribe, initialVersions }: SubscriptionRequest): void {
    const isFirst = !this.#started;
    const slots = this.#slotsNow();
    if (isFirst) this.#start(slots, initialVersions, subscribe, unsubscribe);
    // A name in both lists: the client is left subscribed, and answered.
    const wanted = unsubscribe.length > 0 ? new Set(subscribe) : undefined;
    for (const name of unsubscribe) if (wanted?.has(name) !== true) this.#unsubscribe(slots, name);
    const isForAll = this.#wildcard || subscribe.includes(WILDCARD);
    for (const name of subscribe) {
      const slot = slots.slotOf(name);
      if (name === WILDCARD) this.#subscribeToAll(slots);
      else if (slot < 0) this.#subscribeToUnknown(name, isFirst);
      else this.#subscribeTo(slots, slot, isFirst, isForAll);
    }
    // Versions of names that it does not subscribe to say nothing.
    if (isFirst && !this.#wildcard) this.#forgetUnnamed();
  }

  #start(
    slots: ResourceSlots,
    initial: TextPairs,
    subscribe: readonly string[],
    unsubscribe: readonly string[],
  ): void {
    this.#started = true;
    const isLegacy = subscribe.length === 0 && unsubscribe.length === 0;
    this.#owed = isLegacy || subscribe.includes(WILDCARD);
    for (const [name, version] of eachPair(initial)) {
      const slot = slots.slotOf(name);
      if (slot >= 0) {
        this.#states.setSent(slot, sentOf(slots, slot, version));
        continue;
      }
      this.#names.set(name, false, version);
      // What the client has and we do not: to be told, where it was subscribed to all.
      if (this.#owed) this.#names.tell(name, false);
    }
    if (isLegacy) this.#subscribeToAll(slots);
  }

  #subscribeToAll(slots: ResourceSlots): void {
    if (this.#wildcard) return;
    this.#wildcard = true;
    for (const slot of slots.slots()) this.#mark(slots, slot, this.#takeAwaited(slot));
  }

  /** Beside the wildcard a name is that of something that a connection waits for. */
  #subscribeTo(slots: ResourceSlots, slot: number, isFirst: boolean, isHurried: boolean): void {
    const states = this.#states;
    const isNamed = states.has(slot, SLOT.named);
    // "must be resent even if the server thinks the client has it", save for what the client itself says it has.
    const force = !isFirst || isNamed || states.sent(slot) === SENT.nothing;
    if (!isNamed) this.#nameCount += 1;
    states.set(slot, SLOT.named);
    const isAwaited = this.#takeAwaited(slot);
    this.#mark(slots, slot, force || isAwaited, isHurried);
  }

  #subscribeToUnknown(name: string, isFirst: boolean): void {
    const isNamed = this.#names.isNamed(name);
    const force = !isFirst || isNamed || !this.#names.has(name);
    if (!isNamed) this.#nameCount += 1;
    this.#names.setNamed(name, true);
    this.#names.tell(name, force);
  }

  #takeAwaited(slot: number): boolean {
    const isAwaited = this.#states.has(slot, SLOT.awaited);
    this.#states.clear(slot, SLOT.awaited);
    return isAwaited;
  }

  #unsubscribe(slots: ResourceSlots, name: string): void {
    if (name === WILDCARD) {
      this.#wildcard = false;
      this.#forgetUnnamed();
      return;
    }
    if (!this.#isNamed(name)) return;
    this.#nameCount -= 1;
    const slot = slots.slotOf(name);
    if (slot < 0) this.#names.setNamed(name, false);
    else this.#states.clear(slot, SLOT.named);
    // Still wanted by the wildcard: the client has dropped it and has to hear what is true now.
    if (this.#wildcard) {
      this.resend(name);
      return;
    }
    this.#answers.release(name);
    if (slot < 0) this.#names.forget(name);
    else this.#states.forget(slot);
  }

  /** All that only a wildcard could have wanted. */
  #forgetUnnamed(): void {
    const states = this.#states;
    for (let slot = 0; slot < states.length; slot += 1) {
      if (!states.has(slot, SLOT.named)) states.forget(slot);
    }
    this.#names.forgetUnnamed();
    for (const name of this.#answers.held.keys()) if (!this.#isNamed(name)) this.#answers.release(name);
  }

  #isNamed(name: string): boolean {
    const slot = this.#slotsNow().slotOf(name);
    return slot < 0 ? this.#names.isNamed(name) : this.#states.has(slot, SLOT.named);
  }

  /** The resource changed, came or went. */
  resourceChanged(name: string): void {
    const slots = this.#slotsNow();
    const slot = slots.slotOf(name);
    if (slot < 0) return;
    if (slots.at(slot) === undefined) {
      this.#leave(slots, slot, name);
      return;
    }
    const isAnswer = !this.#names.isEmpty && this.#arrive(slots, slot, name);
    if (!this.#wants(slot)) return;
    // A connection may wait for what was asked for by name and has not been there.
    const isMissed = this.#states.has(slot, SLOT.named) && this.#states.sent(slot) <= SENT.absent;
    this.#mark(slots, slot, isAnswer, this.#wildcard && isMissed);
  }

  #wants(slot: number): boolean {
    return this.#wildcard || this.#states.has(slot, SLOT.named);
  }

  /** What is known of the slot moves to the name: another resource may have the slot next. */
  #leave(slots: ResourceSlots, slot: number, name: string): void {
    const states = this.#states;
    const isNamed = states.has(slot, SLOT.named);
    const isForced = states.has(slot, SLOT.forced);
    const sent = sentText(slots, slot, states.sent(slot));
    states.forget(slot);
    // What refers to a resource that goes has changed itself, and is sent before the next resource of that name.
    this.#takeAwaited(slot);
    if (isNamed || sent !== undefined) this.#names.set(name, isNamed, sent);
    if (isNamed || this.#wildcard) this.#names.tell(name, isForced);
  }

  /** What is known of the name moves to its slot. Returns whether the resource is to be sent in any case. */
  #arrive(slots: ResourceSlots, slot: number, name: string): boolean {
    const isAnswer = this.#names.untell(name);
    const sent = this.#names.sent(name);
    if (this.#names.isNamed(name)) this.#states.set(slot, SLOT.named);
    if (sent !== undefined) this.#states.setSent(slot, sentOf(slots, slot, sent));
    this.#names.forget(name);
    return isAnswer;
  }

  /**
   * To be sent though unchanged, once the client has asked for it: Envoy waits for it, see `references`. It may have
   * asked already, or may ask later and say that it has it.
   */
  resend(name: string): void {
    const slots = this.#slotsNow();
    const slot = slots.slotOf(name);
    if (slot < 0) {
      if (this.#wildcard || this.#isNamed(name)) this.#names.tell(name, true);
    } else if (this.#wants(slot)) this.#mark(slots, slot, true);
    else this.#states.set(slot, SLOT.awaited);
  }

  /** A resource that is due and that the client has never had goes ahead of the others. */
  hurry(name: string): void {
    const slot = this.#slotsNow().slotOf(name);
    if (this.#states.has(slot, SLOT.due) && this.#states.sent(slot) === SENT.nothing)
      this.#states.enqueue(slot, false, true);
  }

  #mark(slots: ResourceSlots, slot: number, force: boolean, isHurried = false): void {
    if (force || this.#states.sent(slot) !== slots.revision(slot))
      this.#states.enqueue(slot, force, isHurried);
  }

  /** The next of those that go ahead of the others. */
  nextHurried(portion: Omit<Portion, 'onlyHurried'>): Batch | undefined {
    return this.#batch(takeDue(this.#due(), { ...portion, onlyHurried: true }));
  }

  /** The next resources to send; `undefined` if there are none. */
  nextResources(portion: Omit<Portion, 'onlyHurried'>): Batch | undefined {
    for (let names = this.#answers.takeRetry(); names !== undefined; names = this.#answers.takeRetry()) {
      const batch = this.#batch(this.#takeAgain(names));
      if (batch !== undefined) return batch;
    }
    return this.#batch(takeDue(this.#due(), { ...portion, onlyHurried: false }));
  }

  /** Resources that refer to the same are sent together: what they refer to is sent again behind each response. */
  groupByReference(): void {
    const slots = this.#slotsNow();
    this.#states.group((slot) => slots.at(slot)?.references?.[0] ?? '');
  }

  #due(): Due {
    return { slots: this.#slotsNow(), states: this.#states, answers: this.#answers };
  }

  /** The resources of a response that was rejected, as they are now, as far as they are still wanted. */
  #takeAgain(names: readonly string[]): EncodedResource[] {
    const slots = this.#slotsNow();
    const resources: EncodedResource[] = [];
    for (const name of names) {
      const slot = slots.slotOf(name);
      const resource = slots.at(slot);
      if (resource === undefined) {
        if (this.#wildcard || this.#isNamed(name)) this.#names.tell(name, true);
      } else if (this.#wants(slot) && !this.#answers.isHeld(resource)) {
        markSent(this.#due(), slot, resource);
        resources.push(resource);
      }
    }
    return resources;
  }

  #batch(resources: readonly EncodedResource[]): Batch | undefined {
    if (resources.length === 0) return undefined;
    this.#owed = false;
    return { resources, removed: [] };
  }

  /** The next names to tell as removed, or the empty response that is owed; `undefined` if there is nothing. */
  nextRemovals(maxNames: number): Batch | undefined {
    const removed = this.#names.takeNames(maxNames);
    for (const name of removed) this.#answers.release(name);
    if (removed.length === 0 && (!this.#owed || this.#states.dueCount > 0)) return undefined;
    this.#owed = false;
    return { resources: [], removed };
  }

  /** The empty response that is owed, ahead of all that there is; `undefined` if none is. */
  nextOwed(): Batch | undefined {
    if (!this.#owed) return undefined;
    this.#owed = false;
    return { resources: [], removed: [] };
  }

  /** The batch went out under this nonce. */
  sent(nonce: string, batch: Batch): void {
    this.#answers.sent(
      nonce,
      batch.resources.map(({ name }) => name),
    );
  }

  /** See `Answers`. */
  acknowledge(nonce: string): number | undefined {
    return this.#answers.acknowledge(nonce);
  }

  /** See `Answers`. */
  reject(nonce: string, error: string): readonly string[] | undefined {
    return this.#answers.reject(nonce, error, (name) => this.#sentVersion(name));
  }

  /** See `Answers`. */
  retryHeld(): number {
    return this.#answers.retryHeld();
  }
}
