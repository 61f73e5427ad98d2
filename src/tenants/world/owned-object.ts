import { type OwnedId, type OwnedKind, ownedId } from '../intent/objects.ts';
import { FIELD_MANAGER, MAPPING_LABEL, TENANT_ANNOTATION } from '../names.ts';

/** An object of the API that was made for a tenant, or stands where one is to be. */
export interface OwnedObject {
  readonly id: OwnedId;
  readonly kind: OwnedKind;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Whether its fields are ours, as the API server remembers. */
  readonly isOurs: boolean;
  /** Of the label; `''`: it has none. */
  readonly mapping: string;
  /** Of the annotation; `''`: it has none. */
  readonly tenant: string;
  readonly owners: readonly OwnerReference[];
  /** All of it, except for what the API server keeps for itself and the status. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

interface Raw {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly OwnerReference[];
    readonly managedFields?: readonly { readonly manager?: string; readonly operation?: string }[];
  };
}

/** As the API server sent it. */
export function readOwnedObject(kind: OwnedKind, raw: unknown): OwnedObject {
  const { metadata } = raw as Raw;
  const { name, namespace = '', uid = '', resourceVersion = '', managedFields = [] } = metadata;
  const { labels = {}, annotations = {}, ownerReferences = [] } = metadata;
  const { status: _, ...rest } = raw as Record<string, unknown>;
  return {
    id: ownedId(kind, namespace, name),
    kind,
    namespace,
    name,
    uid,
    resourceVersion,
    isOurs: managedFields.some(
      ({ manager, operation }) => manager === FIELD_MANAGER && operation === 'Apply',
    ),
    mapping: labels[MAPPING_LABEL] ?? '',
    tenant: annotations[TENANT_ANNOTATION] ?? '',
    owners: ownerReferences,
    fields: { ...rest, metadata: { labels, annotations, ownerReferences } },
  };
}

/** Whether all that is wanted is there: what is there besides, as defaults of the API are, does not count. */
export function holds(present: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted))
    return (
      Array.isArray(present) &&
      present.length === wanted.length &&
      wanted.every((each, index) => holds(present[index], each))
    );
  if (typeof wanted !== 'object' || wanted === null) return present === wanted;
  if (typeof present !== 'object' || present === null) return false;
  return Object.entries(wanted).every(([name, value]) =>
    holds((present as Record<string, unknown>)[name], value),
  );
}
