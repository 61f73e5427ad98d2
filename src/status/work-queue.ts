import { TokenBucket } from '../event-loop/token-bucket.ts';
import { TurnSet } from '../event-loop/turn-set.ts';
import type { Clock } from '../kubernetes-api/clock.ts';

/** What became of one item. */
export type Outcome =
  /** Nothing more to do until it is added again. */
  | { readonly type: 'done' }
  /** Try this item again after `afterMs`. */
  | { readonly type: 'again'; readonly afterMs: number }
  /** Nothing works at present: try it again, and do nothing at all for `afterMs`. */
  | { readonly type: 'pause'; readonly afterMs: number };

export interface WorkQueueOptions<K extends string> {
  /** Items worked on each second, on average. */
  readonly perSecond: number;
  /** Items worked on at the same time. */
  readonly concurrency: number;
  /** While it says so nothing is looked at or worked on: something else goes first. */
  readonly isHeldUp?: (() => boolean) | undefined;
  /** Asked right before the work: an item that needs none costs nothing of the rate. Must be fast. */
  readonly isNeeded: (key: K) => boolean;
  /** Must not reject. `failures` in a row that this key has seen, for back-off. */
  readonly work: (key: K, failures: number) => Promise<Outcome>;
  /** Keys of one group take turns with those of others; all are one unless given. */
  readonly groupOf?: ((key: K) => string) | undefined;
  readonly clock: Clock;
}

/** How often what holds the queue up is looked at, in milliseconds. */
export const HELD_UP_MS = 50;
/** Items looked at before other work gets the event loop. */
const LOOKED_AT_ONCE = 100;
/** Urgent items in a row after which it is the backlog's turn: who changes something all the time does not hold up those tried again. */
const URGENT_IN_A_ROW = 9;
/** Items of the backlog that are looked at in such a turn, until one needs work. */
const LOOKED_AT_IN_TURN = 50;

/**
 * Keys to work on, each once however often it is added, at a bounded rate. What changed just now goes before the
 * backlog of a start, so that twenty thousand old objects do not hold up a new one, but for one in ten; and groups take turns.
 */
export class WorkQueue<K extends string> {
  readonly #options: WorkQueueOptions<K>;
  readonly #bucket: TokenBucket;
  readonly #urgent: TurnSet<K>;
  readonly #backlog: TurnSet<K>;
  readonly #running = new Set<K>();
  readonly #addedWhileRunning = new Set<K>();
  readonly #failures = new Map<K, number>();
  readonly #waiting = new Map<K, () => void>();
  /** Urgent items that were worked on since the backlog had its turn. */
  #urgentInRow = 0;
  #lookedAtInTurn = 0;
  #cancelTimer: (() => void) | undefined;
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor(options: WorkQueueOptions<K>) {
    this.#options = options;
    this.#bucket = new TokenBucket(options.perSecond, Math.max(1, options.perSecond));
    const { groupOf = () => '' } = options;
    this.#urgent = new TurnSet(groupOf);
    this.#backlog = new TurnSet(groupOf);
  }

  /** Items that wait or are worked on. */
  get size(): number {
    return this.#urgent.size + this.#backlog.size + this.#running.size + this.#waiting.size;
  }

  add(key: K, urgent = true): void {
    if (this.#stopped) return;
    if (this.#running.has(key)) {
      this.#addedWhileRunning.add(key);
      return;
    }
    // It changed: what made it fail may be over.
    this.#cancelWait(key);
    if (urgent) {
      this.#backlog.delete(key);
      this.#urgent.add(key);
    } else if (!this.#urgent.has(key)) {
      this.#backlog.add(key);
    }
    this.#schedule(0);
  }

  /** Forgets all that waits; what is being worked on ends by itself. */
  clear(): void {
    this.#urgent.clear();
    this.#backlog.clear();
    this.#addedWhileRunning.clear();
    this.#failures.clear();
    for (const key of [...this.#waiting.keys()]) this.#cancelWait(key);
    this.#pausedUntil = Number.NEGATIVE_INFINITY;
  }

  stop(): void {
    this.#stopped = true;
    this.clear();
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #cancelWait(key: K): void {
    this.#waiting.get(key)?.();
    this.#waiting.delete(key);
  }

  #schedule(delayMs: number): void {
    if (this.#stopped || this.#cancelTimer !== undefined) return;
    const paused = this.#pausedUntil - this.#options.clock.now();
    this.#cancelTimer = this.#options.clock.after(Math.max(delayMs, paused, 0), () => {
      this.#cancelTimer = undefined;
      this.#pump();
    });
  }

  #pump(): void {
    const { clock, concurrency, isNeeded } = this.#options;
    if (this.#pausedUntil > clock.now()) {
      this.#schedule(0);
      return;
    }
    if (this.#urgent.size + this.#backlog.size > 0 && this.#options.isHeldUp?.() === true) {
      this.#schedule(HELD_UP_MS);
      return;
    }
    for (let looked = 0; this.#running.size < concurrency; looked += 1) {
      if (looked === LOOKED_AT_ONCE) {
        this.#schedule(0);
        return;
      }
      const keys = this.#isBacklogsTurn ? this.#backlog : this.#urgent;
      const key = keys.first();
      if (key === undefined) return;
      if (isNeeded(key)) {
        const waitMs = this.#bucket.takeTokens(1, clock.now());
        if (waitMs > 0) {
          this.#schedule(waitMs);
          return;
        }
        this.#running.add(key);
        void this.#run(key);
        this.#urgentInRow = keys === this.#urgent ? this.#urgentInRow + 1 : 0;
        this.#lookedAtInTurn = 0;
      } else if (keys === this.#backlog) {
        this.#lookedAtInTurn += 1;
        if (this.#lookedAtInTurn >= LOOKED_AT_IN_TURN) this.#urgentInRow = this.#lookedAtInTurn = 0;
      }
      keys.takeKey(key);
      this.#backlog.delete(key);
    }
  }

  get #isBacklogsTurn(): boolean {
    return this.#urgent.size === 0 || (this.#backlog.size > 0 && this.#urgentInRow >= URGENT_IN_A_ROW);
  }

  async #run(key: K): Promise<void> {
    const failures = this.#failures.get(key) ?? 0;
    const outcome = await this.#options.work(key, failures);
    this.#running.delete(key);
    if (this.#stopped) return;
    if (outcome.type === 'done') this.#failures.delete(key);
    else this.#failures.set(key, failures + 1);
    if (outcome.type === 'pause') {
      this.#pausedUntil = Math.max(this.#pausedUntil, this.#options.clock.now() + outcome.afterMs);
      this.#backlog.add(key);
    } else if (this.#addedWhileRunning.has(key)) {
      this.#urgent.add(key);
    } else if (outcome.type === 'again') {
      const cancel = this.#options.clock.after(outcome.afterMs, () => {
        this.#waiting.delete(key);
        this.#backlog.add(key);
        this.#schedule(0);
      });
      this.#waiting.set(key, cancel);
    }
    this.#addedWhileRunning.delete(key);
    this.#schedule(0);
  }
}
