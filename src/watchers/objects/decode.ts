import type { Verdict } from '../../admission/refusal.ts';
import type { KubernetesObject } from '../../model/objects.ts';
import type { FieldPath, Fields } from './fields.ts';
import { distantField, FieldError, fieldPath, isFields, pathText } from './fields.ts';
import { decodeMeta } from './meta.ts';
import type { ServedKind } from './served-kinds.ts';
import { misspelling, servedKind } from './served-kinds.ts';
import type { ObjectWarning } from './strictness.ts';
import { warningsOf } from './strictness.ts';

/** Something that cannot be read as the object that it says it is. */
export interface InvalidObject {
  readonly type: 'invalid';
  /** `SLUICE_OBJECT_INVALID`, `SLUICE_OBJECT_UNKNOWN` or `SLUICE_OBJECT_MALFORMED`. */
  readonly code: string;
  /** One sentence, with the path. */
  readonly message: string;
  /** E.g. `spec.listeners[0].port`; `''` for the object as a whole. */
  readonly path: string;
  /** Path of the field, step by step. */
  readonly field: FieldPath;
  /** Where so much of it could be read. */
  readonly object?: ObjectName;
  readonly warnings: readonly ObjectWarning[];
}

export interface ObjectName {
  readonly kind: string;
  /** `''` for one of the cluster. */
  readonly namespace: string;
  readonly name: string;
}

export type Decoded =
  | {
      readonly type: 'object';
      readonly object: KubernetesObject;
      /** With `judge` only. */
      readonly warnings: readonly ObjectWarning[];
    }
  /** A kind that Sluice does not read, or `Endpoints`, which `mirrorEndpoints` reads. */
  | { readonly type: 'ignored'; readonly kind: string }
  | InvalidObject;

export interface DecodeOptions {
  /** For an object of a namespaced kind that names none. Default: `default`. */
  readonly defaultNamespace?: string;
  /**
   * Judges as an API server does what it is to store. Not for what comes from one: it may serve a TLSRoute as v1 that was
   * written without hostnames as v1alpha2.
   */
  readonly judge?: (raw: Fields) => Verdict;
}

/**
 * Decodes one object as the Kubernetes API or a manifest has it, with the API's defaults applied and nothing kept that
 * is not read. What is well-typed and makes no sense passes: src/gateway says so in a condition.
 */
export function decodeObject(raw: unknown, options: DecodeOptions = {}): Decoded {
  return guarded(raw, options, (fields, served) => {
    if (served.decode === undefined) return { type: 'ignored', kind: served.kind };
    const meta = decodeMeta(fields, served.kind, served.scope, options.defaultNamespace ?? 'default');
    return { type: 'object', object: served.decode(fields, meta), warnings: [] };
  });
}

/**
 * Finds out what `raw` is, makes the data `InvalidObject` of what `decode` throws, and judges what it returns. Its warnings
 * are added then.
 */
export function guarded<T extends { readonly type: string }>(
  raw: unknown,
  options: DecodeOptions,
  decode: (fields: Fields, served: ServedKind) => T,
): T | Exclude<Decoded, { readonly type: 'object' }> {
  if (!isFields(raw)) return malformed('it is no object with apiVersion and kind');
  const apiVersion = raw['apiVersion'];
  const kind = raw['kind'];
  if (typeof apiVersion !== 'string' || apiVersion === '') return malformed('it has no apiVersion');
  if (typeof kind !== 'string' || kind === '') return malformed('it has no kind');
  const served = servedKind(apiVersion, kind);
  if (served === undefined) {
    const misspelt = misspelling(apiVersion, kind);
    if (misspelt === undefined) return { type: 'ignored', kind };
    const { field, message } = misspelt;
    const written = JSON.stringify(shortened(raw[field] as string));
    return invalid('SLUICE_OBJECT_UNKNOWN', `${field} ${written} ${message}`, [field], raw, options);
  }
  try {
    const decoded = decode(raw, served);
    if (options.judge === undefined || decoded.type === 'ignored') return decoded;
    const { refusals, unknown } = options.judge(raw);
    const [first, ...others] = refusals.map(({ field, message }) => {
      const what = `${pathText(field)} ${message.replace(/\.$/, '')}`;
      return { code: 'SLUICE_OBJECT_INVALID', message: what, field };
    });
    const warnings = [...others, ...warningsOf(raw, unknown)];
    if (first === undefined) return { ...decoded, warnings: namedBy(raw, warnings, options, served) };
    const refused = invalid(first.code, first.message, first.field, raw, options, served);
    return { ...refused, warnings: namedBy(raw, warnings, options, served) };
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    const path = fieldPath(raw, error.holder, error.key);
    const what = `${path === undefined ? distantField(error.key) : pathText(path)} ${error.message}`;
    const refused = invalid('SLUICE_OBJECT_INVALID', what, path ?? [], raw, options, served);
    if (options.judge === undefined) return refused;
    // They may well tell why: `hostname` where `hostnames` is required.
    const { unknown } = options.judge(raw);
    return { ...refused, warnings: namedBy(raw, warningsOf(raw, unknown), options, served) };
  }
}

function malformed(why: string): InvalidObject {
  const message = `Not a Kubernetes object: ${why}; correct it, or move it out of the manifests.`;
  return { type: 'invalid', code: 'SLUICE_OBJECT_MALFORMED', message, path: '', field: [], warnings: [] };
}

function invalid(
  code: string,
  what: string,
  field: FieldPath,
  raw: Fields,
  options: DecodeOptions,
  served?: ServedKind,
): InvalidObject {
  const object = nameOf(raw, options, served);
  const message = sentence(object === undefined ? shortened(raw['kind'] as string) : titleOf(object), what);
  const path = pathText(field);
  return { type: 'invalid', code, message, path, field, ...(object && { object }), warnings: [] };
}

/** `undefined` where the object has no name. */
function nameOf(raw: Fields, options: DecodeOptions, served?: ServedKind): ObjectName | undefined {
  const metadata = isFields(raw['metadata']) ? raw['metadata'] : {};
  const { name, namespace } = metadata as { name?: unknown; namespace?: unknown };
  if (typeof name !== 'string' || name === '') return undefined;
  const written = typeof namespace === 'string' && namespace !== '' ? namespace : undefined;
  return {
    kind: shortened(raw['kind'] as string),
    namespace: served?.scope === 'cluster' ? '' : shortened(written ?? options.defaultNamespace ?? 'default'),
    name: shortened(name),
  };
}

function namedBy(
  raw: Fields,
  warnings: readonly ObjectWarning[],
  options: DecodeOptions,
  served: ServedKind,
): readonly ObjectWarning[] {
  const object = nameOf(raw, options, served);
  if (warnings.length === 0 || object === undefined) return [];
  const title = titleOf(object);
  return warnings.map((warning) => ({ ...warning, message: sentence(title, warning.message) }));
}

function titleOf({ kind, namespace, name }: ObjectName): string {
  return namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

function sentence(title: string, what: string): string {
  return `${title}: ${what}${what.endsWith('?') ? '' : '.'}`;
}

/** Longest valid name; what is longer is not one, and a message must not grow with it. */
function shortened(text: string): string {
  return text.length > 253 ? `${text.slice(0, 253)}…` : text;
}
