/** Only set where something is wrong: conditions of our own, as the Gateway API has none for annotations and endpoints. */
export const POLICY_CONDITION = 'sluice.dev/PolicyAccepted';
export const ENDPOINTS_CONDITION = 'sluice.dev/EndpointsAccepted';

/** Of these types `True` is the bad news. */
const BAD_IF_TRUE = ['PartiallyInvalid', 'Conflicted', 'OverlappingTLSConfig'] as const;

/** Conditions that Sluice sets somewhere; any other type is another controller's. */
export const CONDITION_TYPES = [
  'Accepted',
  'Programmed',
  'ResolvedRefs',
  ...BAD_IF_TRUE,
  POLICY_CONDITION,
  ENDPOINTS_CONDITION,
] as const;

export type ConditionType = (typeof CONDITION_TYPES)[number];

/** A Kubernetes condition without its transition time, which only the writer knows. */
export interface Condition {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  /** CamelCase, stable. */
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
}

export function condition(
  type: ConditionType,
  status: boolean,
  reason: string,
  message: string,
  observedGeneration: number,
): Condition {
  return { type, status: status ? 'True' : 'False', reason, message, observedGeneration };
}

/** Whether a condition says that something is wrong. */
export function isBadNews({ type, status }: { readonly type: string; readonly status: string }): boolean {
  return status === ((BAD_IF_TRUE as readonly string[]).includes(type) ? 'True' : 'False');
}
