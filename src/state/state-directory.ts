import { randomUUID } from 'node:crypto';
import { type FileHandle, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lane } from '../event-loop/turns.ts';
import type { SavedState } from '../model/saved-state.ts';
import {
  encodeHeader,
  MAX_HEADER_BYTES,
  type ReadState,
  readState,
  refusalOf,
  type StateOwner,
} from './state-file.ts';

/** Something that keeps a state from being read; the start goes on without it. */
export interface StateProblem {
  /** Stable, `SLUICE_STATE_…`. */
  readonly code: string;
  readonly message: string;
}

export interface StateDirectoryOptions {
  readonly path: string;
  /** Where states are read, and where they are made of objects. */
  readonly reading: Lane;
  readonly writing: Lane;
}

export interface ReadOptions {
  /** As far as it is known without asking anybody. */
  readonly owner: StateOwner;
  /** The whole of it, which is waited for while states are read; that is all there is to know unless given. */
  readonly wholeOwner?: Promise<StateOwner>;
  /** A state that is older is not given, in milliseconds. */
  readonly maxAgeMs: number;
  /** Unix time in milliseconds. */
  readonly now: number;
  readonly onProblem: (problem: StateProblem) => void;
}

/** Each state has a number, the newest the highest. */
const NAME = /^(\d{6,15})\.state$/;
const TEMPORARY = '.state.tmp';
/** Bytes that are handed to the kernel at a time. */
const WRITE_BYTES = 512 * 1024;
/** So that nobody else on the machine reads what hosts there are. */
const MODE = 0o600;

/**
 * States in a folder, one file each. A state is written beside the others and renamed when it is whole and on the disk, so that there
 * is always one that can be read; then the ones before it are removed. What was found to be damaged, of another cluster or of another
 * version is never removed nor written to.
 */
export class StateDirectory {
  readonly #options: StateDirectoryOptions;
  /** Those that were named as of no use. */
  readonly #named = new Set<string>();
  #current: { readonly name: string; readonly file: FileHandle } | undefined;

  constructor(options: StateDirectoryOptions) {
    this.#options = options;
  }

