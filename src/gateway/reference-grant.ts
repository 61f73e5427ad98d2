import type { Lookup } from './lookup.ts';

/** One side of a reference across namespaces, as a ReferenceGrant names it. */
export interface GrantFrom {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
}

export interface GrantTo {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/**
 * Whether `from` may refer to `to`. A reference within a namespace needs no grant. Otherwise a ReferenceGrant in
 * the namespace of `to` must list both: "each entry in From and To is OR'ed", and a `to` without a name
 * "will refer to all resources of the specified Group and Kind in the local namespace".
 */
export function isReferencePermitted(from: GrantFrom, to: GrantTo, lookup: Lookup): boolean {
  if (from.namespace === to.namespace) return true;
  return lookup
    .referenceGrants(to.namespace)
    .some(
      (grant) =>
        grant.from.some(
          (entry) =>
            entry.group === from.group && entry.kind === from.kind && entry.namespace === from.namespace,
        ) &&
        grant.to.some(
          (entry) =>
            entry.group === to.group &&
            entry.kind === to.kind &&
            (entry.name === undefined || entry.name === to.name),
        ),
    );
}
