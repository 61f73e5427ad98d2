import type { ObjectEvent } from '../../model/events.ts';
import type { Engine } from './engine.ts';

/** What the loop needs of the world outside; tests bring their own. Times in milliseconds. */
export interface LoopClock {
  now(): number;
  /** Runs `task` after `delayMs`, or as soon as pending I/O has been looked at where that is 0. */
  schedule(task: () => void, delayMs: number): void;
}

export const SYSTEM_LOOP_CLOCK: LoopClock = {
  now: () => performance.now(),
  schedule: (task, delayMs) => {
    if (delayMs <= 0) setImmediate(task);
    else setTimeout(task, delayMs);
  },
};

export interface FlushLoopOptions {
  /**
   * Least time between two flushes. A change after a quiet time is computed at once; under a stream of changes
   * they gather for this long, which is also the longest that any of them waits.
   */
  readonly intervalMs: number;
  /** How long a flush may hold the event loop before it lets other work in. */
  readonly sliceMs: number;
  readonly clock: LoopClock;
  /** After every complete flush: how long it took from the first event it contains, and the CPU-holding part. */
  readonly onFlush?: (flush: {
    readonly events: number;
    readonly waitedMs: number;
    readonly workedMs: number;
  }) => void;
}

export const DEFAULT_FLUSH_LOOP_OPTIONS: FlushLoopOptions = {
  intervalMs: 5,
  sliceMs: 20,
  clock: SYSTEM_LOOP_CLOCK,
};

/** Decides when the engine computes: never before the sources have synced, then soon, and in slices. */
export class FlushLoop {
  readonly #engine: Engine;
  readonly #options: FlushLoopOptions;
  #synced = false;
  #scheduled = false;
  #lastEnd = Number.NEGATIVE_INFINITY;
  #firstEvent = 0;
  #events = 0;
  #worked = 0;

  constructor(engine: Engine, options: FlushLoopOptions = DEFAULT_FLUSH_LOOP_OPTIONS) {
    this.#engine = engine;
    this.#options = options;
  }

  take(events: readonly ObjectEvent[]): void {
    if (events.length === 0) return;
    if (this.#events === 0) this.#firstEvent = this.#options.clock.now();
    this.#events += events.length;
    this.#engine.take(events);
    this.#schedule();
  }

  /** Every source has synced: compute all there is, and serve it as it comes. */
  synced(): void {
    if (this.#synced) return;
    this.#synced = true;
    this.#engine.resources.setSynced();
    this.#schedule();
  }

  /** Whether there are events that no complete flush contains yet. */
  get isBusy(): boolean {
    return this.#scheduled;
  }

  #schedule(): void {
    if (!this.#synced || this.#scheduled) return;
    this.#scheduled = true;
    const { clock, intervalMs } = this.#options;
    clock.schedule(() => this.#run(), Math.max(0, this.#lastEnd + intervalMs - clock.now()));
  }

  #run(): void {
    const { clock, sliceMs, onFlush } = this.#options;
    const start = clock.now();
    const before = this.#engine.rounds;
    const done = this.#engine.flush(() => clock.now() - start >= sliceMs);
    const end = clock.now();
    this.#worked += end - start;
    this.#scheduled = !done;
    if (!done) clock.schedule(() => this.#run(), 0);
    // Of what has come meanwhile, enough to go on with; but everybody who was waiting is served.
    if (!done && this.#engine.rounds === before) return;
    this.#lastEnd = end;
    const flush = { events: this.#events, waitedMs: end - this.#firstEvent, workedMs: this.#worked };
    this.#events = 0;
    this.#worked = 0;
    this.#engine.resources.setReady();
    onFlush?.(flush);
  }
}
