/** What is told of a tree of manifests. The place is a field of each problem and not repeated in its sentence. */
import type { SourceProblem } from '../../model/events.ts';
import type { ManifestFile } from './manifest-file.ts';
import { fate, MAX_FILE_BYTES } from './manifest-file.ts';
import { LinkOutsideError, TreeLimitError } from './tree-limits.ts';

/** The root itself is gone, unreadable or replaced: `what` says which. Nothing that it held is given up. */
export function rootProblem(root: string, what: string, keptFiles: number): SourceProblem {
  const files = keptFiles === 1 ? 'the one manifest file' : `the ${keptFiles} manifest files`;
  const kept =
    keptFiles === 0 ? 'it held no manifests' : `what ${files} in force held stays in place until it is back`;
  return { code: 'SLUICE_DIRECTORY_UNREADABLE', message: `${what}; ${kept}.`, file: root };
}

export function directoryProblem(file: string, error: unknown): SourceProblem {
  if (error instanceof LinkOutsideError) return linkProblem(file, error);
  if (error instanceof TreeLimitError) {
    const message = `Not all of it is looked at, for it has ${error.message}; the last good manifests in the rest stay in place. Make it smaller.`;
    return { code: 'SLUICE_DIRECTORY_TOO_LARGE', message, file };
  }
  const message = `The directory cannot be read (${reasonOf(error)}); the last good manifests in it stay in place.`;
  return { code: 'SLUICE_DIRECTORY_UNREADABLE', message, file };
}

export function watchProblem(root: string, error: unknown, rescanMs: number): SourceProblem {
  const message = `It cannot be watched (${reasonOf(error)}), so changes are seen only every ${rescanMs / 1000} s; raise the system's limit of watches.`;
  return { code: 'SLUICE_DIRECTORY_UNWATCHED', message, file: root };
}

export function sizeProblem(file: string, before: ManifestFile | undefined): SourceProblem {
  const limit = MAX_FILE_BYTES / 1024 / 1024;
  const message = `The file is larger than ${limit} MiB and is not read; ${fate(before)} until it is split.`;
  return { code: 'SLUICE_FILE_TOO_LARGE', message, file };
}

export function fileProblem(file: string, error: unknown, before: ManifestFile | undefined): SourceProblem {
  if (error instanceof LinkOutsideError) return linkProblem(file, error);
  const message = `The file cannot be read (${reasonOf(error)}); ${fate(before)} until it can.`;
  return { code: 'SLUICE_FILE_UNREADABLE', message, file };
}

function linkProblem(file: string, { message: what }: LinkOutsideError): SourceProblem {
  const message = `This is not followed: ${what}. What was read here before stays in place; move the target into the directory, or link single files that are named *.yaml, *.yml or *.json, which may be anywhere.`;
  return { code: 'SLUICE_LINK_OUTSIDE', message, file };
}

export function byPlace(a: SourceProblem, b: SourceProblem): number {
  const [fileA = '', fileB = ''] = [a.file, b.file];
  if (fileA !== fileB) return fileA < fileB ? -1 : 1;
  return (a.line ?? 0) - (b.line ?? 0);
}

export function reasonOf(error: unknown): string {
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
