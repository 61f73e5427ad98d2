import { type Clock, sleep } from '../kubernetes-api/clock.ts';
import type { ObjectEvent } from '../model/events.ts';
import { refOf } from '../model/events.ts';
import { type ObjectKey, objectKey, parseObjectKey } from '../model/key.ts';
import type { Kind, KubernetesObject } from '../model/objects.ts';
import type { ReadPositions } from '../model/positions.ts';
import { reasonOf, type StateDirectory } from './state-directory.ts';
import { encodeChanges, encodeComplete, encodeObjects, type StateOwner } from './state-file.ts';
import { BEAT_MS, type StateLock } from './state-lock.ts';

export interface StateLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** What is saved, as it is now. */
export interface StateContent {
  all(kind: Kind): Iterable<KubernetesObject>;
  get(kind: Kind, namespace: string, name: string): KubernetesObject | undefined;
}

export interface StateKeeperOptions {
  readonly directory: StateDirectory;
  readonly lock: StateLock;
  readonly owner: () => Promise<StateOwner>;
  readonly content: StateContent;
  readonly positions: () => ReadPositions | undefined;
  /** While it says so nothing is written: others have more urgent work. */
  readonly isHeldUp: () => boolean;
  readonly clock: Clock;
  /** Unix time in milliseconds. */
  readonly wallClock: () => number;
  readonly logger: StateLogger;
}

/** Changes are written down this often, in milliseconds. */
const APPEND_MS = 1_000;
/** Without any, it is written down this often that there were none: watches go on from there. */
const QUIET_MS = 60_000;
/** A state is written whole this often at most, and after it could not be. */
const WHOLE_MS = 60_000;
/** With more changes than this since the last time, it is written whole: to write a change down is no cheaper then. */
const MOST_CHANGES = 10_000;
/** Changes that were appended are worth a new state from so many bytes on, and from half of what it has. */
const LEAST_APPENDED_BYTES = 4 * 1024 * 1024;

/**
 * Keeps the state on the disk in line with what was read: written whole at first, changes appended every second, written whole again
 * when they have become many. What is half read, from a list that is going on, is never written.
 */
export class StateKeeper {
  readonly #options: StateKeeperOptions;
  readonly #changed = new Set<ObjectKey>();
  #running: Promise<void> | undefined;
  readonly #stopping = new AbortController();
  #beatAt = Number.NEGATIVE_INFINITY;
  #wholeAt = Number.NEGATIVE_INFINITY;
  #appendedAt = 0;
  /** There is a state of ours to append to. */
  #isWritten = false;
  #bytes = 0;
  #appendedBytes = 0;
  /** The last time at which nothing kept the source from telling changes; Unix milliseconds. */
  #currentAt = 0;
  #savedAt: number | undefined;
  /** What was told last; `''`: all is well. */
  #trouble = '';

  constructor(options: StateKeeperOptions) {
    this.#options = options;
  }

  /** Unix time in milliseconds at which what is on the disk was true; `undefined`: nothing is. */
  get savedAt(): number | undefined {
    return this.#savedAt;
  }

  get bytes(): number {
    return this.#bytes + this.#appendedBytes;
  }

  /** All that there is has been read. */
  start(): void {
    this.#running ??= this.#run(this.#stopping.signal);
  }

