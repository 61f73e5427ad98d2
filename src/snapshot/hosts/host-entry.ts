import type { Claim, RouteModel } from '../../model/gateway.ts';
import type { ObjectKey } from '../../model/key.ts';

/** A route's claim on a host, among those that contend for it. */
export interface Contender {
  readonly claim: Claim;
  readonly route: RouteModel;
  /** Object key of the route. */
  readonly routeKey: ObjectKey;
}

/** One host on one binding, with everyone who claims it, the winner first. */
export interface HostEntry {
  /** `<binding>/<host>`: the name of its cluster. */
  readonly name: string;
  readonly bindingName: string;
  readonly host: string;
  contenders: readonly Contender[];
}

/** The host of a cluster, by its name. */
export function hostOfCluster(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

/**
 * Whether a failed connection must not be tried again: with several shares, one may be of a backend that is invalid or
 * has no endpoints, and what it rejects must stay rejected. Told by the route alone, so that endpoints which come
 * and go change no listener.
 */
export function needsSingleAttempt(entry: HostEntry): boolean {
  return (entry.contenders[0]?.claim.backends.length ?? 0) > 1;
}

/**
 * Whether a wildcard stands for one label only. "The wildcard matches only if the host is equal to the suffix (removing
 * the first label)", says the Ingress API; that of the Gateway API takes any number of labels.
 */
export function takesOneLabel(entry: HostEntry): boolean {
  return entry.contenders[0]?.route.ref.kind === 'Ingress' && entry.host.startsWith('*.');
}
