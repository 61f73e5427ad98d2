import { type Condition, isBadNews, isNotice } from '../../model/conditions.ts';
import type { ObjectRef } from '../../model/events.ts';
import type { ParentListeners } from '../../model/gateway.ts';
import { objectKey } from '../../model/key.ts';
import type { Evaluated } from './evaluated.ts';

/** All conditions of a Gateway, a ListenerSet or a route, those of listeners and parents among them; none where it is not ours. */
export function conditionsOf(evaluated: Evaluated, ref: ObjectRef): readonly Condition[] {
  switch (ref.kind) {
    case 'Gateway':
      return ofParent(evaluated.gateway(ref.namespace, ref.name));
    case 'ListenerSet':
      return ofParent(evaluated.listenerSet(ref.namespace, ref.name));
    default: {
      const key = objectKey(ref);
      if (evaluated.route(key) === undefined) return [];
      return evaluated.routeStatus(key).flatMap(({ conditions }) => conditions);
    }
  }
}

/** The conditions of an object that say that something is wrong, and what else its owner would not guess. */
export function badConditions(evaluated: Evaluated, ref: ObjectRef): readonly Condition[] {
  return badConditionsAmong(conditionsOf(evaluated, ref));
}

/** As `badConditions`, of all conditions of an object. */
export function badConditionsAmong(conditions: readonly Condition[]): readonly Condition[] {
  return [...badNews(conditions), ...conditions.filter(isNotice)];
}

/** The bad news among conditions. Several may have one cause and say it in the same words: the first one counts. */
export function badNews(conditions: readonly Condition[]): readonly Condition[] {
  const bad = conditions.filter(isBadNews);
  return bad.filter(({ message }, index) => bad.findIndex((each) => each.message === message) === index);
}

function ofParent(parent: ParentListeners | undefined): readonly Condition[] {
  if (parent === undefined) return [];
  return [...parent.conditions, ...parent.listeners.flatMap(({ conditions }) => conditions)];
}
