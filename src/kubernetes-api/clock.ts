/**
 * Time as the reflectors see it. Monotonic: a wall clock that is set forward or back moves no time-out and no
 * back-off. Injected, so that tests own it.
 */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number;
  /** Calls `then` after `ms`; the returned function cancels. */
  after(ms: number, then: () => void): () => void;
}

/** Node's timers run on the kernel's monotonic clock, as `performance.now` does. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, then) {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms`, or as soon as `signal` is aborted. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const finish = (): void => {
      cancel();
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const cancel = clock.after(ms, finish);
    signal.addEventListener('abort', finish, { once: true });
  });
}

/** A uniformly distributed number in [0, 1), as `Math.random`. */
export type Random = () => number;
