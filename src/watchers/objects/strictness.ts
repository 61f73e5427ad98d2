/**
 * What an API server would say of a manifest, where there is none: lists that must have an entry, and fields and
 * annotations that mean nothing and are most likely misspelt.
 */
import { BUDGET_ANNOTATIONS, PASSTHROUGH_ANNOTATIONS } from '../../model/annotations.ts';
import { MAX_BUDGET, parseBudget } from '../../model/budget.ts';
import { OWN_PREFIX } from '../../model/names.ts';
import type { Shape } from './api-fields.ts';
import { API_FIELDS } from './api-fields.ts';
import type { FieldPath, Fields } from './fields.ts';
import { distantField, FieldError, fieldPath, isFields, list, pathText } from './fields.ts';
import { readAnnotations } from './meta.ts';
import { nearest } from './spelling.ts';

/** Something in an object that means nothing; the rest of the object applies. */
export interface ObjectWarning {
  /** `SLUICE_FIELD_UNKNOWN`, `SLUICE_ANNOTATION_UNKNOWN`, `SLUICE_ANNOTATION_INVALID` or `SLUICE_BUDGET_INVALID`. */
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

const BUDGETS: ReadonlySet<string> = new Set(Object.values(BUDGET_ANNOTATIONS).map(({ name }) => name));

/** Throws `FieldError` for a list that the CRD of this version requires, and that is absent or empty. */
export function requireLists(raw: Fields): void {
  const spec = raw['spec'];
  if (!isFields(spec)) return;
  switch (raw['kind']) {
    case 'TLSRoute':
      // v1alpha2 alone lets a route take its listener's hostname.
      if (!String(raw['apiVersion']).endsWith('/v1alpha2')) requireEntry(spec, 'hostnames');
      requireEntry(spec, 'rules');
      list(spec, 'rules', (rule) => requireEntry(rule, 'backendRefs'));
      break;
    case 'Gateway':
    case 'ListenerSet':
      requireEntry(spec, 'listeners');
      break;
    case 'ReferenceGrant':
      requireEntry(spec, 'from');
      requireEntry(spec, 'to');
      break;
  }
}

function requireEntry(holder: Fields, key: string): void {
  const value = holder[key] ?? undefined;
  if (value === undefined) throw new FieldError(holder, key, 'is required');
  if (Array.isArray(value) && value.length === 0) {
    throw new FieldError(holder, key, 'must have at least one entry');
  }
}

export function warningsOf(raw: Fields): readonly ObjectWarning[] {
  const kind = String(raw['kind']);
  const shape = API_FIELDS.get(kind);
  const read = readAnnotations(kind);
  const warnings: ObjectWarning[] = [];
  if (shape === undefined && read.length === 0) return warnings;
  const unknown = (holder: Fields, key: string, known: readonly string[]): void => {
    if (warnings.length >= MAX_WARNINGS) return;
    const field = fieldPath(raw, holder, key);
    const place = field === undefined ? distantField(key) : pathText(field);
    const message = `${place} is no field of ${kind} and is ignored; ${advice(key, known)}`;
    warnings.push({ code: 'SLUICE_FIELD_UNKNOWN', message, field: field ?? [] });
  };
  if (shape !== undefined) lookForUnknown(raw, shape, unknown);
  const metadata = raw['metadata'];
  const annotations = isFields(metadata) ? metadata['annotations'] : undefined;
  if (read.length === 0 || !isFields(annotations)) return warnings;
  for (const [name, value] of Object.entries(annotations)) {
    const warning = annotationWarning(kind, name, value, read);
    if (warning === undefined || warnings.length >= MAX_WARNINGS) continue;
    const field = ['metadata', 'annotations', name];
    warnings.push({ code: warning.code, message: `${pathText(field)} ${warning.what}`, field });
  }
  return warnings;
}

/** Ends where the shape does: `value` may be cyclic. */
function lookForUnknown(
  value: unknown,
  shape: Shape,
  found: (holder: Fields, key: string, known: readonly string[]) => void,
): void {
  for (const holder of Array.isArray(value) ? value : [value]) {
    if (!isFields(holder)) continue;
    for (const [key, content] of Object.entries(holder)) {
      if (!Object.hasOwn(shape, key)) found(holder, key, Object.keys(shape));
      else if (shape[key] !== undefined) lookForUnknown(content, shape[key], found);
    }
  }
}

function annotationWarning(
  kind: string,
  name: string,
  value: unknown,
  read: readonly string[],
): { readonly code: string; readonly what: string } | undefined {
  if (read.includes(name)) {
    if (BUDGETS.has(name) && parseBudget(value) === undefined) {
      const shown = JSON.stringify(String(value).slice(0, MAX_QUOTED));
      return {
        code: 'SLUICE_BUDGET_INVALID',
        what: `must be a whole number from 1 to ${MAX_BUDGET} in quotes, not ${shown}, which changes nothing`,
      };
    }
    if (!PASSTHROUGH_ANNOTATIONS.includes(name) || value === 'true' || value === 'false') return undefined;
    const shown = JSON.stringify(String(value).slice(0, MAX_QUOTED));
    const what = `must be "true" or "false", not ${shown}, which counts as "false"`;
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
