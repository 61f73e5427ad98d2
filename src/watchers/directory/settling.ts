/** A change is looked at after this many quiet periods at the latest, however often the file changes. */
const MAX_QUIET_PERIODS = 20;

interface Unsettled {
  readonly since: number;
  readonly due: number;
}

/** Paths that have changed, each held until it was quiet for a while: programs write files in several steps. */
export class Settling {
  readonly #quietMs: number;
  readonly #onSettled: () => void;
  readonly #paths = new Map<string, Unsettled>();
  #timer: NodeJS.Timeout | undefined;
  #timerDue = Number.POSITIVE_INFINITY;

  constructor(quietMs: number, onSettled: () => void) {
    this.#quietMs = quietMs;
    this.#onSettled = onSettled;
  }

  /** Starts the quiet period of a path again; `periods` for one that shall be quiet for longer. */
  touch(path: string, periods = 1): void {
    const now = performance.now();
    const since = this.#paths.get(path)?.since ?? now;
    const due = Math.min(now + periods * this.#quietMs, since + MAX_QUIET_PERIODS * this.#quietMs);
    this.#paths.set(path, { since, due });
    if (due < this.#timerDue) this.#wake(due);
  }

  /** Removes and returns the paths that are settled. */
  settledPaths(): readonly string[] {
    const now = performance.now();
    const settled: string[] = [];
    for (const [path, { due }] of this.#paths) if (due <= now) settled.push(path);
    for (const path of settled) this.#paths.delete(path);
    return settled;
  }

  clear(): void {
    this.#paths.clear();
    clearTimeout(this.#timer);
    this.#timerDue = Number.POSITIVE_INFINITY;
  }

  #wake(due: number): void {
    clearTimeout(this.#timer);
    this.#timerDue = due;
    this.#timer = setTimeout(() => this.#woken(), Math.max(1, Math.ceil(due - performance.now())));
  }

  #woken(): void {
    this.#timerDue = Number.POSITIVE_INFINITY;
    const now = performance.now();
    let isAnySettled = false;
    let next = Number.POSITIVE_INFINITY;
    for (const { due } of this.#paths.values()) {
      if (due <= now) isAnySettled = true;
      else next = Math.min(next, due);
    }
    if (next !== Number.POSITIVE_INFINITY) this.#wake(next);
    if (isAnySettled) this.#onSettled();
  }
}
