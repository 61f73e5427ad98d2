import { type Lane, processTurns } from '../../event-loop/turns.ts';
import type { ObjectEvent } from '../../model/events.ts';
import type { Engine } from './engine.ts';

/** Time as the loop sees it, in milliseconds; tests bring their own. */
export interface FlushClock {
  now(): number;
  after(ms: number, task: () => void): void;
}

const SYSTEM_CLOCK: FlushClock = {
  now: () => performance.now(),
  after: (ms, task) => void setTimeout(task, ms),
};

export interface FlushLoopOptions {
  /**
   * Least time between two flushes. A change after a quiet time is computed at once; under a stream of changes
   * they gather for this long, which is also the longest that any of them waits.
   */
  readonly intervalMs: number;
  /** Where slices of a flush are computed. */
  readonly lane: Lane;
  readonly clock: FlushClock;
  /** After every complete flush: how long it took from the first event it contains, and the CPU-holding part. */
  readonly onFlush?: (flush: {
    readonly events: number;
    readonly waitedMs: number;
    readonly workedMs: number;
  }) => void;
}

export const DEFAULT_FLUSH_LOOP_OPTIONS: FlushLoopOptions = {
  intervalMs: 5,
  lane: processTurns.engine,
  clock: SYSTEM_CLOCK,
};

/** Of the first flush, in milliseconds: meanwhile the API server is asked what has changed, and connections wait for clusters. */
const FIRST_SLICE_MS = 5;

/** Part of the time that listeners may take which differ by nothing but new hosts: with 20,000 names one takes a tenth of a second. */
const PATIENT_SHARE = 0.1;

/**
 * Decides when the engine computes: never before the sources have synced, or have given all that was saved, then soon, and in slices.
 */
export class FlushLoop {
  readonly #engine: Engine;
  readonly #options: FlushLoopOptions;
  #synced = false;
  #computing = false;
  #scheduled = false;
  #lastEnd = Number.NEGATIVE_INFINITY;
  #firstEvent = 0;
  #events = 0;
  #worked = 0;
  /** When listeners that may wait are computed again. */
  #listenersDue = Number.NEGATIVE_INFINITY;
  #areListenersScheduled = false;

  constructor(engine: Engine, options: FlushLoopOptions = DEFAULT_FLUSH_LOOP_OPTIONS) {
    this.#engine = engine;
    this.#options = options;
  }

  takeEvents(events: readonly ObjectEvent[]): void {
    if (events.length === 0) return;
    if (this.#events === 0) this.#firstEvent = this.#options.clock.now();
    this.#events += events.length;
    this.#engine.takeEvents(events);
    this.#schedule();
  }

  /** All is here that was saved: compute it, and serve it as it comes to Envoys that have nothing. */
  restored(): void {
    this.#computing = true;
    this.#engine.resources.setProvisional();
    this.#engine.resources.setSynced();
    this.#schedule();
  }

  /** Every source has synced: compute all there is, and serve it as it comes. */
  synced(): void {
    if (this.#synced) return;
    this.#synced = true;
    this.#computing = true;
    this.#engine.resources.setSynced();
    this.#engine.resources.setConfirmed();
    this.#schedule();
  }

  /** Whether there are events that no complete flush contains yet. */
  get isBusy(): boolean {
    return this.#scheduled;
  }

  /** Events that no complete flush contains yet. */
  get pendingEvents(): number {
    return this.#events;
  }

  /** When the first of those came, on the loop's clock; `undefined` where there is none. */
  get pendingSince(): number | undefined {
    return this.#events === 0 ? undefined : this.#firstEvent;
  }

  #schedule(): void {
    if (!this.#computing || this.#scheduled) return;
    this.#scheduled = true;
    const { clock, intervalMs } = this.#options;
    const waitMs = this.#lastEnd + intervalMs - clock.now();
    if (waitMs <= 0) this.#soon();
    else clock.after(waitMs, () => this.#soon());
  }

  #soon(): void {
    this.#options.lane.later(() => this.#run());
  }

  #run(): void {
    const { clock, lane, onFlush } = this.#options;
    const start = clock.now();
    const before = this.#engine.rounds;
    const isLong = this.#engine.resources.ready ? () => false : () => clock.now() - start >= FIRST_SLICE_MS;
    const isPatient = this.#engine.resources.ready && start < this.#listenersDue;
    const done = this.#engine.flush(() => lane.isSpent || isLong(), isPatient);
    const end = clock.now();
    if (!isPatient) this.#listenersDue = end + (end - start) / PATIENT_SHARE;
    this.#worked += end - start;
    this.#scheduled = !done;
    if (!done) this.#soon();
    // Of what has come meanwhile, enough to go on with; but everybody who was waiting is served.
    if (!done && this.#engine.rounds === before) return;
    this.#lastEnd = end;
    if (!this.#synced) return;
    const flush = { events: this.#events, waitedMs: end - this.#firstEvent, workedMs: this.#worked };
    this.#events = 0;
    this.#worked = 0;
    const wasReady = this.#engine.resources.ready;
    this.#engine.resources.setReady();
    if (this.#engine.hasPatientListeners) this.#scheduleListeners();
    if (flush.events > 0 || !wasReady) onFlush?.(flush);
  }

  /** Nothing else may come that would have them computed. */
  #scheduleListeners(): void {
    const { clock } = this.#options;
    if (this.#areListenersScheduled) return;
    this.#areListenersScheduled = true;
    clock.after(Math.max(0, this.#listenersDue - clock.now()), () => {
      this.#areListenersScheduled = false;
      if (this.#engine.hasPatientListeners) this.#schedule();
    });
  }
}
