import type { ParentListeners } from '../../model/gateway.ts';
import { GATEWAY_GROUP } from '../../model/kinds.ts';
import type { ObjectMeta, ParentReference } from '../../model/objects.ts';
import type { Lookup } from '../lookup.ts';
import { append, NONE } from '../values/append.ts';

/** The API allows this many parentRefs; a directory of manifests has no API server that would refuse more. */
export const MAX_PARENTS = 32;

export interface OurParent {
  readonly parentRef: ParentReference;
  readonly parent: ParentListeners;
}

/** The Gateways and ListenerSets of ours that a route refers to, in its order. */
export function ourParents(
  route: { readonly meta: ObjectMeta; readonly parentRefs: readonly ParentReference[] },
  lookup: Lookup,
): readonly OurParent[] {
  let ours: readonly OurParent[] = NONE;
  for (const parentRef of route.parentRefs) {
    if (ours.length === MAX_PARENTS) break;
    const parent = parentOf(parentRef, route.meta.namespace, lookup);
    if (parent !== undefined) ours = append(ours, { parentRef, parent });
  }
  return ours;
}

function parentOf(
  { group, kind, namespace, name }: ParentReference,
  ownNamespace: string,
  lookup: Lookup,
): ParentListeners | undefined {
  if (group !== GATEWAY_GROUP) return undefined;
  if (kind === 'Gateway') return lookup.gateway(namespace ?? ownNamespace, name);
  return kind === 'ListenerSet' ? lookup.listenerSet(namespace ?? ownNamespace, name) : undefined;
}
