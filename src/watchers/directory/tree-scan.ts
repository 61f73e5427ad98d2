import type { BigIntStats, Dirent } from 'node:fs';
import { opendir, readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  isInside,
  isManifest,
  LinkOutsideError,
  MAX_DEPTH,
  MAX_DIRECTORIES,
  mayRead,
  TreeLimitError,
} from './tree-limits.ts';

/** A directory to watch. */
export interface ScannedDirectory {
  /** With all symbolic links followed. */
  readonly real: string;
  /** As seen from the root (`''` for the root); `undefined` for one that only holds the target of a link. */
  readonly path: string | undefined;
  /** Tells a directory from another of the same name. */
  readonly identity: string;
}

export interface ScannedFile {
  /** Changes whenever the content does. */
  readonly signature: string;
}

/** What could not be looked at. */
export interface ScanFailure {
  /** As seen from the root. */
  readonly path: string;
  readonly isDirectory: boolean;
  readonly error: NodeJS.ErrnoException;
}

export interface TreeScan {
  /** By path as seen from the root, sorted. Some may be no regular files, which cannot be read. */
  readonly files: ReadonlyMap<string, ScannedFile>;
  readonly failures: readonly ScanFailure[];
  /** Whether a manifest is seen through a symbolic link, which hidden names may change the target of. */
  readonly hasLinks: boolean;
  readonly rootIdentity: string;
  /** The root with all symbolic links followed. */
  readonly realRoot: string;
}

/** How many files are looked at at once. */
const CONCURRENCY = 64;

export function signatureOf(stats: BigIntStats): string {
  return `${identityOf(stats)}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
}

function identityOf(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}`;
}

/** Tells the root from another directory of the same name. Throws where it is gone or cannot be read. */
export async function identityOfRoot(root: string): Promise<string> {
  const real = await realpath(root);
  await (await opendir(real)).close();
  return identityOf(await stat(real, { bigint: true }));
}

/**
 * Finds the manifests below a directory, or in it the one that is named (`only`), whatever its name looks like. Names that begin with a dot are passed over, but a link may lead through
 * them, as those of a mounted ConfigMap do. Each real directory is visited once, so links in a circle end.
 * `onDirectory` is called before a directory is read, so that no change is missed in between. Throws where the root
 * itself cannot be read.
 */
export async function scanTree(
  root: string,
  onDirectory: (directory: ScannedDirectory) => void,
  only?: string,
): Promise<TreeScan> {
  const isWanted = only === undefined ? isManifest : (name: string) => name === only;
  const files = new Map<string, ScannedFile>();
  const failures: ScanFailure[] = [];
  const visited = new Set<string>();
  /** Directories that hold targets of links. */
  const targets = new Set<string>();
  const realRoot = await realpath(root);
  /** Level by level, so that a deep tree of somebody does not use up the room of others. */
  const waiting: string[] = [];
  let hasLinks = false;

  const failed = (path: string, isDirectory: boolean, cause: unknown) => {
    const error = cause as NodeJS.ErrnoException;
    // What is gone by the time that it is looked at is simply gone.
    if (isDirectory && error.code === 'ENOENT') return;
    failures.push({ path, isDirectory, error });
  };

  const visit = async (path: string): Promise<string> => {
    const real = await realpath(join(root, path));
    if (!isInside(real, realRoot)) throw new LinkOutsideError(real);
    const identity = identityOf(await stat(real, { bigint: true }));
    if (visited.has(identity)) return identity;
    if (path.split('/').length > MAX_DEPTH) throw new TreeLimitError(`deeper than ${MAX_DEPTH} levels`);
    visited.add(identity);
    onDirectory({ real, path, identity });
    const entries = (await readdir(real, { withFileTypes: true }))
      .filter(({ name }) => (only === undefined ? !name.startsWith('.') : name === only))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    for (let start = 0; start < entries.length; start += CONCURRENCY) {
      const looked = await Promise.all(
        entries.slice(start, start + CONCURRENCY).map((entry) => look(path, real, entry, isWanted)),
      );
      for (const found of looked) {
        if (found === undefined) continue;
        if ('target' in found && found.target !== undefined) hasLinks = true;
        if ('error' in found) failed(found.path, false, found.error);
        else if (found.stats === undefined || found.stats.isDirectory()) {
          if (only === undefined) waiting.push(found.path);
        } else {
          files.set(found.path, { signature: signatureOf(found.stats) });
          const { target } = found;
          if (target === undefined || !(only !== undefined || mayRead(target, realRoot))) continue;
          if (targets.size + visited.size >= MAX_DIRECTORIES && !targets.has(dirname(target))) continue;
          targets.add(dirname(target));
          await watchTarget(target, onDirectory);
        }
      }
    }
    return identity;
  };

  const rootIdentity = await visit('');
  for (const path of waiting) {
    if (visited.size >= MAX_DIRECTORIES) {
      failed('', true, new TreeLimitError(`more than ${MAX_DIRECTORIES} directories`));
      break;
    }
    try {
      await visit(path);
    } catch (error) {
      failed(path, true, error);
    }
  }
  return { files, failures, hasLinks, rootIdentity, realRoot };
}

type Looked =
  /** `stats` is `undefined` for a directory that is no link. */
  | { readonly path: string; readonly stats: BigIntStats | undefined; readonly target: string | undefined }
  | { readonly path: string; readonly error: unknown };

async function look(
  parent: string,
  realParent: string,
  entry: Dirent,
  isWanted: (name: string) => boolean,
): Promise<Looked | undefined> {
  const path = join(parent, entry.name);
  if (entry.isDirectory()) return { path, stats: undefined, target: undefined };
  if (!entry.isSymbolicLink() && !isWanted(entry.name)) return undefined;
  const real = join(realParent, entry.name);
  try {
    const stats = await stat(real, { bigint: true });
    if (!stats.isDirectory() && !isWanted(entry.name)) return undefined;
    return { path, stats, target: entry.isSymbolicLink() ? await realpath(real) : undefined };
  } catch (error) {
    return isWanted(entry.name) ? { path, error } : undefined;
  }
}

/** The directory that a link's target is in: the target may be replaced there. */
async function watchTarget(
  target: string,
  onDirectory: (directory: ScannedDirectory) => void,
): Promise<void> {
  const real = dirname(target);
  try {
    onDirectory({ real, path: undefined, identity: identityOf(await stat(real, { bigint: true })) });
  } catch {
    // It has gone in the meantime: whoever removed it has changed the link too, which is seen where the link is.
  }
}
