/** Why a tenant is not exposed, or not all of it; told in its condition and as an Event. */
export interface Problem {
  /** Stable, in docs/errors.md. */
  readonly code: string;
  /** Of the condition; CamelCase, stable. */
  readonly reason: string;
  readonly message: string;
}

const REASONS = {
  SLUICE_TENANT_NO_ENDPOINT: 'NoEndpoint',
  SLUICE_TENANT_ENDPOINT_INVALID: 'EndpointInvalid',
  SLUICE_TENANT_ENDPOINT_REFUSED: 'EndpointRefused',
  SLUICE_TENANT_NAME_UNRESOLVED: 'NameUnresolved',
  SLUICE_TENANT_HOST_INVALID: 'HostInvalid',
  SLUICE_TENANT_HOST_TAKEN: 'HostTaken',
  SLUICE_TENANT_OBJECT_INVALID: 'ObjectInvalid',
  SLUICE_TENANT_OBJECT_TAKEN: 'ObjectTaken',
  SLUICE_TENANT_EXPRESSION: 'ExpressionFailed',
  SLUICE_TENANT_FORBIDDEN: 'Forbidden',
  SLUICE_TENANT_REFUSED: 'WriteRefused',
  SLUICE_TENANT_CONTENDED: 'Contended',
  SLUICE_TENANT_NO_ROUTE_KIND: 'NoRouteKind',
} as const;

export type ProblemCode = keyof typeof REASONS;

export function problem(code: ProblemCode, message: string): Problem {
  return { code, reason: REASONS[code], message };
}
