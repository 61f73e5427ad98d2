import { access, constants, lstat, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { processTurns } from '../../event-loop/turns.ts';
import type { Source, SourceProblem, SourceSink } from '../../model/events.ts';
import type { Kind } from '../../model/objects.ts';
import { KINDS } from '../../model/objects.ts';
import { Catalog } from './catalog.ts';
import { KnownFiles } from './known-files.ts';
import type { ManifestFile } from './manifest-file.ts';
import { Settling } from './settling.ts';
import { byPlace, directoryProblem, reasonOf, rootProblem, watchProblem } from './source-problems.ts';
import { isManifest } from './tree-limits.ts';
import type { TreeScan } from './tree-scan.ts';
import { identityOfRoot, scanTree } from './tree-scan.ts';
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
}

/** The root cannot be read: the one thing that a source of manifests cannot start without. */
export class DirectoryUnreadableError extends Error {
  readonly code = 'SLUICE_DIRECTORY_UNREADABLE';
}

/** A source of objects: a tree of manifests (`*.yaml`, `*.yml`, `*.json`) or a single file of them, followed live. */
export function createDirectorySource(options: DirectorySourceOptions): Source {
  return new DirectorySource(options);
}

/** Stands for the whole tree among the paths that have changed; no file has this name. */
const ANYTHING = '';
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

