/** Fields of an object as it was written: whatever is not of the expected type counts as not there. */
export type Fields = Readonly<Record<string, unknown>>;

/** An object of any kind as the API or a file gives it, with the metadata that every object has. */
export interface RawObject {
  readonly apiVersion: string;
  readonly kind: string;
  /** `''` for what is in no namespace. */
  readonly namespace: string;
  readonly name: string;
  /** RFC 3339; `''` where it is not known, as in files. */
  readonly created: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly fields: Fields;
}

/** Reads the metadata of an object; `undefined` for what is none, or has no name. */
export function rawObject(value: unknown, defaultNamespace = 'default'): RawObject | undefined {
  const fields = fieldsOf(value);
  const metadata = fieldsOf(fields['metadata']);
  const [apiVersion, kind, name] = [fields['apiVersion'], fields['kind'], metadata['name']].map(textOf);
  if (apiVersion === undefined || kind === undefined || name === undefined) return undefined;
  return {
    apiVersion,
    kind,
    namespace: CLUSTER_KINDS.has(kind) ? '' : (textOf(metadata['namespace']) ?? defaultNamespace),
    name,
    created: textOf(metadata['creationTimestamp']) ?? '',
    labels: textsOf(metadata['labels']),
    annotations: textsOf(metadata['annotations']),
    fields,
  };
}

const CLUSTER_KINDS: ReadonlySet<string> = new Set(['IngressClass', 'GatewayClass', 'Namespace', 'Node']);

export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

export function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

/** A text that is not empty. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) ? value : undefined;
}

/** A map of texts, without what is no text. */
export function textsOf(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(fieldsOf(value)).filter(([, each]) => typeof each === 'string');
  return Object.fromEntries(entries) as Record<string, string>;
}

/** `Ingress shop/web`. */
export function titleOf({ kind, namespace, name }: Pick<RawObject, 'kind' | 'namespace' | 'name'>): string {
  return namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}
