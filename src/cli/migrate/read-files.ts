import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { buffer } from 'node:stream/consumers';
import { Turns } from '../../event-loop/turns.ts';
import { fieldsOf, type RawObject, rawObject } from '../../migrate/raw-object.ts';
import { ManifestSyntaxError, parseManifests } from '../../watchers/directory/manifest-syntax.ts';
import { CliError, EXIT } from '../cli-error.ts';
import type { Problem } from './problem.ts';

const MANIFEST = /\.(?:ya?ml|json)$/;
/** A list of 50,000 Ingresses with their Services is some 100 MB. */
const MAX_BYTES = 512 * 1024 * 1024;

export interface ReadObjects {
  readonly objects: readonly RawObject[];
  readonly problems: readonly Problem[];
}

/** The objects of a folder of manifests and the folders in it, of one file, or of stdin for `-`. Rejects with a `CliError`. */
export async function readFiles(source: string): Promise<ReadObjects> {
  const objects: RawObject[] = [];
  const problems: Problem[] = [];
  if (source === '-') {
    await parsed('stdin', await buffer(process.stdin), objects, problems);
    return { objects, problems };
  }
  for (const file of await filesOf(source)) {
    try {
      const { size } = await stat(file);
      if (size > MAX_BYTES) throw new Error(`it has more than ${MAX_BYTES / 1024 / 1024} MiB`);
      await parsed(file, await readFile(file), objects, problems);
    } catch (error) {
      problems.push({ code: 'SLUICE_FILE_UNREADABLE', message: `${file}: ${reasonOf(error)}` });
    }
  }
  return { objects, problems };
}

async function filesOf(source: string): Promise<readonly string[]> {
  try {
    if (!(await stat(source)).isDirectory()) return [source];
    const entries = await readdir(source, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory() && MANIFEST.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  } catch (cause) {
    const message = `${source} cannot be read (${reasonOf(cause)}); name a folder or a file of manifests, - for stdin, or nothing for the cluster`;
    throw new CliError('SLUICE_DIRECTORY_UNREADABLE', EXIT.noInput, message, { cause });
  }
}

async function parsed(
  file: string,
  bytes: Uint8Array,
  objects: RawObject[],
  problems: Problem[],
): Promise<void> {
  const lane = new Turns().reading;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    // What kubectl prints of a large cluster: more than a file of manifests may hold.
    const items = listOfJson(text);
    for (const item of items ?? []) {
      const object = rawObject(item);
      if (object !== undefined) objects.push(object);
    }
    if (items !== undefined) return;
    for await (const { raw } of parseManifests(text, lane)) {
      const object = rawObject(raw);
      if (object !== undefined) objects.push(object);
    }
  } catch (error) {
    const line = error instanceof ManifestSyntaxError && error.line !== undefined ? `:${error.line}` : '';
    problems.push({ code: 'SLUICE_FILE_SYNTAX', message: `${file}${line}: ${reasonOf(error)}` });
  }
}

/** The items of a `List` in JSON; `undefined` for all else. */
function listOfJson(text: string): readonly unknown[] | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    const { kind, items } = fieldsOf(JSON.parse(text));
    return kind === 'List' && Array.isArray(items) ? items : undefined;
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
