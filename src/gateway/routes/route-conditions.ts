import type { Condition } from '../../model/conditions.ts';
import { condition } from '../../model/conditions.ts';

/** The conditions of a route for one parent before contention, each already decided. */
export interface DecidedConditions {
  readonly accepted: Condition;
  readonly resolvedRefs: Condition;
  /** What of an accepted route is not followed. */
  readonly dropped: readonly string[];
  readonly policy: Condition | undefined;
}

/**
 * Nearly all of tens of thousands of routes have the same conditions of the same few generations. They are
 * immutable, so one object serves them all: less memory, and comparing two evaluations stops at identity.
 */
interface CommonConditions {
  readonly accepted: Condition;
  readonly resolvedRefs: Condition;
  readonly both: readonly Condition[];
}

const SHARED_GENERATIONS = 16;

const shared: readonly CommonConditions[] = Array.from({ length: SHARED_GENERATIONS }, (_, generation) =>
  commonConditions(generation),
);

function commonConditions(generation: number): CommonConditions {
  const accepted = condition('Accepted', true, 'Accepted', 'The route is accepted.', generation);
  const resolvedRefs = condition(
    'ResolvedRefs',
    true,
    'ResolvedRefs',
    'All backends are resolved.',
    generation,
  );
  return { accepted, resolvedRefs, both: [accepted, resolvedRefs] };
}

export function routeAccepted(generation: number): Condition {
  return (shared[generation] ?? commonConditions(generation)).accepted;
}

export function routeResolved(generation: number): Condition {
  return (shared[generation] ?? commonConditions(generation)).resolvedRefs;
}

/** "The message for this condition MUST start with the prefix `Dropped Rule`." */
export function droppedMessage(parts: readonly string[]): string {
  return `Dropped Rule: the route is accepted, but ${parts.join('; ')}.`;
}

export function routeConditions(decided: DecidedConditions, generation: number): readonly Condition[] {
  const { accepted, resolvedRefs, dropped, policy } = decided;
  const common = shared[generation];
  if (accepted === common?.accepted && resolvedRefs === common.resolvedRefs) {
    if (dropped.length === 0 && policy === undefined) return common.both;
  }
  const conditions = [accepted, resolvedRefs];
  if (dropped.length > 0) {
    const message = droppedMessage(dropped);
    conditions.push(condition('PartiallyInvalid', true, 'UnsupportedValue', message, generation));
  }
  if (policy !== undefined) conditions.push(policy);
  return conditions;
}
