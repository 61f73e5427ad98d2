import { BUILT_IN, EXPERIMENTAL, NODES, STANDARD } from './gen/schemas.ts';

/** The Gateway API's CRDs come in two channels, of which a cluster has one. */
export type Channel = 'standard' | 'experimental';

/**
 * What an API server checks a value against, with the keywords of OpenAPI; other schemas by their index in `NODES`. A
 * schema without any keyword takes everything.
 */
export interface SchemaNode {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly format?: string;
  /** A whole number or a string, whatever `type` says. */
  readonly intOrString?: true;
  readonly nullable?: boolean;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  /** In characters of Unicode. */
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, number>>;
  readonly required?: readonly string[];
  /** Of the values of a map, which has no `properties`. */
  readonly values?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly items?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  /** No two entries of the list are equal. */
  readonly isSet?: true;
  /** No two entries of the list are equal in all of these. */
  readonly listKeys?: readonly string[];
  readonly oneOf?: readonly number[];
  readonly anyOf?: readonly number[];
  readonly not?: number;
  /** In the Common Expression Language, of `self`; `message` says what is wrong where one is false. */
  readonly rules?: readonly { readonly rule: string; readonly message: string }[];
}

const ANYTHING: SchemaNode = {};

export function nodeAt(index: number | undefined): SchemaNode {
  return (index === undefined ? undefined : NODES[index]) ?? ANYTHING;
}

/** Of a kind of Kubernetes itself, the types alone: what else it checks, it does so in Go. */
export function builtInSchema(apiVersion: string, kind: string): SchemaNode | undefined {
  return at(BUILT_IN, apiVersion, kind);
}

/** `undefined` where the CRDs of this channel do not serve the version, or the kind. */
export function crdSchema(channel: Channel, apiVersion: string, kind: string): SchemaNode | undefined {
  return at(channel === 'standard' ? STANDARD : EXPERIMENTAL, apiVersion, kind);
}

/** Whether the CRDs of any channel have the kind in any version. */
export function isCrdKind(kind: string): boolean {
  return Object.keys(EXPERIMENTAL).some((name) => name.endsWith(` ${kind}`));
}

function at(
  roots: Readonly<Record<string, number>>,
  apiVersion: string,
  kind: string,
): SchemaNode | undefined {
  const name = `${apiVersion} ${kind}`;
  const index = Object.hasOwn(roots, name) ? roots[name] : undefined;
  return index === undefined ? undefined : NODES[index];
}
