/**
 * Who may claim names that cover other namespaces' hosts. Whoever has a wildcard takes the connections for every name below it
 * that is nobody's yet, and makes each new host there a change of the listener that all share.
 */
import { WILDCARD_CLAIMS_ANNOTATION } from '../../model/annotations.ts';
import { type Condition, condition, POLICY_CONDITION } from '../../model/conditions.ts';
import { WILDCARD_CLAIMS, type WildcardClaims } from '../../model/gateway.ts';
import { NAMESPACE_NAME_LABEL } from '../../model/names.ts';
import type { FromNamespaces, Gateway } from '../../model/objects.ts';
import type { GatewayConfig } from '../config.ts';
import { ANY_HOST } from '../values/hostname.ts';
import { listing } from '../values/listing.ts';

/** What a Gateway's annotation says of wildcards, else the operator's flag. */
export function wildcardClaimsOf(
  { meta }: Gateway,
  config: GatewayConfig,
): { readonly claims: WildcardClaims; readonly problem: Condition | undefined } {
  const written = meta.annotations[WILDCARD_CLAIMS_ANNOTATION];
  if (written === undefined) return { claims: config.wildcardClaims, problem: undefined };
  const claims = WILDCARD_CLAIMS.find((each) => each === written);
  if (claims !== undefined) return { claims, problem: undefined };
  const message = `${WILDCARD_CLAIMS_ANNOTATION} ${listing([JSON.stringify(written)])} is none of ${WILDCARD_CLAIMS.join(', ')}; ${config.wildcardClaims} is used.`;
  const problem = condition(POLICY_CONDITION, false, 'InvalidAnnotation', message, meta.generation);
  return { claims: config.wildcardClaims, problem };
}

/** What of a listener decides who may claim its wildcards. */
export interface WildcardListener {
  readonly hostname: string | undefined;
  readonly allowedNamespaces: FromNamespaces;
}

/**
 * Whether a route of another namespace than the listener's may claim the host on it. As wide as the listener is its own
 * hostname, and without one also what is below a top-level domain. A listener that admits one namespace alone is as good as that
 * namespace's own.
 */
export function mayClaim(host: string, claims: WildcardClaims, listener: WildcardListener): boolean {
  if (!host.startsWith('*') || claims === 'Anyone') return true;
  if (admitsOneNamespace(listener.allowedNamespaces)) return true;
  if (claims === 'SameNamespace') return false;
  return host !== (listener.hostname ?? ANY_HOST) && (listener.hostname !== undefined || !isBelowTop(host));
}

/** The same of an Ingress, which has no listener: wildcards of it are below some domain. */
export function mayClaimByIngress(host: string, claims: WildcardClaims): boolean {
  if (!host.startsWith('*') || claims === 'Anyone') return true;
  return claims === 'Narrower' && !isBelowTop(host);
}

/** `*.com` */
function isBelowTop(pattern: string): boolean {
  return pattern.indexOf('.') === pattern.lastIndexOf('.');
}

function admitsOneNamespace({ from, selector }: FromNamespaces): boolean {
  if (from !== 'Selector' || selector === undefined) return false;
  return (
    selector.matchLabels[NAMESPACE_NAME_LABEL] !== undefined ||
    selector.matchExpressions.some(
      ({ key, operator, values }) => key === NAMESPACE_NAME_LABEL && operator === 'In' && values.length === 1,
    )
  );
}
