import { access, constants, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { CrdChoice } from '../../admission/judge.ts';
import { processTurns } from '../../event-loop/turns.ts';
import type { Source, SourceProblem, SourceSink } from '../../model/events.ts';
import { KINDS } from '../../model/kinds.ts';
import type { Kind } from '../../model/objects.ts';
import { Catalog } from './catalog.ts';
import { ANYTHING, ChangeFinder, type Found } from './change-finder.ts';
import { KnownFiles } from './known-files.ts';
import type { ManifestFile } from './manifest-file.ts';
import { Settling } from './settling.ts';
import { byPlace, reasonOf } from './source-problems.ts';
import type { Change } from './tree-watch.ts';
import { TreeWatch } from './tree-watch.ts';

export interface DirectorySourceOptions {
  /** Of a directory, or of a single file, which may have any name. */
  readonly path: string;
  /** `false`: what is there is read once, and not followed. Default: `true`. */
  readonly watch?: boolean;
  /** How long a file must be quiet before it is read, in milliseconds. Default: 50. */
  readonly settleMs?: number;
  /**
   * How often the whole tree is looked at again, in milliseconds, for file systems that do not tell of all changes
   * (those of a network, above all). Default: 60,000.
   */
  readonly rescanMs?: number;
  /** The CRDs that manifests are judged by. Default: `any`. */
  readonly judgeBy?: CrdChoice;
}

/** The root cannot be read: the one thing that a source of manifests cannot start without. */
export class DirectoryUnreadableError extends Error {
  readonly code = 'SLUICE_DIRECTORY_UNREADABLE';
}

/** A source of objects: a tree of manifests (`*.yaml`, `*.yml`, `*.json`) or a single file of them, followed live. */
export function createDirectorySource(options: DirectorySourceOptions): Source {
  return new DirectorySource(options);
}

/** Stands for the deletions that are held back; no file has this name either. */
const DELETIONS = '/';
/**
 * Deletions are held for a quiet period, and for another while further files go, but so many times at most: the
 * directory as a whole may be going, and its files go first.
 */
const MAX_HOLDS = 20;
/** A file beyond this takes so long to parse that others do not wait for it. */
const LARGE_BYTES = 256 * 1024;
const SETTLE_MS = 50;
const RESCAN_MS = 60_000;
/** How often a root that has gone is looked for, in milliseconds. */
const RETURN_MS = 1000;

const NO_PATHS: ReadonlySet<string> = new Set();

class DirectorySource implements Source {
  readonly #path: string;
  #root: string;
  /** The name of the file in `#root` that is followed alone; `undefined` where all are. */
  #only: string | undefined;
  readonly #isWatched: boolean;
  readonly #rescanMs: number;
  readonly #settling: Settling;
  readonly #tree: TreeWatch;
  readonly #catalog = new Catalog();
  readonly #files: KnownFiles;
  /** What is to be looked at. */
  readonly #due = new Set<string>();
  /** Files that were gone at the last look, whose deletion is held. */
  #vanished = NO_PATHS;
  #holds = 0;
  #isHeld = false;
  #finder: ChangeFinder | undefined;
  #problems: readonly SourceProblem[] = [];
  #sink: SourceSink | undefined;
  #work: Promise<void> = Promise.resolve();
  #isSynced = false;
  #isStopped = false;
  #rescan: NodeJS.Timeout | undefined;

  constructor(options: DirectorySourceOptions) {
    const { path, watch = true, settleMs = SETTLE_MS, rescanMs = RESCAN_MS, judgeBy = 'any' } = options;
    this.#path = path;
    this.#root = resolve(path);
    this.#isWatched = watch;
    this.#rescanMs = rescanMs;
    this.#settling = new Settling(settleMs, () => this.#enqueue());
    this.#files = new KnownFiles(judgeBy, (file, periods) => this.#settling.touch(file, periods));
    this.#tree = new TreeWatch((change) => this.#changed(change));
  }

  async start(sink: SourceSink): Promise<void> {
    try {
      const stats = await stat(this.#root);
      if (stats.isFile()) {
        await access(this.#root, constants.R_OK);
        this.#only = basename(this.#root);
        this.#root = dirname(this.#root);
      } else await readdir(this.#root);
    } catch (cause) {
      const message = `cannot read the manifests in ${this.#path} (${reasonOf(cause)}); create it, or name another directory or file`;
      throw new DirectoryUnreadableError(message, { cause });
    }
    this.#sink = sink;
    this.#finder = new ChangeFinder({
      root: this.#root,
      only: this.#only,
      path: this.#path,
      fileOf: (file) => this.#fileOf(file),
      files: this.#files,
      watch: this.#isWatched ? this.#tree : undefined,
      rescanMs: this.#rescanMs,
      onLooked: () => this.#scheduleRescan(),
    });
    this.#work = this.#look([ANYTHING]);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#finder?.stop();
    this.#settling.clear();
    this.#tree.close();
    clearTimeout(this.#rescan);
    await this.#work;
  }

  pending(): readonly { readonly kind: Kind; readonly reason: string }[] {
    if (this.#isSynced) return [];
    return KINDS.map((kind) => ({ kind, reason: `reading the manifests in ${this.#path}` }));
  }

  #changed(change: Change): void {
    if (this.#isStopped) return;
    if (change === 'anything' || this.#finder?.isRootGone === true) this.#settling.touch(ANYTHING);
    else if (change.path === this.#only || !basename(change.path).startsWith('.'))
      this.#settling.touch(change.path);
    else if (this.#finder?.hasLinks === true) this.#settling.touch(ANYTHING);
  }

  #enqueue(): void {
    this.#work = this.#work.then(async () => {
      const paths = this.#settling.settledPaths();
      if (paths.length > 0) await this.#look(paths);
    });
  }

  /** Looks at what has changed, and hands over the difference in one batch. */
  async #look(paths: readonly string[]): Promise<void> {
    for (const path of paths) if (path !== DELETIONS) this.#due.add(path);
    // While deletions are held, so is everything: what changes together is seen together.
    if (this.#isHeld && !paths.includes(DELETIONS)) return;
    this.#isHeld = false;
    let found = await this.#finder?.find(this.#due);
    if (this.#isStopped) return;
    if (found !== undefined && this.#hold(found.gone)) return;
    if (this.#only !== undefined && found?.gone.has(this.#only)) {
      this.#finder?.rootIsGone('The file is gone');
      found = undefined;
    }
    this.#due.clear();
    this.#vanished = NO_PATHS;
    this.#holds = 0;
    const changed = await this.#take(found ?? { read: NO_PATHS, gone: NO_PATHS });
    if (!this.#isStopped) this.#publish(changed);
  }

  /** Whether to wait with everything because files have gone that were there at the last look. */
  #hold(gone: ReadonlySet<string>): boolean {
    const isNew = [...gone].some((path) => !this.#vanished.has(path));
    if (!this.#isWatched || !isNew || this.#holds >= MAX_HOLDS) return false;
    this.#vanished = gone;
    this.#holds += 1;
    this.#isHeld = true;
    this.#settling.touch(DELETIONS);
    return true;
  }

  async #take({ read, gone }: Found): Promise<ReadonlyMap<string, ManifestFile | undefined>> {
    const changed = new Map<string, ManifestFile | undefined>();
    for (const path of gone) {
      this.#files.delete(path);
      changed.set(path, undefined);
    }
    const { small, large } = await this.#bySize(read);
    for (const path of small) await this.#readInto(changed, path);
    if (large.length > 0) this.#publishGains(changed);
    for (const path of large) await this.#readInto(changed, path);
    return changed;
  }

  async #readInto(changed: Map<string, ManifestFile | undefined>, path: string): Promise<void> {
    if (this.#isStopped) return;
    const before = this.#files.contentOf(path);
    const within = this.#only === undefined ? this.#finder?.realRoot : undefined;
    const place = { path, file: this.#fileOf(path), absolute: join(this.#root, path), within };
    const content = await this.#files.read(place, processTurns.reading);
    if (content !== before) changed.set(path, content);
  }

  /** Before the first reading is complete nothing is told, so nothing is large. */
  async #bySize(paths: ReadonlySet<string>): Promise<{ readonly small: string[]; readonly large: string[] }> {
    const small: string[] = [];
    const large: string[] = [];
    for (const path of paths) {
      const isLarge =
        this.#isSynced &&
        paths.size > 1 &&
        (await stat(join(this.#root, path)).then(
          ({ size }) => size > LARGE_BYTES,
          () => false,
        ));
      (isLarge ? large : small).push(path);
    }
    return { small, large };
  }

  /**
   * Hands over what need not wait for large files. A file that has lost an object waits: the object may be in a large
   * one now. Problems wait too, for it may be in both until that is read.
   */
  #publishGains(changed: Map<string, ManifestFile | undefined>): void {
    const gains = new Map<string, ManifestFile>();
    for (const [path, content] of changed) {
      if (content === undefined || !this.#catalog.isGain(this.#fileOf(path), content)) continue;
      gains.set(this.#fileOf(path), content);
      changed.delete(path);
    }
    const events = this.#catalog.update(gains);
    if (events.length > 0 && !this.#isStopped) this.#sink?.apply(events);
  }

  #scheduleRescan(): void {
    clearTimeout(this.#rescan);
    if (!this.#isWatched || this.#isStopped) return;
    const delayMs = this.#finder?.isRootGone === true ? Math.min(RETURN_MS, this.#rescanMs) : this.#rescanMs;
    this.#rescan = setTimeout(() => this.#changed('anything'), delayMs);
  }

  /** Name of a file in problems. */
  #fileOf(path: string): string {
    return this.#only === undefined ? join(this.#path, path) : this.#path;
  }

  #publish(changed: ReadonlyMap<string, ManifestFile | undefined>): void {
    const sink = this.#sink;
    if (sink === undefined) return;
    const byFile = new Map([...changed].map(([path, content]) => [this.#fileOf(path), content]));
    const events = this.#catalog.update(byFile);
    if (events.length > 0) sink.apply(events);
    const problems = [
      ...(this.#finder?.problems ?? []),
      ...this.#files.problems(),
      ...this.#catalog.duplicates(),
    ].sort(byPlace);
    if (!isDeepStrictEqual(problems, this.#problems)) {
      this.#problems = problems;
      sink.problems(problems);
    }
    if (!this.#isSynced) {
      this.#isSynced = true;
      sink.synced();
    }
  }
}
