import type { Clock } from '../../kubernetes-api/clock.ts';
import type { OwnedId } from '../intent/objects.ts';

export interface ContentionOptions<K> {
  readonly clock: Clock;
  /** It is put right again from now on. */
  readonly onRelease: (key: K) => void;
}

interface Record {
  repairs: number;
  since: number;
  isHeld: boolean;
}

/** Repairs of one object within `WINDOW_MS` after which another writer is taken to be at it, and is left to it for as long. */
const MOST_REPAIRS = 10;
const WINDOW_MS = 60_000;

/** Objects that somebody changes back again and again: two writers would keep the API server busy for ever. */
export class Contention<K> {
  readonly #options: ContentionOptions<K>;
  readonly #records = new Map<OwnedId, Record>();

  constructor(options: ContentionOptions<K>) {
    this.#options = options;
  }

  isHeld(id: OwnedId): boolean {
    return this.#records.get(id)?.isHeld === true;
  }

  /** An object was put right that had been right before. */
  repaired(id: OwnedId, key: K): void {
    const { clock, onRelease } = this.#options;
    const now = clock.now();
    const known = this.#records.get(id);
    const record =
      known !== undefined && now - known.since < WINDOW_MS
        ? known
        : { repairs: 0, since: now, isHeld: false };
    record.repairs += 1;
    this.#records.set(id, record);
    if (record.repairs < MOST_REPAIRS || record.isHeld) return;
    record.isHeld = true;
    clock.after(WINDOW_MS, () => {
      this.#records.delete(id);
      onRelease(key);
    });
  }

  forget(ids: Iterable<OwnedId>): void {
    for (const id of ids) if (!this.isHeld(id)) this.#records.delete(id);
  }
}
