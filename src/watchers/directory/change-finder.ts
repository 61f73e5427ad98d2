import { lstat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { SourceProblem } from '../../model/events.ts';
import type { KnownFiles } from './known-files.ts';
import { directoryProblem, reasonOf, rootProblem, watchProblem } from './source-problems.ts';
import { isManifest } from './tree-limits.ts';
import { identityOfRoot, scanTree, type TreeScan } from './tree-scan.ts';
import type { TreeWatch } from './tree-watch.ts';

/** Stands for the whole tree among the paths that have changed; no file has this name. */
export const ANYTHING = '';

/** What has changed, by path as seen from the root. */
export interface Found {
  readonly read: ReadonlySet<string>;
  readonly gone: ReadonlySet<string>;
}

export interface ChangeFinderOptions {
  /** Absolute. */
  readonly root: string;
  /** The name of the file in the root that is followed alone; `undefined` where all are. */
  readonly only: string | undefined;
  /** As the root, or the only file, is named in what is told. */
  readonly path: string;
  /** A file of the tree as it is named in what is told. */
  readonly fileOf: (path: string) => string;
  readonly files: KnownFiles;
  /** `undefined` where the tree is read once. */
  readonly watch: TreeWatch | undefined;
  /** For what is told where the tree cannot be watched, in milliseconds. */
  readonly rescanMs: number;
  /** The whole tree was looked at, or the root is gone. */
  readonly onLooked: () => void;
}

/** Finds out what a change of a tree of manifests is: files to read, files that have gone, or the root itself that has. */
export class ChangeFinder {
  readonly #options: ChangeFinderOptions;
  #problems: readonly SourceProblem[] = [];
  #hasLinks = false;
  #rootIdentity: string | undefined;
  #realRoot: string | undefined;
  #isRootGone = false;
  #isStopped = false;

  constructor(options: ChangeFinderOptions) {
    this.#options = options;
  }

  /** What is wrong with the root and its directories. */
  get problems(): readonly SourceProblem[] {
    return this.#problems;
  }

  /** Whether links lead out of what is watched. */
  get hasLinks(): boolean {
    return this.#hasLinks;
  }

  /** With links resolved; `undefined` before the first scan. */
  get realRoot(): string | undefined {
    return this.#realRoot;
  }

  get isRootGone(): boolean {
    return this.#isRootGone;
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** What is due and differs from what is known; `undefined` where the root itself is gone, so that nothing is certain. */
  async find(due: ReadonlySet<string>): Promise<Found | undefined> {
    const read = new Set<string>();
    const gone = new Set<string>();
    let isScanned = false;
    let needsScan = due.has(ANYTHING);
    for (const path of due) {
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
        needsScan = (await identityOfRoot(this.#options.root)) !== this.#rootIdentity;
      } catch (error) {
        this.rootIsGone(`It cannot be read (${reasonOf(error)})`);
        return undefined;
      }
      if (!needsScan || isScanned) return { read, gone };
    }
  }

  /** What a changed name is; `other` for what only a scan of the tree can tell the meaning of. */
  async #kindOf(path: string): Promise<'manifest' | 'gone' | 'other' | 'nothing'> {
    const { root, only, files } = this.#options;
    if (only !== undefined && path !== only) return 'nothing';
    try {
      const stats = await lstat(join(root, path));
      if (stats.isDirectory() || stats.isSymbolicLink()) return 'other';
      // What is no regular file is told of as one that cannot be read.
      return path === only || isManifest(basename(path)) ? 'manifest' : 'nothing';
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (files.has(path)) return code === 'ENOENT' || code === 'ENOTDIR' ? 'gone' : 'manifest';
      return [...files.paths()].some((file) => file.startsWith(`${path}/`)) ? 'other' : 'nothing';
    }
  }

  /** Finds the files that have changed and those that have gone. `false` where the root is gone. */
  async #scan(read: Set<string>, gone: Set<string>): Promise<boolean> {
    let scan: TreeScan;
    const { root, only, files, watch, rescanMs, fileOf } = this.#options;
    watch?.beginScan();
    try {
      scan = await scanTree(
        root,
        (directory) => {
          if (!this.#isStopped) watch?.cover(directory);
        },
        only,
      );
    } catch (error) {
      this.rootIsGone(`It cannot be read (${reasonOf(error)})`);
      return false;
    }
    watch?.endScan();
    if (this.#isStopped) return true;
    watch?.coverParent(root);
    const isOther = this.#rootIdentity !== undefined && this.#rootIdentity !== scan.rootIdentity;
    if (isOther && only === undefined && scan.files.size === 0 && files.size > 0) {
      // As an unmounted volume leaves it.
      this.rootIsGone('It has been replaced by a directory without manifests');
      return false;
    }
    this.#isRootGone = false;
    this.#rootIdentity = scan.rootIdentity;
    this.#realRoot = scan.realRoot;
    this.#hasLinks = scan.hasLinks;
    const failure = watch?.failure;
    const directories = scan.failures.filter(({ isDirectory }) => isDirectory);
    this.#problems = [
      ...directories.map(({ path, error }) => directoryProblem(fileOf(path), error)),
      ...(failure === undefined ? [] : [watchProblem(this.#options.path, failure, rescanMs)]),
    ];
    for (const [path, { signature }] of scan.files) {
      gone.delete(path);
      if (files.signatureOf(path) !== signature) read.add(path);
    }
    for (const { path, isDirectory } of scan.failures) if (!isDirectory) read.add(path);
    for (const path of files.paths()) {
      if (scan.files.has(path) || read.has(path)) continue;
      if (directories.some((directory) => isBelow(path, directory.path))) continue;
      gone.add(path);
    }
    this.#options.onLooked();
    return true;
  }

  /** What was good before stays in place until there are manifests again. */
  rootIsGone(what: string): void {
    this.#isRootGone = true;
    this.#problems = [rootProblem(this.#options.path, what, this.#options.files.size)];
    this.#options.onLooked();
  }
}

/** `''` is the root. */
function isBelow(path: string, directory: string): boolean {
  return directory === '' || path.startsWith(`${directory}/`);
}