  /** The content has taken these events. */
  changed(events: readonly ObjectEvent[]): void {
    if (this.#running === undefined || this.#changed.size > MOST_CHANGES) return;
    for (const event of events)
      this.#changed.add(objectKey(event.type === 'upsert' ? refOf(event.object) : event.ref));
  }

  /** Writes down what is left. Never rejects. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    const { directory, lock } = this.#options;
    if (this.#isWritten && this.#changed.size <= MOST_CHANGES) await this.#append().catch(() => {});
    await directory.close();
    await lock.release();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      try {
        if (await this.#holdsLock()) await this.#keep();
      } catch (error) {
        this.#isWritten = false;
        this.#tell(
          'SLUICE_STATE_WRITE',
          `the state cannot be written: ${reasonOf(error)}; a restart will have an older one, or none. Trying again`,
        );
      }
      await sleep(clock, APPEND_MS, signal);
    }
  }

  async #holdsLock(): Promise<boolean> {
    const { lock, clock } = this.#options;
    if (clock.now() - this.#beatAt < BEAT_MS) return lock.isHeld;
    this.#beatAt = clock.now();
    const holding = await lock.beat();
    if (holding.type === 'held') return true;
    this.#isWritten = false;
    if (holding.type === 'taken')
      this.#tell(
        'SLUICE_STATE_LOCKED',
        `another Sluice (${holding.by}) keeps its state in the same directory; this one writes none: give each a directory of its own`,
      );
    return false;
  }

  async #keep(): Promise<void> {
    const { clock, isHeldUp } = this.#options;
    if (isHeldUp()) return;
    const now = clock.now();
    const isFull =
      this.#changed.size > MOST_CHANGES ||
      this.#appendedBytes > Math.max(LEAST_APPENDED_BYTES, this.#bytes / 2);
    if (!this.#isWritten || isFull) {
      if (now - this.#wholeAt >= WHOLE_MS) await this.#writeWhole();
      // Meanwhile changes are appended, as long as they can be named.
      else if (this.#isWritten && this.#changed.size <= MOST_CHANGES) await this.#append();
    } else if (this.#changed.size > 0 || now - this.#appendedAt >= QUIET_MS) await this.#append();
  }

  async #writeWhole(): Promise<void> {
    const { directory, owner, content, clock, logger } = this.#options;
    const writer = await owner();
    const read = this.#read();
    if (read === undefined) return;
    this.#wholeAt = clock.now();
    this.#changed.clear();
    // Objects are never changed, only replaced: what is named here is one moment, however long writing takes.
    const objects = read.positions.flatMap(({ kind }) => [...content.all(kind)]);
    const { at, positions } = read;
    function* records(): Generator<Buffer, void, void> {
      yield* encodeObjects(objects);
      yield encodeComplete({ at, objects: objects.length, positions });
    }
    const bytes = await directory.write(writer, records());
    const isFirst = this.#savedAt === undefined;
    this.#isWritten = true;
    this.#bytes = bytes;
    this.#appendedBytes = 0;
    this.#saved(at);
    const ms = Math.round(clock.now() - this.#wholeAt);
    logger[isFirst ? 'info' : 'debug']({ bytes, objects: objects.length, ms }, 'the state is saved');
  }

  async #append(): Promise<void> {
    const { content, directory } = this.#options;
    const read = this.#read();
    if (read === undefined) return;
    // That nothing has changed is only worth saying where it is known.
    if (this.#changed.size === 0 && !read.isCurrent) return;
    const events: ObjectEvent[] = [];
    const kinds = new Set(read.positions.map(({ kind }) => kind));
    for (const key of this.#changed) {
      const ref = parseObjectKey(key);
      if (!kinds.has(ref.kind)) continue;
      const object = content.get(ref.kind, ref.namespace, ref.name);
      events.push(object === undefined ? { type: 'delete', ref } : { type: 'upsert', object });
    }
    this.#changed.clear();
    const { at, positions } = read;
    const record = encodeChanges({ at, events, positions });
    await directory.append(record);
    this.#appendedBytes += record.byteLength;
    this.#saved(at);
  }

  #read(): (ReadPositions & { readonly at: number }) | undefined {
    const { positions, wallClock } = this.#options;
    const read = positions();
    if (read === undefined) return undefined;
    if (read.isCurrent || this.#currentAt === 0) this.#currentAt = wallClock();
    return { ...read, at: this.#currentAt };
  }

  #saved(at: number): void {
    const { clock, logger } = this.#options;
    this.#appendedAt = clock.now();
    this.#savedAt = at;
    if (this.#trouble === '') return;
    logger.info({ code: this.#trouble }, 'the state is saved again');
    this.#trouble = '';
  }

  /** Once for each trouble. */
  #tell(code: string, message: string): void {
    const isNews = this.#trouble !== code;
    this.#trouble = code;
    this.#options.logger[isNews ? 'warn' : 'debug']({ code }, message);
  }
}
