import type { GatewayModel } from '../model/gateway.ts';
import type { ObjectMeta, ParentReference } from '../model/objects.ts';
import { append, NONE } from './append.ts';
import type { Lookup } from './lookup.ts';
import { GATEWAY_GROUP } from './route-kinds.ts';

/** The API allows this many parentRefs; a directory of manifests has no API server that would refuse more. */
export const MAX_PARENTS = 32;

export interface OurParent {
  readonly parentRef: ParentReference;
  readonly gateway: GatewayModel;
}

/** The Gateways of ours that a route refers to, in its order. */
export function ourParents(
  route: { readonly meta: ObjectMeta; readonly parentRefs: readonly ParentReference[] },
  lookup: Lookup,
): readonly OurParent[] {
  let ours: readonly OurParent[] = NONE;
  for (const parentRef of route.parentRefs) {
    if (ours.length === MAX_PARENTS) break;
    if (parentRef.group !== GATEWAY_GROUP || parentRef.kind !== 'Gateway') continue;
    const gateway = lookup.gateway(parentRef.namespace ?? route.meta.namespace, parentRef.name);
    if (gateway !== undefined) ours = append(ours, { parentRef, gateway });
  }
  return ours;
}
