/**
 * Takes up to `limit` items out of a queue, oldest first, and works on them. The work may add to the queue; what `stays` stays
 * in it.
 */
export function drainSome<T>(
  queue: Set<T>,
  work: (item: T) => void,
  limit: number,
  stays?: (item: T) => boolean,
): void {
  let done = 0;
  for (const item of queue) {
    if (stays?.(item) === true) continue;
    queue.delete(item);
    work(item);
    done += 1;
    if (done >= limit) return;
  }
}

/** Empties a queue, asking `pause` after every `stride` items. Returns false if it stopped before the end. */
export function drain<T>(
  queue: Set<T>,
  work: (item: T) => void,
  pause: () => boolean,
  stride: number,
): boolean {
  let done = 0;
  // One iterator for all: a new one would go past what was taken out before.
  for (const item of queue) {
    queue.delete(item);
    work(item);
    done += 1;
    if (done % stride === 0 && queue.size > 0 && pause()) return false;
  }
  return true;
}