  /** The newest state that can be read by this owner; names each newer one that cannot. Never rejects. */
  async read({ owner, wholeOwner, maxAgeMs, now, onProblem }: ReadOptions): Promise<SavedState | undefined> {
    const { path, reading } = this.#options;
    const names = await this.#names().catch((error: unknown) => {
      const message = `the state directory ${path} cannot be read (${reasonOf(error)}); create it, or name another with --state-dir`;
      onProblem({ code: 'SLUICE_STATE_DIRECTORY', message });
      return [];
    });
    for (const name of names.reverse()) {
      const file = join(path, name);
      let bytes: Buffer;
      try {
        bytes = await readFile(file);
      } catch (error) {
        // Another Sluice has just removed it for a newer one.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
          this.#named.add(name);
          const message = `the state ${file} cannot be read: ${reasonOf(error)}; it is left alone`;
          onProblem({ code: 'SLUICE_STATE_DAMAGED', message });
        }
        continue;
      }
      const read = await readState(bytes, owner, reading);
      const state = (wholeOwner && refusalOf(bytes, await wholeOwner)) ?? read;
      if (state.type !== 'state') {
        this.#named.add(name);
        onProblem(problemOf(file, state));
        continue;
      }
      const ageMs = now - state.at;
      // A clock that was set back makes states of the future: how old they are cannot be known.
      const { at, positions, batches, unreadBytes } = state;
      if (Math.abs(ageMs) <= maxAgeMs) return { file, at, positions, batches, unreadBytes };
      const message = `the state ${file} is of ${new Date(state.at).toISOString()}, further from now than --state-max-age allows; it is not used`;
      onProblem({ code: 'SLUICE_STATE_OLD', message });
      return undefined;
    }
    return undefined;
  }

  /**
   * Writes a state whole, of the records behind its header; what is appended from then on belongs to it. Returns its size. Rejects
   * where it could not be written: nothing has changed then.
   */
  async write(owner: StateOwner, records: Iterable<Buffer>): Promise<number> {
    const { path } = this.#options;
    const last = (await this.#names()).at(-1);
    const number = last === undefined ? 1 : Number.parseInt(last, 10) + 1;
    const name = `${String(number).padStart(6, '0')}.state`;
    const temporary = join(path, `${randomUUID()}${TEMPORARY}`);
    await this.#removeTemporary();
    const file = await open(temporary, 'w', MODE);
    let bytes = 0;
    try {
      bytes = await this.#writeAll(file, encodeHeader(owner), records);
      await file.datasync();
      await rename(temporary, join(path, name));
    } catch (error) {
      await file.close().catch(() => {});
      await unlink(temporary).catch(() => {});
      throw error;
    }
    await this.#current?.file.close().catch(() => {});
    this.#current = { name, file };
    await syncFolder(path);
    await this.#removeBefore(name, owner);
    return bytes;
  }

  /** Appends to the state that was written last. Rejects where that fails: write a new one then. */
  async append(record: Buffer): Promise<void> {
    const current = this.#current;
    if (current === undefined) throw new Error('no state was written that this could be appended to');
    try {
      await current.file.writeFile(record);
      await current.file.datasync();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const current = this.#current;
    this.#current = undefined;
    await current?.file.close().catch(() => {});
  }

  async #writeAll(file: FileHandle, header: Buffer, records: Iterable<Buffer>): Promise<number> {
    const { writing } = this.#options;
    let parts = [header];
    let waiting = 0;
    let bytes = 0;
    const write = async (): Promise<void> => {
      const piece = Buffer.concat(parts);
      parts = [];
      waiting = 0;
      bytes += piece.byteLength;
      await file.writeFile(piece);
    };
    for (const record of records) {
      parts.push(record);
      waiting += record.byteLength;
      if (waiting >= WRITE_BYTES) await write();
      if (writing.isSpent) await writing.rest();
    }
    await write();
    return bytes;
  }

  /** Never rejects: what stays is only not needed. */
  async #removeBefore(newest: string, owner: StateOwner): Promise<void> {
    const { path } = this.#options;
    for (const name of await this.#names().catch(() => [])) {
      if (name === newest || this.#named.has(name)) continue;
      const file = join(path, name);
      const first = await firstBytes(file).catch(() => undefined);
      if (first !== undefined && refusalOf(first, owner) === undefined) await unlink(file).catch(() => {});
    }
  }

  /** What a crash left half written. */
  async #removeTemporary(): Promise<void> {
    const { path } = this.#options;
    for (const name of await readdir(path))
      if (name.endsWith(TEMPORARY)) await unlink(join(path, name)).catch(() => {});
  }

  /** Of the states that are there, oldest first. */
  async #names(): Promise<string[]> {
    const names = (await readdir(this.#options.path)).filter((name) => NAME.test(name));
    return names.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  }
}

function problemOf(
  file: string,
  { type, why }: Exclude<ReadState, { readonly type: 'state' }>,
): StateProblem {
  switch (type) {
    case 'damaged':
      return {
        code: 'SLUICE_STATE_DAMAGED',
        message: `the state ${file} is damaged: ${why}; it is left alone, and can be removed`,
      };
    case 'foreign':
      return {
        code: 'SLUICE_STATE_FOREIGN',
        message: `the state ${file} is of another cluster: ${why}; it is left alone: give each cluster a directory of its own`,
      };
    case 'other-version':
      return {
        code: 'SLUICE_STATE_VERSION',
        message: `the state ${file} is of another version: ${why}; it is left alone, and can be removed`,
      };
  }
}

export function reasonOf(error: unknown): string {
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

async function firstBytes(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_HEADER_BYTES), 0, MAX_HEADER_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
