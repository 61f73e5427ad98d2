import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';
import { isSameMaterial, type KeyMaterial, readKeyMaterial, type TlsPaths } from './key-material.ts';

export interface WatchOptions {
  readonly paths: TlsPaths;
  /** Files that fit together and differ from the last ones. */
  readonly onChange: (material: KeyMaterial) => void;
  /** What is in the files now cannot be served with; the last that could stays. Once for each reason. */
  readonly onFailure: (error: Error) => void;
  /** Milliseconds from the first sign of a change until the files are read: one after the other is replaced. */
  readonly settleMs?: number;
  /** Milliseconds between looks at the files without any sign: not every file system gives signs. */
  readonly pollMs?: number;
}

const SETTLE_MS = 200;
const POLL_MS = 30_000;

/**
 * Follows three files. Watches their directories rather than the files: a Secret that Kubernetes mounts changes by a
 * symbolic link beside them, `..data`, that is replaced.
 */
export class WatchedKeyMaterial {
  readonly #options: WatchOptions;
  readonly #watchers: FSWatcher[];
  readonly #poll: NodeJS.Timeout;
  #material: KeyMaterial;
  #failure: string | undefined;
  #settling: NodeJS.Timeout | undefined;
  #reading = false;
  #again = false;
  #closed = false;

  /** Rejects with a `KeyMaterialError` where the files cannot be served with now. */
  static async open(options: WatchOptions): Promise<WatchedKeyMaterial> {
    return new WatchedKeyMaterial(options, await readKeyMaterial(options.paths));
  }

  private constructor(options: WatchOptions, material: KeyMaterial) {
    this.#options = options;
    this.#material = material;
    const { certificate, key, clientAuthority } = options.paths;
    const directories = new Set([certificate, key, clientAuthority].map((path) => dirname(path)));
    this.#watchers = [...directories].flatMap((directory) => this.#watch(directory));
    this.#poll = setInterval(() => void this.refresh(), options.pollMs ?? POLL_MS).unref();
    // What changed before the watches were there.
    this.#hint();
  }

  get current(): KeyMaterial {
    return this.#material;
  }

  /** Looks at the files now. */
  async refresh(): Promise<void> {
    if (this.#reading) {
      this.#again = true;
      return;
    }
    this.#reading = true;
    try {
      do {
        this.#again = false;
        await this.#read();
      } while (this.#again && !this.#closed);
    } finally {
      this.#reading = false;
    }
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#settling);
    for (const watcher of this.#watchers) watcher.close();
  }

  async #read(): Promise<void> {
    try {
      const material = await readKeyMaterial(this.#options.paths);
      this.#failure = undefined;
      if (this.#closed || isSameMaterial(material, this.#material)) return;
      this.#material = material;
      this.#options.onChange(material);
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      if (this.#closed || failure.message === this.#failure) return;
      this.#failure = failure.message;
      this.#options.onFailure(failure);
    }
  }

  #watch(directory: string): FSWatcher[] {
    try {
      // A watch that breaks, or cannot be had, leaves the polling.
      const watcher = watch(directory, { persistent: false }, () => this.#hint());
      watcher.on('error', () => watcher.close());
      return [watcher];
    } catch {
      return [];
    }
  }

  #hint(): void {
    if (this.#closed || this.#settling !== undefined) return;
    this.#settling = setTimeout(() => {
      this.#settling = undefined;
      void this.refresh();
    }, this.#options.settleMs ?? SETTLE_MS).unref();
  }
}
