import type { FSWatcher } from 'node:fs';
import { watch } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { ScannedDirectory } from './tree-scan.ts';

interface Watched {
  readonly watcher: FSWatcher;
  readonly identity: string;
  path: string | undefined;
  scan: number;
}

/** What a change may concern: one path as seen from the root, or anything. */
export type Change = { readonly path: string } | 'anything';

/**
 * Watches directories, not files: a file that is replaced takes a watch on it along, and a directory tells of every
 * name in it. Events are hints only; what has changed is found by looking.
 */
export class TreeWatch {
  readonly #onChange: (change: Change) => void;
  readonly #watched = new Map<string, Watched>();
  #parent: FSWatcher | undefined;
  #scan = 0;
  #failure: Error | undefined;

  constructor(onChange: (change: Change) => void) {
    this.#onChange = onChange;
  }

  /** Why some directory cannot be watched; `undefined` where all are. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** To be called before a scan, with `cover` for each directory in it and `endScan` after it. */
  beginScan(): void {
    this.#scan += 1;
    this.#failure = undefined;
  }

  cover({ real, path, identity }: ScannedDirectory): void {
    let watched = this.#watched.get(real);
    if (watched !== undefined && watched.identity !== identity) {
      this.#drop(real);
      watched = undefined;
    }
    if (watched !== undefined) {
      if (watched.scan !== this.#scan) watched.path = path;
      else watched.path ??= path;
      watched.scan = this.#scan;
      return;
    }
    const watcher = this.#open(real, (name) => this.#changed(real, name));
    if (watcher !== undefined) this.#watched.set(real, { watcher, identity, path, scan: this.#scan });
  }

  endScan(): void {
    for (const [real, { scan }] of this.#watched) if (scan !== this.#scan) this.#drop(real);
  }

  /** Watches for the root itself being replaced, or coming back, where it has a directory above it. */
  coverParent(root: string): void {
    if (this.#parent !== undefined) return;
    const name = basename(root);
    this.#parent = this.#open(dirname(root), (changed) => {
      if (changed === name || changed === undefined) this.#onChange('anything');
    });
  }

  close(): void {
    this.#parent?.close();
    this.#parent = undefined;
    for (const real of [...this.#watched.keys()]) this.#drop(real);
  }

  #open(directory: string, onName: (name: string | undefined) => void): FSWatcher | undefined {
    try {
      const watcher = watch(directory, (_, name) => onName(name ?? undefined));
      watcher.on('error', (error) => {
        this.#failure = error;
        if (this.#watched.get(directory)?.watcher === watcher) this.#drop(directory);
      });
      return watcher;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT') this.#failure = error as Error;
      return undefined;
    }
  }

  #changed(real: string, name: string | undefined): void {
    const path = this.#watched.get(real)?.path;
    if (name === basename(real)) {
      // So does a directory that is removed or moved tell of itself: the watch may be on what is no longer there.
      this.#drop(real);
      this.#onChange('anything');
    } else {
      this.#onChange(name === undefined || path === undefined ? 'anything' : { path: join(path, name) });
    }
  }

  #drop(real: string): void {
    this.#watched.get(real)?.watcher.close();
    this.#watched.delete(real);
  }
}
