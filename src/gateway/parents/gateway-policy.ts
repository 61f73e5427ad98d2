import { CLOSE_ON_DELETE_ANNOTATION, WILDCARD_CLAIMS_ANNOTATION } from '../../model/annotations.ts';
import { type Condition, condition, POLICY_CONDITION } from '../../model/conditions.ts';
import { WILDCARD_CLAIMS, type WildcardClaims } from '../../model/gateway.ts';
import type { Gateway } from '../../model/objects.ts';
import type { GatewayConfig } from '../config.ts';
import { listing } from '../values/listing.ts';

/** What the annotations of a Gateway say for all of its routes, else the operator's flags. */
export interface GatewayPolicy {
  readonly wildcardClaims: WildcardClaims;
  /** For routes that do not say. */
  readonly closeOnDelete: boolean;
  /** What of the annotations is not followed; `undefined` where everything is. */
  readonly condition: Condition | undefined;
}

export function gatewayPolicy({ meta }: Gateway, config: GatewayConfig): GatewayPolicy {
  const problems: string[] = [];
  const read = <T>(name: string, values: Readonly<Record<string, T>>, fallback: T, said: string): T => {
    const written = meta.annotations[name];
    if (written === undefined) return fallback;
    if (Object.hasOwn(values, written)) return values[written] as T;
    const known = Object.keys(values).join(', ');
    problems.push(`${name} ${listing([JSON.stringify(written)])} is none of ${known}; ${said} is used`);
    return fallback;
  };
  const claims = Object.fromEntries(WILDCARD_CLAIMS.map((each) => [each, each]));
  const wildcardClaims = read(
    WILDCARD_CLAIMS_ANNOTATION,
    claims,
    config.wildcardClaims,
    config.wildcardClaims,
  );
  const closeOnDelete = read(CLOSE_ON_DELETE_ANNOTATION, { true: true, false: false }, false, 'false');
  if (problems.length === 0) return { wildcardClaims, closeOnDelete, condition: undefined };
  const message = `${problems.join('; ')}.`;
  return {
    wildcardClaims,
    closeOnDelete,
    condition: condition(POLICY_CONDITION, false, 'InvalidAnnotation', message, meta.generation),
  };
}
