/**
 * Who may claim names that cover other namespaces' hosts. Whoever has a wildcard takes the connections for every name below it
 * that is nobody's yet, and makes each new host there a change of the listener that all share.
 */
import type { WildcardClaims } from '../../model/gateway.ts';
import { NAMESPACE_NAME_LABEL } from '../../model/names.ts';
import type { FromNamespaces } from '../../model/objects.ts';
import { ANY_HOST } from '../values/hostname.ts';

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
