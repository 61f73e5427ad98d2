import { lstat, readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Source, SourceProblem, SourceSink } from '../../model/events.ts';
import type { Kind } from '../../model/objects.ts';
import { KINDS } from '../../model/objects.ts';
import { Catalog } from './catalog.ts';
import type { ManifestFile } from './manifest-file.ts';
import { MAX_FILE_BYTES, readManifests } from './manifest-file.ts';
import { Pace } from './pace.ts';
import { Settling } from './settling.ts';
import type { ScanFailure, TreeScan } from './tree-scan.ts';
import { isManifest, scanTree, signatureOf } from './tree-scan.ts';
import type { Change } from './tree-watch.ts';
import { TreeWatch } from './tree-watch.ts';

export interface DirectorySourceOptions {
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

/** A source of objects: a tree of manifests (`*.yaml`, `*.yml`, `*.json`), followed live. */
export function createDirectorySource(options: DirectorySourceOptions): Source {
  return new DirectorySource(options);
}

/** Stands for the whole tree among the paths that have changed; no file has this name. */
const ANYTHING = '';
const SETTLE_MS = 50;
const RESCAN_MS = 60_000;
/** How often a root that has gone is looked for, in milliseconds. */
const RETURN_MS = 1000;
/** A file that has become empty is most likely being written; it is believed after so many quiet periods. */
const EMPTY_PERIODS = 10;

interface KnownFile {
  /** `undefined`: to be read again whatever it says. */
  readonly signature: string | undefined;
  readonly content: ManifestFile;
}

const EMPTY_FILE: ManifestFile = { hash: undefined, entries: [], problems: [] };

class DirectorySource implements Source {
  readonly #path: string;
  readonly #root: string;
  readonly #isWatched: boolean;
  readonly #rescanMs: number;
  readonly #settling: Settling;
  readonly #tree: TreeWatch;
  readonly #catalog = new Catalog();
  /** By path as seen from the root. */
  readonly #files = new Map<string, KnownFile>();
  /** Files that are empty and were not, until they are believed. */
  readonly #emptied = new Set<string>();
  #treeProblems: readonly SourceProblem[] = [];
  #problems: readonly SourceProblem[] = [];
  #sink: SourceSink | undefined;
  #work: Promise<void> = Promise.resolve();
  #isSynced = false;
  #isStopped = false;
  #hasLinks = false;
  #rootIdentity: string | undefined;
  #isRootGone = false;
  #rescan: NodeJS.Timeout | undefined;

  constructor({ path, watch = true, settleMs = SETTLE_MS, rescanMs = RESCAN_MS }: DirectorySourceOptions) {
    this.#path = path;
    this.#root = resolve(path);
    this.#isWatched = watch;
    this.#rescanMs = rescanMs;
    this.#settling = new Settling(settleMs, () => this.#enqueue());
    this.#tree = new TreeWatch((change) => this.#changed(change));
  }

