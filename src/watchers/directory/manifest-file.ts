import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { CrdChoice } from '../../admission/judge.ts';
import type { Lane } from '../../event-loop/turns.ts';
import type { SourceProblem } from '../../model/events.ts';
import { refOf } from '../../model/events.ts';
import { objectKey } from '../../model/key.ts';
import type { KubernetesObject } from '../../model/objects.ts';
import type { DecodeOptions, InvalidObject, ObjectName } from '../objects/decode.ts';
import { decodeObject } from '../objects/decode.ts';
import { mirrorEndpoints } from '../objects/mirror-endpoints.ts';
import type { ObjectWarning } from '../objects/strictness.ts';
import type { ManifestDocument } from './manifest-syntax.ts';
import { ManifestSyntaxError, parseManifests } from './manifest-syntax.ts';
import { ProblemList } from './problem-list.ts';

/** An object of a file. */
export interface ManifestEntry {
  readonly object: KubernetesObject;
  /** `objectKey` of the object. */
  readonly key: string;
  /** `kind/namespace/name` of the document: of the Endpoints where the object is a slice mirrored from them. */
  readonly documentKey: string;
  readonly isMirrored: boolean;
  /** 1-based. */
  readonly line: number | undefined;
}

type Judge = NonNullable<DecodeOptions['judge']>;

/** What a file holds, as far as it could be read, and what is wrong with it. */
export interface ManifestFile {
  /** Of the bytes that were read last, good or not; `undefined` where they could not be. */
  readonly hash: string | undefined;
  /** In the order of the file. */
  readonly entries: readonly ManifestEntry[];
  readonly problems: readonly SourceProblem[];
}

export const MAX_FILE_BYTES = 16 * 1024 * 1024;

/**
 * What a file holds now. A file that does not parse keeps what it held before; so does, within one that parses, each
 * single object whose document is invalid. Returns `before` itself where the bytes are the same.
 */
export async function readManifests(
  file: string,
  bytes: Uint8Array,
  before: ManifestFile | undefined,
  judgeBy: CrdChoice,
  lane: Lane,
): Promise<ManifestFile> {
  const hash = createHash('sha256').update(bytes).digest('base64');
  if (before !== undefined && before.hash === hash) return before;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const documents = parseManifests(text, lane);
    // Loaded when it is needed: whoever reads from an API server starts a quarter of a second sooner.
    const { judge } = await import('../../admission/judge.ts');
    const judgeDocument: Judge = (raw) => judge(raw, judgeBy);
    return { hash, ...(await decodeDocuments(file, documents, before, judgeDocument, lane)) };
  } catch (error) {
    const line = error instanceof ManifestSyntaxError ? error.line : undefined;
    const what = error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
    const message = `The file is no valid YAML or JSON: ${what}; ${fate(before)} until it is corrected.`;
    const problem = { code: 'SLUICE_FILE_SYNTAX', message, file, ...(line !== undefined && { line }) };
    return { hash, entries: before?.entries ?? [], problems: [problem] };
  }
}

/** What happens to the objects of a file that cannot be read. */
export function fate(before: ManifestFile | undefined): string {
  const isAnythingGood = before !== undefined && before.entries.length > 0;
  return isAnythingGood ? 'its last good content stays in place' : 'nothing in it counts';
}

async function decodeDocuments(
  file: string,
  documents: AsyncIterable<ManifestDocument>,
  before: ManifestFile | undefined,
  judge: Judge,
  lane: Lane,
): Promise<Pick<ManifestFile, 'entries' | 'problems'>> {
  const known = new Map((before?.entries ?? []).map((entry) => [entry.key, entry.object]));
  const entries: ManifestEntry[] = [];
  const problems = new ProblemList(file);
  /** By the key of the document; `undefined` for a problem that there was no room for. */
  const lost = new Map<string, number | undefined>();
  for await (const document of documents) {
    const { raw, line } = document;
    const decoded = decodeDocument(raw, judge);
    if ('type' in decoded) {
      const { object } = decoded;
      const index = problems.add(decoded.code, () => problemOf(file, document, decoded, object));
      if (object !== undefined) lost.set(`${object.kind}/${object.namespace}/${object.name}`, index);
      for (const warning of decoded.warnings)
        problems.add(warning.code, () => problemOf(file, document, warning, object));
    } else {
      const { documentKey, isMirrored, warnings } = decoded;
      const [first] = decoded.objects;
      for (const warning of warnings)
        problems.add(warning.code, () => problemOf(file, document, warning, first && refOf(first)));
      for (const object of decoded.objects) {
        const key = objectKey(refOf(object));
        entries.push({ object: retained(object, known.get(key)), key, documentKey, isMirrored, line });
      }
    }
    if (lane.isSpent) await lane.rest();
  }
  if (lost.size === 0 || before === undefined) return { entries, problems: problems.all() };

  const valid = new Set(entries.map(({ documentKey }) => documentKey));
  for (const entry of before.entries) {
    if (valid.has(entry.documentKey) || !lost.has(entry.documentKey)) continue;
    entries.push(entry);
    problems.append(lost.get(entry.documentKey), KEPT);
  }
  return { entries, problems: problems.all() };
}

const KEPT = ' Its last good content stays in place.';

interface DecodedDocument {
  readonly objects: readonly KubernetesObject[];
  readonly documentKey: string;
  readonly isMirrored: boolean;
  readonly warnings: readonly ObjectWarning[];
}

const NOTHING: DecodedDocument = { objects: [], documentKey: '', isMirrored: false, warnings: [] };

function decodeDocument(raw: unknown, judge: Judge): DecodedDocument | InvalidObject {
  const decoded = decodeObject(raw, { judge });
  if (decoded.type === 'invalid') return decoded;
  if (decoded.type === 'object') {
    const { object, warnings } = decoded;
    return { objects: [object], documentKey: objectKey(refOf(object)), isMirrored: false, warnings };
  }
  if (decoded.kind !== 'Endpoints') return NOTHING;
  const mirrored = mirrorEndpoints(raw, { judge });
  if (mirrored.type === 'invalid') return mirrored;
  const slice = mirrored.type === 'slices' ? mirrored.slices[0] : undefined;
  if (mirrored.type !== 'slices' || slice === undefined) return NOTHING;
  const { slices, warnings } = mirrored;
  const documentKey = `Endpoints/${slice.meta.namespace}/${slice.serviceName}`;
  return { objects: slices, documentKey, isMirrored: true, warnings };
}

/**
 * The object that was there before if it is equal, else a copy. Strings from a parser are slices, each of which keeps
 * the whole text of the file alive, in every version in which an object of it changed.
 */
function retained(object: KubernetesObject, before: KubernetesObject | undefined): KubernetesObject {
  return before !== undefined && isDeepStrictEqual(object, before) ? before : structuredClone(object);
}

function problemOf(
  file: string,
  document: ManifestDocument,
  { code, message, field }: Pick<InvalidObject, 'code' | 'message' | 'field'>,
  object: ObjectName | undefined,
): SourceProblem {
  const line = document.lineOf(field);
  return {
    code,
    message,
    file,
    ...(line !== undefined && { line }),
    ...(object !== undefined && { object }),
  };
}
