import type { ListenerRef } from '../../model/gateway.ts';
import { GATEWAY_GROUP } from '../../model/kinds.ts';
import type { CountedRoute } from '../../model/objects.ts';
import type { Lookup } from '../lookup.ts';
import { attachToParent } from './attachment.ts';
import { validHostnames } from './route-hostnames.ts';
import { ourParents } from './route-parents.ts';

/**
 * The listeners that count a route of a kind that Sluice does not serve. An HTTP or HTTPS listener is accepted though
 * no port is opened for it, and "successful attachment of a Route to a Listener is based solely on the combination of
 * the AllowedRoutes field on the corresponding Listener and the Route's ParentRefs field". A listener may come twice.
 */
export function countedAttachments(route: CountedRoute, lookup: Lookup): readonly ListenerRef[] {
  const { hostnames, invalid } = validHostnames(route.hostnames);
  // Hostnames that are all invalid must not become a route without hostnames, which matches everything.
  if (hostnames.length === 0 && invalid.length > 0) return [];
  const attaching = {
    kind: { group: GATEWAY_GROUP, kind: route.kind },
    namespace: route.meta.namespace,
    hostnames,
  };
  return ourParents(route, lookup).flatMap(({ parentRef, parent }) =>
    attachToParent(attaching, parentRef, parent, lookup).attachments.map(
      ({ listener }) => listener.attachment,
    ),
  );
}
