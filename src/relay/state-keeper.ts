import type { RelayedResources } from './relayed-resources.ts';
import {
  encodeHeader,
  encodeResources,
  encodeResponseRecord,
  encodeTime,
  type UpstreamIdentity,
} from './state-file.ts';
import type { StateFolder } from './state-folder.ts';

export interface StateKeeperOptions {
  readonly folder: StateFolder;
  readonly resources: RelayedResources;
  /** Of the control plane, as it is now. */
  readonly identity: () => UpstreamIdentity;
  /** Whether what there is is true now: the control plane has told everything and is connected. */
  readonly isCurrent: () => boolean;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  /** A state could not be written; once until one can be. */
  readonly onFailure: (error: unknown) => void;
  /** One could be written after a failure. */
  readonly onRecovery: () => void;
  readonly timesMs?: KeeperTimes;
}

/** In milliseconds. */
interface KeeperTimes {
  /** From a change until it is written, with those that came meanwhile. */
  readonly gather: number;
  /** After so long without a change it is written that all is still true. */
  readonly beat: number;
  readonly retry: number;
}

const TIMES: KeeperTimes = { gather: 500, beat: 60_000, retry: 10_000 };
/** Appended bytes up to which a state is not written anew, however small it is. */
const LEAST_APPENDED_BYTES = 4 * 1024 * 1024;

/**
 * Keeps what the control plane says on the disk, some time after it said so. While the control plane is not connected, or has
 * not told everything, nothing is written: what is there was true together once.
 */
export class StateKeeper {
  readonly #options: StateKeeperOptions;
  readonly #times: KeeperTimes;
  /** Records of what changed since the last writing. */
  #changes: Buffer[] = [];
  #changedBytes = 0;
  /** Everything is to be written: nothing was yet, or more has changed than that. */
  #isWhole = true;
  #wholeBytes = 0;
  #appendedBytes = 0;
  #writtenIdentity = '';
  #savedAt: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #dueAt = 0;
  #writing: Promise<void> | undefined;
  #hasFailed = false;
  #isStopped = false;

  constructor(options: StateKeeperOptions) {
    this.#options = options;
    this.#times = options.timesMs ?? TIMES;
  }

  /** Unix time in milliseconds at which what is on the disk was true; `undefined`: this process has written nothing. */
  get savedAt(): number | undefined {
    return this.#savedAt;
  }

  /** Size of what is on the disk, as far as this process has written it. */
  get bytes(): number {
    return this.#wholeBytes + this.#appendedBytes;
  }

  /** The control plane said something: its response. */
  changed(response: Uint8Array): void {
    if (!this.#isWhole) {
      const record = encodeResponseRecord(response);
      this.#changes.push(record);
      this.#changedBytes += record.length;
      if (this.#changedBytes + this.#appendedBytes > Math.max(LEAST_APPENDED_BYTES, this.#wholeBytes))
        this.#writeAllNext();
    }
    this.#schedule(this.#times.gather);
  }

  /** The control plane has told everything. */
  completed(): void {
    this.#schedule(this.#times.gather);
  }

  /** Writes what there is to write, and no more from then on. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#writing;
    if (this.#options.isCurrent()) await this.#write();
    await this.#options.folder.close();
  }

  #writeAllNext(): void {
    this.#isWhole = true;
    this.#changes = [];
    this.#changedBytes = 0;
  }

  #schedule(ms: number): void {
    if (this.#isStopped || this.#writing !== undefined) return;
    const dueAt = performance.now() + ms;
    if (this.#timer !== undefined && this.#dueAt <= dueAt) return;
    clearTimeout(this.#timer);
    this.#dueAt = dueAt;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (!this.#options.isCurrent()) return;
      this.#writing = this.#write().finally(() => {
        this.#writing = undefined;
        const hasMore = this.#isWhole || this.#changes.length > 0;
        const { gather, beat, retry } = this.#times;
        this.#schedule(this.#hasFailed ? retry : hasMore ? gather : beat);
      });
    }, ms).unref();
  }

  async #write(): Promise<void> {
    const identity = this.#options.identity();
    const text = JSON.stringify(identity);
    if (text !== this.#writtenIdentity) this.#writeAllNext();
    try {
      if (this.#isWhole) await this.#writeWhole(identity);
      else await this.#append();
      this.#writtenIdentity = text;
      if (this.#hasFailed) this.#options.onRecovery();
      this.#hasFailed = false;
    } catch (error) {
      this.#writeAllNext();
      if (!this.#hasFailed) this.#options.onFailure(error);
      this.#hasFailed = true;
    }
  }

  async #writeWhole(identity: UpstreamIdentity): Promise<void> {
    const { folder, resources, now } = this.#options;
    // What changes while this is written is appended to it.
    this.#isWhole = false;
    this.#changes = [];
    this.#changedBytes = 0;
    const at = now();
    this.#wholeBytes = await folder.write(
      (function* () {
        yield encodeHeader(identity);
        yield* encodeResources(resources);
        yield encodeTime(at);
      })(),
    );
    this.#appendedBytes = 0;
    this.#savedAt = at;
  }

  async #append(): Promise<void> {
    const { folder, now } = this.#options;
    const at = now();
    const bytes = Buffer.concat([...this.#changes, encodeTime(at)]);
    this.#changes = [];
    this.#changedBytes = 0;
    await folder.append(bytes);
    this.#appendedBytes += bytes.length;
    this.#savedAt = at;
  }
}
