/** The clock and the turns of an event loop; tests bring their own. */
export interface LoopClock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number;
  /** Calls `task` once pending I/O has been looked at. */
  nextTurn(task: () => void): void;
}

export const systemLoopClock: LoopClock = {
  now: () => performance.now(),
  nextTurn: (task) => void setImmediate(task),
};

/**
 * The longest stall: how long all work in slices together holds one turn of the event loop, give or take a piece of it, in
 * milliseconds. Sockets and timers are looked at between two turns.
 */
export const TURN_MS = 20;

/** Up to which millisecond of a turn work of a kind may begin: what is less urgent stops earlier. Most urgent first. */
const LANE_MS = {
  /** Events become resources. */
  engine: TURN_MS,
  /** Envoys that come back tell what they have. */
  xds: TURN_MS,
  /** Objects are read: lists, watches, files. */
  reading: TURN_MS / 2,
  /** Logs and pages, for people. */
  reports: TURN_MS / 5,
} as const;

/**
 * The turns of the event loop, and one budget for each that all long work shares. A burst of events comes in faster than it
 * is worked off, every Envoy comes back at the same moment, an operator asks for all routes: none of it may keep the others
 * waiting. A lane that a turn had no time for goes first in the next, so that none starves.
 */
export class Turns {
  readonly engine: Lane;
  readonly xds: Lane;
  readonly reading: Lane;
  readonly reports: Lane;
  readonly #clock: LoopClock;
  readonly #lanes: readonly Lane[];
  /** The order of this turn. */
  #order: readonly Lane[];
  /** When the first work of this turn began; `undefined`: none has. */
  #began: number | undefined;

  constructor(clock: LoopClock = systemLoopClock) {
    this.#clock = clock;
    this.engine = new Lane(this, LANE_MS.engine);
    this.xds = new Lane(this, LANE_MS.xds);
    this.reading = new Lane(this, LANE_MS.reading);
    this.reports = new Lane(this, LANE_MS.reports);
    this.#lanes = [this.engine, this.xds, this.reading, this.reports];
    this.#order = this.#lanes;
  }

  /** How long work has held this turn; the first to ask begins it. */
  elapsedMs(): number {
    return this.#clock.now() - this.begin();
  }

  /** Makes sure that there is a next turn; returns when this one began. */
  begin(): number {
    if (this.#began !== undefined) return this.#began;
    this.#began = this.#clock.now();
    this.#clock.nextTurn(this.#next);
    return this.#began;
  }

  readonly #next = (): void => {
    this.#began = undefined;
    if (!this.#lanes.some((lane) => lane.isWaiting)) {
      this.#order = this.#lanes;
      return;
    }
    this.begin();
    const waiting = this.#order.filter((lane) => lane.isWaiting);
    const passedOver = waiting.filter((lane, index) => !lane.work(index === 0));
    this.#order = [...passedOver, ...this.#lanes.filter((lane) => !passedOver.includes(lane))];
  };
}

/** Work of one kind, in pieces of some milliseconds at most, which are done in the order in which they came. */
export class Lane {
  readonly #turns: Turns;
  readonly #limitMs: number;
  readonly #waiting: (() => void)[] = [];
  #isHandedOver = false;

  /** Made by `Turns` alone. */
  constructor(turns: Turns, limitMs: number) {
    this.#turns = turns;
    this.#limitMs = limitMs;
  }

  /** Whether this turn has no time left for the lane: who works on should wait for `rest`. */
  get isSpent(): boolean {
    return this.#turns.elapsedMs() >= this.#limitMs;
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Does a piece of work now, or in a later turn if this one has no time left; gives what it gives, or throws. */
  async run<T>(work: () => T): Promise<T> {
    if (!this.isWaiting && !this.isSpent) return work();
    return await new Promise<T>((resolve, reject) => {
      this.later(() => {
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  /** Does a piece of work in a later turn. */
  later(work: () => void): void {
    this.#waiting.push(work);
    this.#turns.begin();
  }

  /** Resolves in a later turn, which whoever waited may use until `isSpent`. */
  rest(): Promise<void> {
    return new Promise((resolve) => {
      this.later(() => {
        this.#isHandedOver = true;
        resolve();
      });
    });
  }

  /**
   * Does what waits, until the turn is spent or handed over; one piece in any case where it `isFirst`. Returns whether there
   * was time for any. `Turns` calls it.
   */
  work(isFirst: boolean): boolean {
    if (!isFirst && this.isSpent) return false;
    this.#isHandedOver = false;
    do this.#waiting.shift()?.();
    while (this.isWaiting && !this.#isHandedOver && !this.isSpent);
    return true;
  }
}

/** The event loop of this process has one budget, whoever works on it. */
export const processTurns = new Turns();
