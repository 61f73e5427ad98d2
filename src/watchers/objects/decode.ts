import type { KubernetesObject } from '../../model/objects.ts';
import type { Fields } from './fields.ts';
import { FieldError, fieldPath, isFields } from './fields.ts';
import { decodeMeta } from './meta.ts';
import type { ServedKind } from './served-kinds.ts';
import { misspelling, servedKind } from './served-kinds.ts';

/** Something that cannot be read as the object that it says it is. */
export interface InvalidObject {
  readonly type: 'invalid';
  /** `SLUICE_OBJECT_INVALID`, `SLUICE_OBJECT_UNKNOWN` or `SLUICE_OBJECT_MALFORMED`. */
  readonly code: string;
  /** One sentence, with the path. */
  readonly message: string;
  /** E.g. `spec.listeners[0].port`; `''` for the object as a whole. */
  readonly path: string;
  /** Where so much of it could be read. */
  readonly object?: { readonly kind: string; readonly namespace: string; readonly name: string };
}

export type Decoded =
  | { readonly type: 'object'; readonly object: KubernetesObject }
  /** A kind that Sluice does not read, or `Endpoints`, which `mirrorEndpoints` reads. */
  | { readonly type: 'ignored'; readonly kind: string }
  | InvalidObject;

export interface DecodeOptions {
  /** For an object of a namespaced kind that names none. Default: `default`. */
  readonly defaultNamespace?: string;
}

/**
 * Decodes one object as the Kubernetes API or a manifest has it, with the API's defaults applied and nothing kept that
 * is not read. What is well-typed and makes no sense passes: src/gateway says so in a condition.
 */
export function decodeObject(raw: unknown, options: DecodeOptions = {}): Decoded {
  return guarded(raw, options, (fields, served) => {
    if (served.decode === undefined) return { type: 'ignored', kind: served.kind };
    const meta = decodeMeta(fields, served.kind, served.scope, options.defaultNamespace ?? 'default');
    return { type: 'object', object: served.decode(fields, meta) };
  });
}

/** Finds out what `raw` is, and makes the data `InvalidObject` of what `decode` throws. */
export function guarded<T>(
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
    return invalid('SLUICE_OBJECT_UNKNOWN', `${field} ${written} ${message}`, field, raw, options);
  }
  try {
    return decode(raw, served);
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    const path = fieldPath(raw, error.holder, error.key);
    return invalid('SLUICE_OBJECT_INVALID', `${path} ${error.message}`, path, raw, options, served);
  }
}

function malformed(why: string): InvalidObject {
  const message = `Not a Kubernetes object: ${why}; correct it, or move it out of the manifests.`;
  return { type: 'invalid', code: 'SLUICE_OBJECT_MALFORMED', message, path: '' };
}

function invalid(
  code: string,
  what: string,
  path: string,
  raw: Fields,
  options: DecodeOptions,
  served?: ServedKind,
): InvalidObject {
  const kind = shortened(raw['kind'] as string);
  const sentence = what.endsWith('?') ? what : `${what}.`;
  const metadata = isFields(raw['metadata']) ? raw['metadata'] : {};
  const { name, namespace } = metadata as { name?: unknown; namespace?: unknown };
  if (typeof name !== 'string' || name === '') {
    return { type: 'invalid', code, message: `${kind}: ${sentence}`, path };
  }
  const written = typeof namespace === 'string' && namespace !== '' ? namespace : undefined;
  const object = {
    kind,
    namespace: served?.scope === 'cluster' ? '' : shortened(written ?? options.defaultNamespace ?? 'default'),
    name: shortened(name),
  };
  const place = object.namespace === '' ? object.name : `${object.namespace}/${object.name}`;
  return { type: 'invalid', code, message: `${kind} ${place}: ${sentence}`, path, object };
}

/** Longest valid name; what is longer is not one, and a message must not grow with it. */
function shortened(text: string): string {
  return text.length > 253 ? `${text.slice(0, 253)}…` : text;
}
