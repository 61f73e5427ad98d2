import { READ_ANNOTATIONS } from '../../model/annotations.ts';
import type { Scope } from '../../model/kinds.ts';
import { GATEWAY_NODE_LABEL, NAMESPACE_NAME_LABEL } from '../../model/names.ts';
import type { ObjectMeta } from '../../model/objects.ts';
import { Recent } from '../../model/recent.ts';
import type { Fields } from './fields.ts';
import {
  FieldError,
  optionalFields,
  optionalString,
  requiredFields,
  requiredString,
  stringMap,
} from './fields.ts';

/** The names of the annotations that are kept, by kind. */
const KEPT_ANNOTATIONS: ReadonlyMap<string, readonly string[]> = new Map(
  (['TLSRoute', 'Ingress', 'Gateway', 'Namespace'] as const).map((kind) => [
    kind,
    READ_ANNOTATIONS.filter(({ kinds }) => kinds.includes(kind)).map(({ name }) => name),
  ]),
);

/** Longest value, in characters, of an annotation that is read: no value that means something comes near. */
const MAX_ANNOTATION = 1024;

const EMPTY: Readonly<Record<string, string>> = Object.freeze({});

/** Kinds of which nobody asks since when they are there, or whether one is the same as before. There are most of them. */
const KNOWN_BY_NAME: ReadonlySet<string> = new Set(['Service', 'EndpointSlice', 'Namespace', 'Node']);

const namespaces = new Recent<string>((a, b) => a === b);

/** Names of objects, as Kubernetes has them: DNS subdomains, of a single label for some kinds. */
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const MAX_SUBDOMAIN = 253;
const MAX_LABEL = 63;

export function readAnnotations(kind: string): readonly string[] {
  return KEPT_ANNOTATIONS.get(kind) ?? [];
}

/** The metadata of an object; the uid and the generation of a manifest, which has none, are for the source to set. */
export function decodeMeta(raw: Fields, kind: string, scope: Scope, defaultNamespace: string): ObjectMeta {
  const metadata = requiredFields(raw, 'metadata');
  const name = decodeName(metadata, kind);
  const isKnownByName = KNOWN_BY_NAME.has(kind);
  const uid = isKnownByName ? '' : metadata['uid'];
  const generation = isKnownByName ? 0 : metadata['generation'];
  return {
    namespace: scope === 'cluster' ? '' : namespaces.share(decodeNamespace(metadata, defaultNamespace)),
    name,
    uid: typeof uid === 'string' ? uid : '',
    generation: typeof generation === 'number' && Number.isSafeInteger(generation) ? generation : 0,
    creationTimestamp: isKnownByName ? '' : decodeTimestamp(metadata['creationTimestamp']),
    // The API server sets this label on every Namespace; a manifest may lack it.
    labels: decodeLabels(metadata, kind, name),
    annotations: decodeAnnotations(metadata, kind),
  };
}

/** The labels that are kept: all of a Namespace, for selectors, and of a Node the one that is read. */
function decodeLabels(metadata: Fields, kind: string, name: string): Readonly<Record<string, string>> {
  if (kind === 'Namespace') {
    // The API server sets this label on every Namespace; a manifest may lack it.
    return { ...stringMap(metadata, 'labels'), [NAMESPACE_NAME_LABEL]: name };
  }
  if (kind !== 'Node') return EMPTY;
  const role = stringMap(metadata, 'labels')[GATEWAY_NODE_LABEL];
  return role === undefined ? EMPTY : { [GATEWAY_NODE_LABEL]: role };
}

function decodeName(metadata: Fields, kind: string): string {
  if (
    (metadata['name'] ?? undefined) === undefined &&
    (metadata['generateName'] ?? undefined) !== undefined
  ) {
    throw new FieldError(metadata, 'name', 'is required; generateName needs an API server');
  }
  const name = requiredString(metadata, 'name');
  // The API server checks a Service's port names and the like; what the name itself must be is checked here,
  // because keys of objects are made of it.
  const isLabel = kind === 'Namespace' || kind === 'Service';
  if (!isName(name, isLabel)) throw new FieldError(metadata, 'name', nameExpectation(isLabel));
  return name;
}

function decodeNamespace(metadata: Fields, defaultNamespace: string): string {
  const namespace = optionalString(metadata, 'namespace');
  if (namespace === undefined || namespace === '') return defaultNamespace;
  if (!isName(namespace, true)) throw new FieldError(metadata, 'namespace', nameExpectation(true));
  return namespace;
}

function isName(name: string, isLabel: boolean): boolean {
  if (name.length > (isLabel ? MAX_LABEL : MAX_SUBDOMAIN)) return false;
  return SUBDOMAIN.test(name) && !(isLabel && name.includes('.'));
}

function nameExpectation(isLabel: boolean): string {
  const [what, length] = isLabel ? ['"-"', MAX_LABEL] : ['"-" and "."', MAX_SUBDOMAIN];
  return `must be 1 to ${length} of a-z, 0-9, ${what}, with a letter or digit at both ends`;
}

function decodeAnnotations(metadata: Fields, kind: string): Readonly<Record<string, string>> {
  const read = KEPT_ANNOTATIONS.get(kind);
  const annotations = read && optionalFields(metadata, 'annotations');
  if (read === undefined || annotations === undefined) return EMPTY;
  let kept: Record<string, string> | undefined;
  for (const name of read) {
    if (!Object.hasOwn(annotations, name)) continue;
    const value = optionalString(annotations, name);
    if (value === undefined) continue;
    if (value.length > MAX_ANNOTATION) {
      throw new FieldError(annotations, name, `must have at most ${MAX_ANNOTATION} characters`);
    }
    kept ??= {};
    kept[name] = value;
  }
  return kept ?? EMPTY;
}

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;
const CANONICAL_LENGTH = '2026-01-01T00:00:00Z'.length;

/** RFC 3339 in UTC and whole seconds, as the API server writes it, so that text compares as time does. */
function decodeTimestamp(value: unknown): string {
  if (typeof value !== 'string' || value.length > 40 || !RFC_3339.test(value)) return '';
  const time = Date.parse(value);
  if (Number.isNaN(time)) return '';
  if (value.length === CANONICAL_LENGTH) return value;
  const text = new Date(time).toISOString();
  // A time zone may lead out of the years of four digits.
  return text.length === 24 ? `${text.slice(0, 19)}Z` : '';
}