  async start(sink: SourceSink): Promise<void> {
    try {
      await readdir(this.#root);
    } catch (cause) {
      const message = `cannot read the directory of manifests ${this.#path} (${reasonOf(cause)}); create it, or name another`;
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
    else if (!basename(change.path).startsWith('.')) this.#settling.touch(change.path);
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
    const changed = new Map<string, ManifestFile | undefined>();
    const pace = new Pace();
    const isWhole = paths.includes(ANYTHING);
    const read = new Set<string>();
    let needsScan = isWhole;
    for (const path of paths) {
      if (path === ANYTHING || this.#isStopped) continue;
      const kind = await this.#kindOf(path);
      if (kind === 'manifest') read.add(path);
      else if (kind !== 'nothing') needsScan = true;
    }
    if (needsScan) await this.#scan(read, changed);
    for (const path of read) {
      if (this.#isStopped) return;
      const before = this.#contentOf(path);
      const content = await this.#read(path, pace);
      if (content !== before) changed.set(path, content);
    }
    if (this.#isStopped) return;
    this.#publish(changed);
  }

  /** What a changed name is; `other` for what only a scan of the tree can tell the meaning of. */
  async #kindOf(path: string): Promise<'manifest' | 'other' | 'nothing'> {
    try {
      const stats = await lstat(join(this.#root, path));
      if (stats.isFile()) return isManifest(basename(path)) ? 'manifest' : 'nothing';
      return stats.isDirectory() || stats.isSymbolicLink() ? 'other' : 'nothing';
    } catch {
      if (this.#files.has(path)) return 'manifest';
      return [...this.#files.keys()].some((file) => file.startsWith(`${path}/`)) ? 'other' : 'nothing';
    }
  }

  /** Finds the files that have changed (added to `read`) and those that have gone. */
  async #scan(read: Set<string>, changed: Map<string, ManifestFile | undefined>): Promise<void> {
    let scan: TreeScan;
    this.#tree.beginScan();
    try {
      scan = await scanTree(this.#root, (directory) => {
        if (this.#isWatched && !this.#isStopped) this.#tree.cover(directory);
      });
    } catch (error) {
      this.#rootIsGone(`${this.#path} cannot be read (${reasonOf(error)})`);
      return;
    }
    this.#tree.endScan();
    if (this.#isStopped) return;
    if (this.#isWatched) this.#tree.coverParent(this.#root);
    const isOther = this.#rootIdentity !== undefined && this.#rootIdentity !== scan.rootIdentity;
    if (isOther && scan.files.size === 0 && this.#files.size > 0) {
      // As an unmounted volume leaves it.
      this.#rootIsGone(`${this.#path} has been replaced by a directory without manifests`);
      return;
    }
    this.#isRootGone = false;
    this.#rootIdentity = scan.rootIdentity;
    this.#hasLinks = scan.hasLinks;
    this.#treeProblems = [
      ...scan.failures
        .filter(({ isDirectory }) => isDirectory)
        .map((failure) => this.#directoryProblem(failure)),
      ...this.#watchProblems(),
    ];
    for (const [path, { signature }] of scan.files) {
      if (this.#files.get(path)?.signature !== signature) read.add(path);
    }
    for (const { path, isDirectory } of scan.failures) if (!isDirectory) read.add(path);
    const unreadable = scan.failures.filter(({ isDirectory }) => isDirectory).map(({ path }) => `${path}/`);
    for (const path of this.#files.keys()) {
      if (scan.files.has(path) || read.has(path)) continue;
      if (unreadable.some((directory) => path.startsWith(directory))) continue;
      this.#files.delete(path);
      changed.set(path, undefined);
    }
    this.#scheduleRescan(this.#rescanMs);
  }

  /** What was good before stays in place until there are manifests again. */
  #rootIsGone(what: string): void {
    this.#isRootGone = true;
    const message = `${what}; the last good manifests stay in place until it is back.`;
    this.#treeProblems = [{ code: 'SLUICE_DIRECTORY_UNREADABLE', message, file: this.#path }];
    this.#scheduleRescan(Math.min(RETURN_MS, this.#rescanMs));
  }

  #directoryProblem({ path, error }: ScanFailure): SourceProblem {
    const file = join(this.#path, path);
    const message = `${file} cannot be read (${reasonOf(error)}); the last good manifests in it stay in place.`;
    return { code: 'SLUICE_DIRECTORY_UNREADABLE', message, file };
  }

  #watchProblems(): readonly SourceProblem[] {
    const { failure } = this.#tree;
    if (failure === undefined) return [];
    const message = `${this.#path} cannot be watched (${reasonOf(failure)}), so changes are seen only every ${this.#rescanMs / 1000} s; raise the system's limit of watches.`;
    return [{ code: 'SLUICE_DIRECTORY_UNWATCHED', message, file: this.#path }];
  }

  #scheduleRescan(delayMs: number): void {
    clearTimeout(this.#rescan);
    if (!this.#isWatched || this.#isStopped) return;
    this.#rescan = setTimeout(() => this.#changed('anything'), delayMs);
  }

  #contentOf(path: string): ManifestFile | undefined {
    return this.#files.get(path)?.content;
  }

  /** Reads a file and remembers it; `undefined` where it has gone. Where it cannot be read, what it held stays. */
  async #read(path: string, pace: Pace): Promise<ManifestFile | undefined> {
    const file = join(this.#path, path);
    const absolute = join(this.#root, path);
    const before = this.#contentOf(path);
    try {
      const stats = await stat(absolute, { bigint: true });
      if (stats.size > MAX_FILE_BYTES) {
        const limit = MAX_FILE_BYTES / 1024 / 1024;
        const message = `${file} is larger than ${limit} MiB and is not read; split it.`;
        return this.#keep(path, signatureOf(stats), before, { code: 'SLUICE_FILE_TOO_LARGE', message, file });
      }
      const bytes = await readFile(absolute);
      if (before !== undefined && this.#isHeldAsEmpty(path, bytes, before)) return before;
      const content = await readManifests(file, bytes, before, pace);
      this.#files.set(path, { signature: signatureOf(stats), content });
      return content;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' && (await isGone(absolute))) {
        this.#files.delete(path);
        return undefined;
      }
      const message = `${file} cannot be read (${reasonOf(error)}); its last good content stays in place until it can.`;
      return this.#keep(path, undefined, before, { code: 'SLUICE_FILE_UNREADABLE', message, file });
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
    this.#settling.touch(path, EMPTY_PERIODS);
    return true;
  }

  #publish(changed: ReadonlyMap<string, ManifestFile | undefined>): void {
    const sink = this.#sink;
    if (sink === undefined) return;
    const byFile = new Map([...changed].map(([path, content]) => [join(this.#path, path), content]));
    const events = this.#catalog.update(byFile);
    if (events.length > 0) sink.apply(events);
    const problems = [
      ...this.#treeProblems,
      ...[...this.#files.values()].flatMap(({ content }) => content.problems),
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

function byPlace(a: SourceProblem, b: SourceProblem): number {
  const [fileA = '', fileB = ''] = [a.file, b.file];
  if (fileA !== fileB) return fileA < fileB ? -1 : 1;
  return (a.line ?? 0) - (b.line ?? 0);
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

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
      return 'there is none';
    case 'ENOTDIR':
      return 'not a directory';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'ELOOP':
      return 'the link leads to itself';
    case 'ENOSPC':
    case 'EMFILE':
      return 'too many watches';
    default:
      return message;
  }
}
