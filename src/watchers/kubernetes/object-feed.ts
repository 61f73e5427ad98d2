import type { Lane } from '../../event-loop/turns.ts';
import { ApiFailure } from '../../kubernetes-api/api-failure.ts';
import type { Resource } from '../../kubernetes-api/watched-kind.ts';
import type { ObjectEvent, SourceProblem, SourceSink } from '../../model/events.ts';
import type { Kind } from '../../model/objects.ts';
import { type Decode, KnownObjects } from './known-objects.ts';
import { isOlder, type RawObject } from './raw-object.ts';
import type { WatchEvent } from './watch-stream.ts';

/** Objects of a list that are decoded and handed on at a time: 1 ms. */
const SLICE_OBJECTS = 100;

export interface ObjectFeedOptions {
  readonly kind: Kind;
  readonly decode: Decode;
  /** Where objects are decoded and handed on. */
  readonly lane: Lane;
  readonly sink: Pick<SourceSink, 'apply'>;
  /** `problems()` has changed. */
  readonly onProblems: () => void;
}

/** The objects of one kind on their way from lists and watches to the sink: decoded, compared with what is known, in slices. */
export class ObjectFeed {
  readonly #options: ObjectFeedOptions;
  readonly #known: KnownObjects;

  constructor(options: ObjectFeedOptions) {
    this.#options = options;
    this.#known = new KnownObjects(options.kind, options.decode);
  }

  problems(): readonly SourceProblem[] {
    return this.#known.problems();
  }

  /** Of what was read before, and the sink was told. */
  know(event: ObjectEvent): void {
    this.#known.know(event);
  }

  /** What is not named from now on until `endList` is gone. */
  beginList(): void {
    this.#known.beginList();
  }

  /** Objects of a list; `apiVersion` as of the list. */
  async list(objects: readonly RawObject[], apiVersion: string, signal: AbortSignal): Promise<void> {
    for (let start = 0; start < objects.length; start += SLICE_OBJECTS) {
      const slice = objects.slice(start, start + SLICE_OBJECTS);
      await this.#options.lane.run(() => {
        if (signal.aborted) return;
        this.#apply(
          slice
            .filter((object) => !this.#known.isFollowed(object))
            .map((object) => ({ type: 'ADDED', object })),
          apiVersion,
        );
      });
    }
  }

  /** Deletes what is known and was not in the list, so many at a time. */
  async endList(atATime: number, signal: AbortSignal): Promise<void> {
    const changesBefore = this.#known.problemChanges;
    const events = this.#known.endList();
    const { lane, sink } = this.#options;
    for (let start = 0; start < events.length; start += atATime) {
      await lane.run(() => {
        if (!signal.aborted) sink.apply(events.slice(start, start + atATime));
      });
    }
    this.#tellOfProblems(changesBefore);
  }

  /** Events of a watch from this version on, at once; gives the version of the last. Throws an `ApiFailure` where they are not in order. */
  follow(batch: readonly WatchEvent[], from: string, { apiVersion, path }: Resource): string {
    let version = from;
    for (const [index, event] of batch.entries()) {
      const next = event.type === 'BOOKMARK' ? event.resourceVersion : event.object.metadata.resourceVersion;
      if (!isOlder(next, version)) version = next;
      // A deleted object may carry the version that it had while it lived.
      else if (event.type !== 'DELETED') {
        this.#followAll(batch.slice(0, index), apiVersion);
        throw new ApiFailure('gone', `watch of ${path}: version ${next} came after ${version}`);
      }
    }
    this.#followAll(batch, apiVersion);
    return version;
  }

  #followAll(batch: readonly WatchEvent[], apiVersion: string): void {
    for (const event of batch) if (event.type !== 'BOOKMARK') this.#known.follow(event.object);
    this.#apply(batch, apiVersion);
  }

  #apply(batch: readonly WatchEvent[], apiVersion: string): void {
    const known = this.#known;
    const changesBefore = known.problemChanges;
    const events = [];
    for (const event of batch) {
      if (event.type === 'BOOKMARK') continue;
      const change =
        event.type === 'DELETED' ? known.remove(event.object) : known.upsert(event.object, apiVersion);
      if (change !== undefined) events.push(change);
    }
    if (events.length > 0) this.#options.sink.apply(events);
    this.#tellOfProblems(changesBefore);
  }

  #tellOfProblems(changesBefore: number): void {
    if (this.#known.problemChanges !== changesBefore) this.#options.onProblems();
  }
}
