import type { Kind } from './objects.ts';

declare const brand: unique symbol;

/** `kind/namespace/name`: no two objects share it, for names hold no slash. Made by `objectKey` alone. */
export type ObjectKey = string & { readonly [brand]: 'ObjectKey' };

/** `namespace/name`: the key of an object within its kind. */
export type NamespacedName = string & { readonly [brand]: 'NamespacedName' };

/** What an evaluation has read: an object, or something that is computed. */
export type DependencyKey = ObjectKey | (string & { readonly [brand]: 'DependencyKey' });

/**
 * Parts of a key, joined by slashes, for keys that are kept for each of tens of thousands of objects. V8 makes of
 * `${a}/${b}` a tree of its parts, of 32 bytes for each, which lives as long as the key; of `join` the text alone.
 */
export function joinedKey(...parts: readonly string[]): string {
  return parts.join('/');
}

/** `namespace`: `''` where the kind is cluster-scoped. */
export function objectKey({ kind, namespace, name }: ReturnType<typeof parseObjectKey>): ObjectKey {
  return joinedKey(kind, namespace, name) as ObjectKey;
}

export function namespacedName(namespace: string, name: string): NamespacedName {
  return joinedKey(namespace, name) as NamespacedName;
}

/** The key of an object of this kind. */
export function objectKeyOf(kind: Kind, name: NamespacedName): ObjectKey {
  return `${kind}/${name}` as ObjectKey;
}

export function parseObjectKey(key: ObjectKey): {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
} {
  const [first, second] = [key.indexOf('/'), key.lastIndexOf('/')];
  return {
    kind: key.slice(0, first) as Kind,
    namespace: key.slice(first + 1, second),
    name: key.slice(second + 1),
  };
}

export function parseNamespacedName(key: NamespacedName): {
  readonly namespace: string;
  readonly name: string;
} {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** Without taking the key apart: it is asked of every dependent of a Gateway. */
export function isOfKind(key: ObjectKey, kind: Kind): boolean {
  return key.startsWith(kind) && key[kind.length] === '/';
}

/** The key of an object within its kind. */
export function withinKind(key: ObjectKey): NamespacedName {
  return key.slice(key.indexOf('/') + 1) as NamespacedName;
}

/** Dependency key of a Gateway as evaluated, or of a ListenerSet. */
export function modelDependency(kind: 'Gateway' | 'ListenerSet', name: NamespacedName): DependencyKey {
  return `${kind}Model/${name}` as DependencyKey;
}

/** Dependency key of who is served on a port of a Gateway under a hostname, or under one that `hostnameAsked` makes the same. */
export function listenerDependency(gateway: NamespacedName, port: number, hostname: string): DependencyKey {
  return `ListenerOn/${gateway}/${port}/${hostnameAsked(hostname)}` as DependencyKey;
}

/** Labels of a hostname that tell apart who asked for it. */
const LABELS = 8;

/**
 * A hostname, or what it shares with all that have more labels and end alike: a name may have 126 of them, and a route asks for each
 * suffix of each of its hosts.
 */
export function hostnameAsked(hostname: string): string {
  let dot = hostname.length;
  for (let labels = 0; labels < LABELS; labels += 1) {
    dot = hostname.lastIndexOf('.', dot - 1);
    if (dot <= 0) return hostname;
  }
  return `…${hostname.slice(dot)}`;
}

/** Dependency key of all ReferenceGrants of a namespace. */
export function grantsDependency(namespace: string): DependencyKey {
  return `ReferenceGrant/${namespace}` as DependencyKey;
}

/** Dependency key of "which IngressClass is the default". */
export const DEFAULT_INGRESS_CLASS = 'IngressClass//' as DependencyKey;