/** What has changed, by path as seen from the root. */
interface Found {
  readonly read: ReadonlySet<string>;
  readonly gone: ReadonlySet<string>;
}

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
  #treeProblems: readonly SourceProblem[] = [];
  #problems: readonly SourceProblem[] = [];
  #sink: SourceSink | undefined;
  #work: Promise<void> = Promise.resolve();
  #isSynced = false;
  #isStopped = false;
  #hasLinks = false;
  #rootIdentity: string | undefined;
  #realRoot: string | undefined;
  #isRootGone = false;
  #rescan: NodeJS.Timeout | undefined;

  constructor({ path, watch = true, settleMs = SETTLE_MS, rescanMs = RESCAN_MS }: DirectorySourceOptions) {
    this.#path = path;
    this.#root = resolve(path);
    this.#isWatched = watch;
    this.#rescanMs = rescanMs;
    this.#settling = new Settling(settleMs, () => this.#enqueue());
    this.#files = new KnownFiles((file, periods) => this.#settling.touch(file, periods));
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
    this.#work = this.#look([ANYTHING]);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
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
    if (change === 'anything' || this.#isRootGone) this.#settling.touch(ANYTHING);
    else if (change.path === this.#only || !basename(change.path).startsWith('.'))
      this.#settling.touch(change.path);
    else if (this.#hasLinks) this.#settling.touch(ANYTHING);
  }

  #enqueue(): void {
    this.#work = this.#work.then(async () => {
      const paths = this.#settling.take();
      if (paths.length > 0) await this.#look(paths);
    });
  }

  /** Looks at what has changed, and hands over the difference in one batch. */
  async #look(paths: readonly string[]): Promise<void> {
    for (const path of paths) if (path !== DELETIONS) this.#due.add(path);
    // While deletions are held, so is everything: what changes together is seen together.
    if (this.#isHeld && !paths.includes(DELETIONS)) return;
    this.#isHeld = false;
    let found = await this.#find();
    if (this.#isStopped) return;
    if (found !== undefined && this.#hold(found.gone)) return;
    if (this.#only !== undefined && found?.gone.has(this.#only)) {
      this.#rootIsGone('The file is gone');
      found = undefined;
    }
    this.#due.clear();
    this.#vanished = NO_PATHS;
    this.#holds = 0;
    const changed = await this.#take(found ?? { read: NO_PATHS, gone: NO_PATHS });
    if (!this.#isStopped) this.#publish(changed);
  }

  /** What is due and differs from what is known; `undefined` where the root itself is gone, so that nothing is certain. */
  async #find(): Promise<Found | undefined> {
    const read = new Set<string>();
    const gone = new Set<string>();
    let isScanned = false;
    let needsScan = this.#due.has(ANYTHING);
    for (const path of this.#due) {
      if (path === ANYTHING || this.#isStopped) continue;
      const kind = await this.#kindOf(path);
      if (kind === 'manifest') read.add(path);
      else if (kind === 'gone') gone.add(path);
      else if (kind !== 'nothing') needsScan = true;
    }
    for (;;) {
      if (needsScan) {
        if (!(await this.#scan(read, gone))) return undefined;
        isScanned = true;
      }
      if (gone.size === 0 || this.#isStopped) return { read, gone };
      // Are they gone, or is the root?
      try {
        needsScan = (await identityOfRoot(this.#root)) !== this.#rootIdentity;
      } catch (error) {
        this.#rootIsGone(`It cannot be read (${reasonOf(error)})`);
        return undefined;
      }
      if (!needsScan || isScanned) return { read, gone };
    }
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
    const within = this.#only === undefined ? this.#realRoot : undefined;
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

  /** What a changed name is; `other` for what only a scan of the tree can tell the meaning of. */
  async #kindOf(path: string): Promise<'manifest' | 'gone' | 'other' | 'nothing'> {
    if (this.#only !== undefined && path !== this.#only) return 'nothing';
    try {
      const stats = await lstat(join(this.#root, path));
      if (stats.isDirectory() || stats.isSymbolicLink()) return 'other';
      // What is no regular file is told of as one that cannot be read.
      return path === this.#only || isManifest(basename(path)) ? 'manifest' : 'nothing';
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (this.#files.has(path)) return code === 'ENOENT' || code === 'ENOTDIR' ? 'gone' : 'manifest';
      return [...this.#files.paths()].some((file) => file.startsWith(`${path}/`)) ? 'other' : 'nothing';
    }
  }

  /** Finds the files that have changed and those that have gone. `false` where the root is gone. */
  async #scan(read: Set<string>, gone: Set<string>): Promise<boolean> {
    let scan: TreeScan;
    this.#tree.beginScan();
    try {
      scan = await scanTree(
        this.#root,
        (directory) => {
          if (this.#isWatched && !this.#isStopped) this.#tree.cover(directory);
        },
        this.#only,
      );
    } catch (error) {
      this.#rootIsGone(`It cannot be read (${reasonOf(error)})`);
      return false;
    }
    this.#tree.endScan();
    if (this.#isStopped) return true;
    if (this.#isWatched) this.#tree.coverParent(this.#root);
    const isOther = this.#rootIdentity !== undefined && this.#rootIdentity !== scan.rootIdentity;
    if (isOther && this.#only === undefined && scan.files.size === 0 && this.#files.size > 0) {
      // As an unmounted volume leaves it.
      this.#rootIsGone('It has been replaced by a directory without manifests');
      return false;
    }
    this.#isRootGone = false;
    this.#rootIdentity = scan.rootIdentity;
    this.#realRoot = scan.realRoot;
    this.#hasLinks = scan.hasLinks;
    const { failure } = this.#tree;
    const directories = scan.failures.filter(({ isDirectory }) => isDirectory);
    this.#treeProblems = [
      ...directories.map(({ path, error }) => directoryProblem(this.#fileOf(path), error)),
      ...(failure === undefined ? [] : [watchProblem(this.#path, failure, this.#rescanMs)]),
    ];
    for (const [path, { signature }] of scan.files) {
      gone.delete(path);
      if (this.#files.signatureOf(path) !== signature) read.add(path);
    }
    for (const { path, isDirectory } of scan.failures) if (!isDirectory) read.add(path);
    for (const path of this.#files.paths()) {
      if (scan.files.has(path) || read.has(path)) continue;
      if (directories.some((directory) => isBelow(path, directory.path))) continue;
      gone.add(path);
    }
    this.#scheduleRescan(this.#rescanMs);
    return true;
  }

  /** What was good before stays in place until there are manifests again. */
  #rootIsGone(what: string): void {
    this.#isRootGone = true;
    this.#treeProblems = [rootProblem(this.#path, what, this.#files.size)];
    this.#scheduleRescan(Math.min(RETURN_MS, this.#rescanMs));
  }

  #scheduleRescan(delayMs: number): void {
    clearTimeout(this.#rescan);
    if (!this.#isWatched || this.#isStopped) return;
    this.#rescan = setTimeout(() => this.#changed('anything'), delayMs);
  }

  /** As it is named in what is told. */
  #fileOf(path: string): string {
    return this.#only === undefined ? join(this.#path, path) : this.#path;
  }

  #publish(changed: ReadonlyMap<string, ManifestFile | undefined>): void {
    const sink = this.#sink;
    if (sink === undefined) return;
    const byFile = new Map([...changed].map(([path, content]) => [this.#fileOf(path), content]));
    const events = this.#catalog.update(byFile);
    if (events.length > 0) sink.apply(events);
    const problems = [...this.#treeProblems, ...this.#files.problems(), ...this.#catalog.duplicates()].sort(
      byPlace,
    );
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

/** `''` is the root. */
function isBelow(path: string, directory: string): boolean {
  return directory === '' || path.startsWith(`${directory}/`);
}
