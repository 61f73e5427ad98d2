import type { Lane } from '../../event-loop/turns.ts';
import type { Clock } from '../../kubernetes-api/clock.ts';
import type { SourceSink } from '../../model/events.ts';
import type { Kind } from '../../model/objects.ts';
import type { KindPosition } from '../../model/positions.ts';
import type { SavedState } from '../../model/saved-state.ts';
import type { Reflector } from './reflector.ts';

/** An API server that has not said anything for so long is not waited for, in milliseconds. */
const MOST_WAIT_MS = 1_000;
/** What has changed since comes right after a watch has been accepted, in milliseconds. */
const SETTLE_MS = 50;

export interface SavedStartOptions {
  readonly positions: readonly KindPosition[];
  readonly reflectors: readonly Reflector[];
  readonly lane: Lane;
  readonly clock: Clock;
  readonly sink: Pick<SourceSink, 'apply' | 'restored' | 'synced' | 'confirmed'>;
}

/**
 * A start from what was read before. The sink is given it at once, and told that it is complete as soon as the API server has accepted
 * the watches that go on from there, or said that it cannot; at the latest after a second. So Envoys that have newer
 * resources are not taken back to older ones where the API can be asked.
 */
export class SavedStart {
  readonly #options: SavedStartOptions;
  readonly #saved: ReadonlySet<Kind>;
  /** Kinds that nothing was heard of. */
  readonly #awaited: Set<Kind>;
  /** Kinds that were not confirmed. */
  readonly #unconfirmed: Set<Kind>;
  #isTold = false;
  #isConfirmed = false;
  #cancel = (): void => {};

  constructor(options: SavedStartOptions) {
    this.#options = options;
    const { positions } = options;
    this.#awaited = new Set(positions.filter(({ at }) => at !== undefined).map(({ kind }) => kind));
    this.#saved = new Set(positions.map(({ kind }) => kind));
    this.#unconfirmed = new Set(this.#saved);
  }

  /** Kinds of which the API server has not said that they are as they were, or what has changed. */
  get unconfirmed(): readonly Kind[] {
    return [...this.#unconfirmed];
  }

  /** Hands everything on; before the reflectors run. */
  async restore(state: Pick<SavedState, 'batches'>, signal: AbortSignal): Promise<void> {
    const { positions, reflectors, lane, sink, clock } = this.#options;
    const byKind = new Map(reflectors.map((reflector) => [reflector.kind, reflector]));
    for (const batch of state.batches) {
      await lane.run(() => {
        for (const event of batch)
          byKind.get(event.type === 'upsert' ? event.object.kind : event.ref.kind)?.know(event);
        sink.apply(batch);
      });
      if (signal.aborted) return;
    }
    sink.restored?.();
    for (const position of positions) byKind.get(position.kind)?.resume(position);
    this.#cancel = clock.after(MOST_WAIT_MS, () => this.#tell());
  }

  stop(): void {
    this.#cancel();
  }

  /** The API server has told all of these kinds. */
  confirmed(kinds: readonly Kind[]): void {
    for (const kind of kinds) {
      this.#unconfirmed.delete(kind);
      this.heard(kind);
    }
    const unsaved = kinds.filter((kind) => !this.#saved.has(kind));
    if (unsaved.length > 0) this.#options.sink.synced(unsaved);
    if (this.#unconfirmed.size > 0 || this.#isConfirmed) return;
    this.#isConfirmed = true;
    this.#options.sink.confirmed?.();
  }

  /** The API server has told a kind, or said that it cannot. */
  heard(kind: Kind): void {
    if (!this.#awaited.delete(kind) || this.#awaited.size > 0 || this.#isTold) return;
    this.#cancel();
    this.#cancel = this.#options.clock.after(SETTLE_MS, () => this.#tell());
  }

  #tell(): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#cancel();
    this.#options.sink.synced([...this.#saved]);
  }
}
