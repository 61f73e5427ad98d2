/** How far a tree of manifests reaches: whoever may write into it must not make Sluice walk through the whole machine. */
import { basename, sep } from 'node:path';

/** Each costs a watch. */
export const MAX_DIRECTORIES = 10_000;
export const MAX_DEPTH = 32;

const MANIFEST = /\.(?:ya?ml|json)$/;

export function isManifest(name: string): boolean {
  return MANIFEST.test(name) && !name.startsWith('.');
}

export function isInside(real: string, realRoot: string): boolean {
  return real === realRoot || real.startsWith(realRoot.endsWith(sep) ? realRoot : `${realRoot}${sep}`);
}

/**
 * Whether a file may be read, by its path with all links followed. One that is linked from elsewhere may where it is
 * named as a manifest is, which keys and tokens are not.
 */
export function mayRead(real: string, realRoot: string): boolean {
  return isInside(real, realRoot) || isManifest(basename(real));
}

/** A link that is not followed. */
export class LinkOutsideError extends Error {
  constructor(target: string) {
    super(`it is a link to ${target}, out of the directory of manifests`);
    this.name = 'LinkOutsideError';
  }
}

/** The tree is larger than is looked at. */
export class TreeLimitError extends Error {
  constructor(what: string) {
    super(what);
    this.name = 'TreeLimitError';
  }
}
