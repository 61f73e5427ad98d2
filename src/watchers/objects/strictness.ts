/**
 * What is written in a manifest and means nothing: fields that the API does not have, and annotations; both are most
 * likely misspelt.
 */
import type { UnknownField } from '../../admission/refusal.ts';
import { PASSTHROUGH_ANNOTATIONS } from '../../model/annotations.ts';
import { parseGoBool } from '../../model/go-bool.ts';
import { OWN_PREFIX } from '../../model/names.ts';
import type { FieldPath, Fields } from './fields.ts';
import { isFields, pathText } from './fields.ts';
import { readAnnotations } from './meta.ts';
import { nearest } from './spelling.ts';

/** Something in an object that means nothing; the rest of the object applies. */
export interface ObjectWarning {
  /** `SLUICE_FIELD_UNKNOWN`, `SLUICE_ANNOTATION_UNKNOWN` or `SLUICE_ANNOTATION_INVALID`; `SLUICE_OBJECT_INVALID` beside another. */
  readonly code: string;
  /** One sentence without its full stop, which begins with the path; or one with a question mark. */
  readonly message: string;
  readonly field: FieldPath;
}

/** Of one object: a file may hold anything. */
const MAX_WARNINGS = 10;
/** More names than these help nobody. */
const MAX_NAMES = 8;
/** Longest name or value that is quoted, in characters. */
const MAX_QUOTED = 80;

export function warningsOf(raw: Fields, unknown: readonly UnknownField[]): readonly ObjectWarning[] {
  const kind = String(raw['kind']);
  const warnings: ObjectWarning[] = unknown.map(({ field, known }) => {
    const message = `${pathText(field)} is no field of ${kind} and is ignored; ${advice(String(field.at(-1)), known)}`;
    return { code: 'SLUICE_FIELD_UNKNOWN', message, field };
  });
  const metadata = raw['metadata'];
  const annotations = isFields(metadata) ? metadata['annotations'] : undefined;
  const read = readAnnotations(kind);
  if (read.length === 0 || !isFields(annotations)) return warnings;
  for (const [name, value] of Object.entries(annotations)) {
    const warning = annotationWarning(kind, name, value, read);
    if (warning === undefined || warnings.length >= MAX_WARNINGS) continue;
    const field = ['metadata', 'annotations', name];
    warnings.push({ code: warning.code, message: `${pathText(field)} ${warning.what}`, field });
  }
  return warnings;
}

function annotationWarning(
  kind: string,
  name: string,
  value: unknown,
  read: readonly string[],
): { readonly code: string; readonly what: string } | undefined {
  if (read.includes(name)) {
    // What is no string is told with the schema.
    if (!PASSTHROUGH_ANNOTATIONS.includes(name) || typeof value !== 'string') return undefined;
    if (parseGoBool(value) !== undefined) return undefined;
    const shown = JSON.stringify(value.slice(0, MAX_QUOTED));
    const what = `must be "true" or "false", not ${shown}, which decides nothing`;
    return { code: 'SLUICE_ANNOTATION_INVALID', what };
  }
  if (!name.startsWith(OWN_PREFIX)) return undefined;
  const own = read.filter((known) => known.startsWith(OWN_PREFIX));
  return {
    code: 'SLUICE_ANNOTATION_UNKNOWN',
    what: `means nothing on ${kind === 'Ingress' ? 'an' : 'a'} ${kind}; ${advice(name, own)}`,
  };
}

function advice(name: string, known: readonly string[]): string {
  const shown = name.slice(0, MAX_QUOTED);
  const bare = (text: string) => (text.startsWith(OWN_PREFIX) ? text.slice(OWN_PREFIX.length) : text);
  const meant = nearest(bare(shown), known.map(bare));
  if (meant !== undefined) return `did you mean ${known.find((candidate) => bare(candidate) === meant)}?`;
  return known.length > MAX_NAMES ? 'remove it' : `remove it, or use one of ${known.join(', ')}`;
}
