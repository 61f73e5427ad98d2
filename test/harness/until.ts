/** Waiting for what offers no event. */
import { setTimeout as delay } from 'node:timers/promises';

export interface UntilOptions {
  readonly timeoutMs?: number;
  /** What is awaited, as the subject of "…: not within 10000 ms". */
  readonly what: string;
  readonly intervalMs?: number;
}

/**
 * Polls until the condition holds. Only for outside processes that cannot say themselves when they are done, such as
 * Envoy's admin pages: in our own code there is an event to wait for. What the condition throws is thrown on at once.
 */
export async function until(
  condition: () => Promise<boolean> | boolean,
  options: UntilOptions,
): Promise<void> {
  const { timeoutMs = 10_000, what, intervalMs = 10 } = options;
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await delay(intervalMs);
  }
}
