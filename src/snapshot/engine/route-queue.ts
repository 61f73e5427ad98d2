import type { ObjectKey } from '../../model/key.ts';
import type { World } from '../world/world.ts';
import { BurstOrder } from './burst-order.ts';

/** More routes than this to evaluate at once are a burst: its first hosts are published before the last are looked at. */
const BURST = 500;
/** A burst among which routes keep changing is settled as a whole in the end. */
const MOST_ORDERS = 4;

/**
 * Routes to be evaluated, in rounds, a burst of them in its own order. A route that is marked again after it was evaluated
 * waits for the next round: so each round ends, and with it the wait of everybody else, however fast somebody changes what
 * is his.
 */
export class RouteQueue {
  #keys = new Set<ObjectKey>();
  /** Goes through `#keys` as they come and go: to begin anew for each would go past all that were taken out before. */
  #taking: SetIterator<ObjectKey> | undefined;
  #next = new Set<ObjectKey>();
  readonly #evaluated = new Set<ObjectKey>();
  /** All routes of the round are evaluated; what they claim is being settled. */
  #isSettling = false;
  #order: typeof BurstOrder.NONE | undefined;
  #orders = 0;
  /** Routes that are to be evaluated before the others. */
  #urgent: ObjectKey[] = [];
  /** What was urgent is evaluated, or all that is not plain. */
  #isMilestone = false;

  /** What is left of the round; after `finish` that of the next one. */
  get size(): number {
    return this.#keys.size;
  }

  /** A route is to be evaluated (again): what was known of a burst holds no longer. */
  mark(key: ObjectKey): void {
    if (this.#isSettling || this.#evaluated.has(key)) this.#next.add(key);
    else this.#keys.add(key);
    this.#order = undefined;
  }

  /** Orders what is a burst and has no order yet; returns whether it did, which takes as long as a slice. */
  order(world: World): boolean {
    if (this.#order !== undefined || this.#keys.size <= BURST) return false;
    this.#orders += 1;
    const isOrderly = this.#orders <= MOST_ORDERS && this.#next.size === 0;
    this.#order = isOrderly ? new BurstOrder(this.#keys, world) : BurstOrder.NONE;
    this.#isMilestone = this.#order.isRestPlain;
    return true;
  }

  /** Whether all that is left of a burst are plain routes: see `BurstOrder`. */
  get isRestPlain(): boolean {
    return this.#order?.isRestPlain === true;
  }

  /** Of a burst, routes that claim such hosts go ahead of the others; `undefined`: there are none. Returns how many that are. */
  bringForward(isUrgent: ((host: string) => boolean) | undefined): number {
    if (isUrgent === undefined) return 0;
    const before = this.#urgent.length;
    for (const host of this.#order?.waiting() ?? []) if (isUrgent(host)) this.demand(host);
    return this.#urgent.length - before;
  }

  /** Somebody waits for the host: of a burst, the route that claims it goes ahead of the others. */
  demand(host: string): void {
    const key = this.#order?.routeOf(host);
    if (key !== undefined) this.#urgent.push(key);
  }

  /** Whether what was urgent, or all that is not plain, has just been evaluated; true once for each time. */
  takeMilestone(): boolean {
    const isMilestone = this.#isMilestone;
    this.#isMilestone = false;
    return isMilestone;
  }

  /** Takes the next out; `undefined` when the round has no more. */
  nextRoute(): ObjectKey | undefined {
    if (this.#isSettling) return undefined;
    const key = this.#nextUrgent() ?? this.#nextInOrder();
    if (key === undefined) {
      this.#isSettling = true;
      return undefined;
    }
    this.#keys.delete(key);
    this.#evaluated.add(key);
    return key;
  }

  #nextUrgent(): ObjectKey | undefined {
    for (let key = this.#urgent.pop(); key !== undefined; key = this.#urgent.pop()) {
      const isLast = this.#urgent.length === 0;
      this.#isMilestone ||= isLast;
      if (this.#keys.has(key)) return key;
    }
    return undefined;
  }

  #nextInOrder(): ObjectKey | undefined {
    this.#taking ??= this.#keys.values();
    return this.#taking.next().value;
  }

  /** A route was evaluated; returns whether its hosts may be settled before the others are. */
  evaluated(key: ObjectKey): boolean {
    const order = this.#order;
    if (order === undefined) return false;
    const wasRestPlain = order.isRestPlain;
    const isSettleable = order.evaluated(key);
    this.#isMilestone ||= order.isRestPlain && !wasRestPlain;
    return isSettleable;
  }

  /** Whether the host must not be settled yet. */
  isWaiting(host: string): boolean {
    return this.#order?.isWaiting(host) !== false;
  }

  /** The round is settled and published. */
  finish(): void {
    [this.#keys, this.#next] = [this.#next, this.#keys];
    if (this.#evaluated.size > 0) this.#evaluated.clear();
    this.#taking = undefined;
    this.#isSettling = false;
    this.#order = undefined;
    this.#orders = 0;
    this.#urgent = [];
    this.#isMilestone = false;
  }
}
