/** Only set where something is wrong: conditions of our own, as the Gateway API has none for annotations and endpoints. */
export const POLICY_CONDITION = 'sluice.dev/PolicyAccepted';
export const ENDPOINTS_CONDITION = 'sluice.dev/EndpointsAccepted';
/** Set where Envoy rejected what a host of the route is made of. */
export const PROGRAMMED_CONDITION = 'sluice.dev/Programmed';
/** Always set: whether connections to the hosts of a route are sent anywhere. The Gateway API says only that its references are right. */
export const SERVING_CONDITION = 'sluice.dev/Serving';

/** Of an Ingress: annotations of other controllers that have no effect here. Worth telling, and nothing is wrong. */
export const ANNOTATIONS_CONDITION = 'sluice.dev/AnnotationsIgnored';

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
  ANNOTATIONS_CONDITION,
  PROGRAMMED_CONDITION,
  SERVING_CONDITION,
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

/** Whether a condition tells of something that is not wrong, and that nobody would guess. */
export function isNotice({ type }: { readonly type: string }): boolean {
  return type === ANNOTATIONS_CONDITION;
}

/** Whether a condition says that something is wrong. */
export function isBadNews({ type, status }: { readonly type: string; readonly status: string }): boolean {
  if (isNotice({ type })) return false;
  return status === ((BAD_IF_TRUE as readonly string[]).includes(type) ? 'True' : 'False');
}
