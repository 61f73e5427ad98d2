import type { FileHandle } from 'node:fs/promises';
import { lstat, readlink, realpath } from 'node:fs/promises';
import type { CrdChoice } from '../../admission/judge.ts';
import type { Lane } from '../../event-loop/turns.ts';
import type { SourceProblem } from '../../model/events.ts';
import { readBounded } from './bounded-read.ts';
import type { ManifestFile } from './manifest-file.ts';
import { MAX_FILE_BYTES, readManifests } from './manifest-file.ts';
import { fileProblem, sizeProblem } from './source-problems.ts';
import { LinkOutsideError, mayRead } from './tree-limits.ts';
import { signatureOf } from './tree-scan.ts';

/** Where a file is. */
interface Place {
  /** As seen from the root. */
  readonly path: string;
  /** Name of the file in problems. */
  readonly file: string;
  readonly absolute: string;
  /** The real path of the root, out of which only links to manifests lead; `undefined` where any file may be read. */
  readonly within: string | undefined;
}

interface KnownFile {
  /** `undefined`: to be read again whatever it says. */
  readonly signature: string | undefined;
  readonly content: ManifestFile;
}

/** A file that has become empty is most likely being written; it is believed after so many quiet periods. */
const EMPTY_PERIODS = 10;

const EMPTY_FILE: ManifestFile = { hash: undefined, entries: [], problems: [] };

/** The files of a tree with what they held when they were last good, by path as seen from the root. */
export class KnownFiles {
  readonly #judgeBy: CrdChoice;
  readonly #lookAgain: (path: string, periods: number) => void;
  readonly #files = new Map<string, KnownFile>();
  /** Files that are empty and were not, until they are believed. */
  readonly #emptied = new Set<string>();

  /** `lookAgain` is called for a file that is to be read once more after so many quiet periods. */
  constructor(judgeBy: CrdChoice, lookAgain: (path: string, periods: number) => void) {
    this.#judgeBy = judgeBy;
    this.#lookAgain = lookAgain;
  }

  get size(): number {
    return this.#files.size;
  }

  paths(): IterableIterator<string> {
    return this.#files.keys();
  }

  has(path: string): boolean {
    return this.#files.has(path);
  }

  signatureOf(path: string): string | undefined {
    return this.#files.get(path)?.signature;
  }

  contentOf(path: string): ManifestFile | undefined {
    return this.#files.get(path)?.content;
  }

  problems(): readonly SourceProblem[] {
    return [...this.#files.values()].flatMap(({ content }) => content.problems);
  }

  delete(path: string): void {
    this.#files.delete(path);
    this.#emptied.delete(path);
  }

  /** Reads a file and remembers it; `undefined` where there is none yet. Where it cannot be read, what it held stays. */
  async read({ path, file, absolute, within }: Place, lane: Lane): Promise<ManifestFile | undefined> {
    const before = this.contentOf(path);
    try {
      const { stats, bytes } = await readBounded(absolute, MAX_FILE_BYTES, (handle) =>
        refuseOutside(handle, absolute, within),
      );
      if (bytes === undefined) {
        return this.#keep(path, signatureOf(stats), before, sizeProblem(file, before));
      }
      if (before !== undefined && this.#isHeldAsEmpty(path, bytes, before)) return before;
      const content = await readManifests(file, bytes, before, this.#judgeBy, lane);
      this.#files.set(path, { signature: signatureOf(stats), content });
      return content;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' && (await isGone(absolute))) {
        // Gone since it was found: to be looked at as any other that goes.
        this.#lookAgain(path, 1);
        return before;
      }
      return this.#keep(path, undefined, before, fileProblem(file, error, before));
    }
  }

  #keep(
    path: string,
    signature: string | undefined,
    before: ManifestFile | undefined,
    problem: SourceProblem,
  ): ManifestFile {
    const content = { ...(before ?? EMPTY_FILE), hash: undefined, problems: [problem] };
    this.#files.set(path, { signature, content });
    return content;
  }

  /** A program that writes a file empties it first: whether it stays empty is seen a little later. */
  #isHeldAsEmpty(path: string, bytes: Uint8Array, before: ManifestFile): boolean {
    if (bytes.length > 0 || before.entries.length === 0 || this.#emptied.has(path)) {
      this.#emptied.delete(path);
      return false;
    }
    this.#emptied.add(path);
    this.#lookAgain(path, EMPTY_PERIODS);
    return true;
  }
}

/** A link that leads nowhere is there, and cannot be read. */
async function isGone(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return false;
  } catch {
    return true;
  }
}

/** Looks at what has been opened: a link may have taken the place of the file, or of a directory, since the tree was scanned. */
async function refuseOutside(handle: FileHandle, path: string, within: string | undefined): Promise<void> {
  if (within === undefined) return;
  const real = await pathOf(handle, path);
  if (!mayRead(real, within)) throw new LinkOutsideError(real);
}

async function pathOf(handle: FileHandle, path: string): Promise<string> {
  // Linux tells what is open itself.
  const opened = await readlink(`/proc/self/fd/${handle.fd}`).catch(() => undefined);
  return opened === undefined ? realpath(path) : opened.replace(/ \(deleted\)$/, '');
}
