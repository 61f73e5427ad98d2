import type { ListenerModel, ParentListeners } from '../../model/gateway.ts';
import { clauses } from '../values/listing.ts';

/** Why a listener that takes a route is not served, in its own words. */
export function unservedListener(
  { name, conditions }: ListenerModel,
  parent: Pick<ParentListeners, 'ref' | 'conditions'>,
): string {
  const why = [...conditions, ...parent.conditions].find(
    ({ type, status }) => (type === 'Accepted' || type === 'Programmed') && status !== 'True',
  );
  const { kind, namespace, name: parentName } = parent.ref;
  const reason = why?.message.replace(/\.$/, '') ?? 'it is bound nowhere';
  return `listener ${name} of ${kind} ${namespace}/${parentName} is not served: ${reason}`;
}

/**
 * What the owner of a route is told whose listeners are all not served. "Listener or Route status does not impact successful
 * attachment": the route is accepted, and who publishes names of accepted routes publishes one that is closed.
 */
export function unservedRoute(
  listeners: readonly ListenerModel[],
  parent: Pick<ParentListeners, 'ref' | 'conditions'>,
): string {
  const reasons = listeners.map((listener) => unservedListener(listener, parent));
  return `The route is accepted, but none of its listeners is served: ${clauses(reasons)}.`;
}
