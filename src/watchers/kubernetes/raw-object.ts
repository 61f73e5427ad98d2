import { type NamespacedName, namespacedName } from '../../model/key.ts';

/** An object as the API sent it, of which nothing but its identity and version has been checked. */
export interface RawObject {
  apiVersion?: unknown;
  kind?: unknown;
  readonly metadata: {
    readonly name: string;
    /** Absent on cluster-scoped kinds. */
    readonly namespace?: string;
    /** Grows with every change of any object of the kind. */
    readonly resourceVersion: string;
  };
}

export function isRawObject(value: unknown): value is RawObject {
  if (typeof value !== 'object' || value === null || !('metadata' in value)) return false;
  const { metadata } = value;
  if (typeof metadata !== 'object' || metadata === null) return false;
  const { name, namespace, resourceVersion } = metadata as Record<string, unknown>;
  return (
    typeof name === 'string' &&
    name !== '' &&
    typeof resourceVersion === 'string' &&
    resourceVersion !== '' &&
    (namespace === undefined || typeof namespace === 'string')
  );
}

/** `namespace/name`; `/name` for a cluster-scoped object. */
export function rawKey(object: RawObject): NamespacedName {
  return namespacedName(object.metadata.namespace ?? '', object.metadata.name);
}

/**
 * Whether `version` is older than `than`. Resource versions of Kubernetes are decimal numbers that can be compared
 * since 1.35, and have always been in fact; false where either is none.
 */
export function isOlder(version: string, than: string): boolean {
  if (!/^\d+$/.test(version) || !/^\d+$/.test(than)) return false;
  return BigInt(version) < BigInt(than);
}
