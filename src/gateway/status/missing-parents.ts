import { condition } from '../../model/conditions.ts';
import type { TlsRoute } from '../../model/objects.ts';
import type { Evaluated } from './evaluated.ts';
import type { ParentStatus } from './status.ts';

/**
 * The parents of a route that are in none of the manifests. A controller leaves such a route alone, because the Gateway may be
 * another's; who asks what becomes of these manifests wants to hear of it.
 */
export function missingParents({ world }: Evaluated, route: TlsRoute): readonly ParentStatus[] {
  const { namespace: own, generation } = route.meta;
  return route.parentRefs
    .filter(({ kind, namespace, name }) => {
      if (kind !== 'Gateway' && kind !== 'ListenerSet') return false;
      return world.get(kind, namespace ?? own, name) === undefined;
    })
    .map((parentRef) => {
      const { kind, namespace, name } = parentRef;
      const message = `There is no ${kind} ${namespace ?? own}/${name}; add its manifest or correct the parentRef.`;
      const conditions = [condition('Accepted', false, 'NoMatchingParent', message, generation)];
      return { parentRef, accepted: false, conditions, attached: [] };
    });
}
