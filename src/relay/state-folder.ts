import { randomUUID } from 'node:crypto';
import { type FileHandle, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lane } from '../event-loop/turns.ts';
import { type ReadState, readState, type UpstreamIdentity } from './state-file.ts';

/** Something that keeps a state from being used; the start goes on without it. */
export interface StateProblem {
  /** Stable, `SLUICE_STATE_…`. */
  readonly code: string;
  readonly message: string;
}

export interface ReadOptions {
  readonly identity: UpstreamIdentity;
  /** A state that is older is not given, in milliseconds. */
  readonly maxAgeMs: number;
  /** Unix time in milliseconds. */
  readonly now: number;
  readonly onProblem: (problem: StateProblem) => void;
}

export type FoundState = Extract<ReadState, { readonly type: 'state' }> & { readonly file: string };

/** Each state has a number, the newest the highest. */
const NAME = /^(\d{6,15})\.node-state$/;
const TEMPORARY = '.node-state.tmp';
/** Bytes that are handed to the kernel at a time. */
const WRITE_BYTES = 512 * 1024;
/** So that nobody else on the machine reads what hosts there are. */
const MODE = 0o600;

/**
 * States in a folder, one file each. A state is written beside the others and renamed when it is whole and on the disk, so that there
 * is always one that can be read; then the one before it is removed. What was neither written by this process nor read by
 * it and found good is never removed nor written to.
 */
export class StateFolder {
  readonly #path: string;
  readonly #lane: Lane;
  /** Names of those that may be removed once there is a newer one. */
  readonly #ours = new Set<string>();
  /** Those before the one that was read: a process that died when it had just written a newer one has left them. */
  #older: { readonly names: readonly string[]; readonly identity: UpstreamIdentity } | undefined;
  #current: FileHandle | undefined;

  /** `lane`: where states are encoded. */
  constructor(path: string, lane: Lane) {
    this.#path = path;
    this.#lane = lane;
  }

  /** The newest state that can be read; names each newer one that cannot. Never rejects. */
  async read({ identity, maxAgeMs, now, onProblem }: ReadOptions): Promise<FoundState | undefined> {
    const names = await this.#names().catch((error: unknown) => {
      const message = `the state directory ${this.#path} cannot be read (${reasonOf(error)}); create it, or name another with --state-dir`;
      onProblem({ code: 'SLUICE_STATE_DIRECTORY', message });
      return [];
    });
    for (const [index, name] of names.reverse().entries()) {
      const file = join(this.#path, name);
      const state = await this.#readOne(name, identity);
      if (state.type !== 'state') {
        onProblem(problemOf(file, state));
        continue;
      }
      this.#ours.add(name);
      this.#older = { names: names.slice(index + 1), identity };
      // A clock that was set back makes states of the future: how old they are cannot be known.
      if (Math.abs(now - state.at) <= maxAgeMs) return { ...state, file };
      const message = `the state ${file} is of ${new Date(state.at).toISOString()}, further from now than --state-max-age allows; it is not used`;
      onProblem({ code: 'SLUICE_STATE_OLD', message });
      return undefined;
    }
    return undefined;
  }

  /** Writes a state whole; what is appended from then on belongs to it. Returns its size. Rejects where it could not be written: nothing has changed then. */
  async write(records: Iterable<Buffer>): Promise<number> {
    const last = (await this.#names()).at(-1);
    const number = last === undefined ? 1 : Number.parseInt(last, 10) + 1;
    const name = `${String(number).padStart(6, '0')}.node-state`;
    const temporary = join(this.#path, `${randomUUID()}${TEMPORARY}`);
    await this.#removeTemporary();
    const file = await open(temporary, 'w', MODE);
    let bytes = 0;
    try {
      bytes = await this.#writeAll(file, records);
      await file.datasync();
      await rename(temporary, join(this.#path, name));
    } catch (error) {
      await file.close().catch(() => {});
      await unlink(temporary).catch(() => {});
      throw error;
    }
    await this.close();
    this.#current = file;
    await syncFolder(this.#path);
    for (const old of this.#ours) await unlink(join(this.#path, old)).catch(() => {});
    this.#ours.clear();
    this.#ours.add(name);
    await this.#removeOlder();
    return bytes;
  }

  /** Appends to the state that was written last. Rejects where that fails: write a new one then. */
  async append(bytes: Buffer): Promise<void> {
    const file = this.#current;
    if (file === undefined) throw new Error('no state was written that this could be appended to');
    try {
      await file.writeFile(bytes);
      await file.datasync();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const file = this.#current;
    this.#current = undefined;
    await file?.close().catch(() => {});
  }

  async #writeAll(file: FileHandle, records: Iterable<Buffer>): Promise<number> {
    let parts: Buffer[] = [];
    let waiting = 0;
    let bytes = 0;
    const write = async (): Promise<void> => {
      const piece = Buffer.concat(parts);
      parts = [];
      waiting = 0;
      bytes += piece.length;
      await file.writeFile(piece);
    };
    for (const record of records) {
      parts.push(record);
      waiting += record.length;
      if (waiting >= WRITE_BYTES) await write();
      if (this.#lane.isSpent) await this.#lane.rest();
    }
    await write();
    return bytes;
  }

  /** What of the older ones is of this control plane and good: not before there is a newer one, so that no start waits for it. */
  async #removeOlder(): Promise<void> {
    const older = this.#older;
    this.#older = undefined;
    for (const name of older?.names ?? [])
      if (older !== undefined && (await this.#readOne(name, older.identity)).type === 'state')
        await unlink(join(this.#path, name)).catch(() => {});
  }

  /** Never rejects. */
  async #readOne(name: string, identity: UpstreamIdentity): Promise<ReadState> {
    return await readFile(join(this.#path, name)).then(
      (bytes) => readState(bytes, identity),
      (error: unknown): ReadState => ({ type: 'damaged', why: reasonOf(error) }),
    );
  }

  /** What a crash left half written. */
  async #removeTemporary(): Promise<void> {
    for (const name of await readdir(this.#path))
      if (name.endsWith(TEMPORARY)) await unlink(join(this.#path, name)).catch(() => {});
  }

  /** Of the states that are there, oldest first. */
  async #names(): Promise<string[]> {
    const names = (await readdir(this.#path)).filter((name) => NAME.test(name));
    return names.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  }
}

function problemOf(
  file: string,
  { type, why }: Exclude<ReadState, { readonly type: 'state' }>,
): StateProblem {
  const [code, what] = {
    damaged: ['SLUICE_STATE_DAMAGED', 'is damaged'] as const,
    foreign: ['SLUICE_STATE_FOREIGN', 'is of another control plane'] as const,
    'other-version': ['SLUICE_STATE_VERSION', 'is of another version'] as const,
  }[type];
  return { code, message: `the state ${file} ${what}: ${why}; it is left alone, and can be removed` };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** So that the new name is on the disk too; not every file system can. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path);
    await folder.sync().finally(() => folder.close());
  } catch {
    // The file itself is written.
  }
}
