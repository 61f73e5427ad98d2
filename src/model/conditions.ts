/** A Kubernetes condition without its transition time, which only the writer knows. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  /** CamelCase, stable. */
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
}

export function condition(
  type: string,
  status: boolean,
  reason: string,
  message: string,
  observedGeneration: number,
): Condition {
  return { type, status: status ? 'True' : 'False', reason, message, observedGeneration };
}

/** Of these types `True` is the bad news. */
const BAD_IF_TRUE: ReadonlySet<string> = new Set(['PartiallyInvalid', 'Conflicted', 'OverlappingTLSConfig']);

/** Whether a condition says that something is wrong; one that is not known yet does not. */
export function isBad({ type, status }: { readonly type: string; readonly status: string }): boolean {
  return BAD_IF_TRUE.has(type) ? status === 'True' : status === 'False';
}
