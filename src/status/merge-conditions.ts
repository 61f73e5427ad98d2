import { CONDITION_TYPES, type Condition } from '../model/conditions.ts';

/** A condition as the API holds it. */
export interface PresentCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
  readonly lastTransitionTime: string;
}

/** A condition of any other type is another controller's and stays as it is. */
const OUR_TYPES: ReadonlySet<string> = new Set(CONDITION_TYPES);

/** What a write changes about a condition, for events. */
export interface Transition {
  readonly condition: Condition;
  /** `undefined`: there was no such condition. */
  readonly before: PresentCondition | undefined;
}

export interface MergedConditions {
  readonly conditions: readonly PresentCondition[];
  readonly transitions: readonly Transition[];
}

/**
 * The conditions to write. Those of other controllers keep their place; ours keep theirs, and their
 * lastTransitionTime unless the status itself differs. Conditions of ours that no longer apply go.
 * `now` is RFC 3339 in UTC and whole seconds.
 */
export function mergeConditions(
  present: readonly PresentCondition[],
  desired: readonly Condition[],
  now: string,
): MergedConditions {
  const wanted = new Map<string, Condition>(desired.map((condition) => [condition.type, condition]));
  const conditions: PresentCondition[] = [];
  const transitions: Transition[] = [];
  const put = (condition: Condition, before: PresentCondition | undefined): void => {
    const unchanged = before?.status === condition.status;
    conditions.push({ ...condition, lastTransitionTime: unchanged ? before.lastTransitionTime : now });
    if (!unchanged || before.reason !== condition.reason || before.message !== condition.message)
      transitions.push({ condition, before });
  };
  for (const before of present) {
    const condition = wanted.get(before.type);
    if (condition !== undefined) put(condition, before);
    else if (!OUR_TYPES.has(before.type)) conditions.push(before);
    wanted.delete(before.type);
  }
  for (const condition of wanted.values()) put(condition, undefined);
  return { conditions, transitions };
}

/** Whether what is there was written by somebody who has seen a newer object than the one that we evaluated. */
export function isNewer(present: readonly PresentCondition[], desired: readonly Condition[]): boolean {
  return desired.some((condition) =>
    present.some(
      ({ type, observedGeneration }) =>
        type === condition.type && (observedGeneration ?? 0) > condition.observedGeneration,
    ),
  );
}

/**
 * While not all Envoys have had the time to connect: a Programmed that is True for this generation stays, where all
 * that speaks against it is that no Envoy has acknowledged it yet.
 */
export function keepProgrammed(
  present: readonly PresentCondition[],
  desired: readonly Condition[],
): readonly Condition[] {
  return desired.map((condition) => {
    if (condition.type !== 'Programmed' || condition.status !== 'False' || condition.reason !== 'Pending')
      return condition;
    const before = present.find(({ type }) => type === 'Programmed');
    if (before?.status !== 'True' || before.observedGeneration !== condition.observedGeneration)
      return condition;
    return { ...condition, status: 'True', reason: before.reason, message: before.message };
  });
}

/** Reads the conditions of an API object; what is not a condition is left out. */
export function presentConditions(value: unknown): readonly PresentCondition[] {
  if (!Array.isArray(value)) return [];
  return value.filter(
    (entry): entry is PresentCondition =>
      typeof entry === 'object' && entry !== null && typeof (entry as { type?: unknown }).type === 'string',
  );
}
