import { type Condition, condition } from '../../model/conditions.ts';
import { refOf } from '../../model/events.ts';
import type { ListenerModel, ParentListeners, ParentModel, RouteModel } from '../../model/gateway.ts';
import { GATEWAY_GROUP } from '../../model/kinds.ts';
import type { RouteGroupKind, UnservedRoute } from '../../model/objects.ts';
import type { Lookup } from '../lookup.ts';
import { includesKind } from '../parents/route-kinds.ts';
import { append, NONE } from '../values/append.ts';
import { invalidHostnames } from '../values/explain-hostname.ts';
import { attachToParent, isSelected, type Refusal } from './attachment.ts';
import { validHostnames } from './route-hostnames.ts';
import { ourParents } from './route-parents.ts';

/**
 * What a route of a kind that Sluice does not serve means: it claims no host and no parent accepts it, but the listeners
 * that it is attached to count it. An HTTP or HTTPS listener is accepted though no port is opened for it, and "successful
 * attachment of a Route to a Listener is based solely on the combination of the AllowedRoutes field on the corresponding
 * Listener and the Route's ParentRefs field". A listener may come twice. `undefined` where none of its parents is ours.
 */
export function evaluateUnservedRoute(route: UnservedRoute, lookup: Lookup): RouteModel | undefined {
  const ours = ourParents(route, lookup);
  if (ours.length === 0) return undefined;
  const { namespace, generation, creationTimestamp } = route.meta;
  const { hostnames, invalid } = validHostnames(route.hostnames);
  const kind = { group: GATEWAY_GROUP, kind: route.kind };
  const attaching = { kind, namespace, hostnames };
  // Hostnames that are all invalid must not become a route without hostnames, which matches everything.
  const hasNoHostname = hostnames.length === 0 && invalid.length > 0;
  const parents = ours.map(({ parentRef, parent }): ParentModel => {
    const refused = (refusal: Refusal, listeners: readonly ListenerModel[] = NONE): ParentModel => ({
      parentRef,
      accepted: false,
      conditions: [notAccepted(route.kind, refusal, generation)],
      attached: listeners.map(({ attachment }) => attachment),
    });
    if (hasNoHostname) {
      const message = `No hostname is valid: ${invalidHostnames(invalid)}.`;
      return refused({ reason: 'UnsupportedValue', message });
    }
    const { attachments, refusal } = attachToParent(attaching, parentRef, parent, lookup);
    if (refusal === undefined) {
      let listeners: readonly ListenerModel[] = NONE;
      for (const { listener } of attachments) listeners = append(listeners, listener);
      return refused(notServed(listeners), listeners);
    }
    if (refusal.reason === 'NoMatchingParent') return refused(refusal);
    const selected = parent.listeners.filter((listener) => isSelected(listener, parentRef));
    const isKindTaken = selected.some(({ allowedKinds }) => includesKind(allowedKinds, kind));
    if (!isKindTaken) return refused(notAllowed(kind, parent));
    // Listeners of a protocol and mode that do not go together.
    return refused(refusal.reason === 'UnsupportedValue' ? notServed(selected) : refusal);
  });
  return { ref: refOf(route), generation, creationTimestamp, parents, claims: [] };
}

function notServed(listeners: readonly ListenerModel[]): Refusal {
  const protocols = [...new Set(listeners.map(({ protocol }) => protocol))].sort().join(' or ');
  const message = `Sluice opens no port for a listener with protocol ${protocols}.`;
  return { reason: 'UnsupportedValue', message };
}

/** "The Gateway has no Listener whose allowedRoutes criteria permit the route." */
function notAllowed({ kind }: RouteGroupKind, { ref }: ParentListeners): Refusal {
  const message = `No listener of the ${ref.kind} that the parentRef selects takes routes of kind ${kind}.`;
  return { reason: 'NotAllowedByListeners', message };
}

function notAccepted(kind: string, { reason, message }: Refusal, generation: number): Condition {
  const advice = `Sluice passes TLS through and serves no ${kind}: write a TLSRoute, or name a Gateway of another controller.`;
  return condition('Accepted', false, reason, `${message} ${advice}`, generation);
}
