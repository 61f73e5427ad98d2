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
