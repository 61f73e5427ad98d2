/** Why a host is with whom it is, or with nobody: parts of sentences, for `translate --host`, `/debug/routes` and statuses. */
import { distance } from 'fastest-levenshtein';
import type { ObjectRef } from '../../model/events.ts';
import type { ListenerModel } from '../../model/gateway.ts';
import { hostMatches } from '../values/hostname.ts';
import { listing } from '../values/listing.ts';

/** Characters to add, drop or replace that a name may be away from one that is meant by it. */
const NEAR = 2;
const MOST_NEAR = 3;

export function objectName({ kind, namespace, name }: ObjectRef): string {
  return `${kind} ${namespace}/${name}`;
}

export function listenerName({ attachment, protocol, port }: ListenerModel): string {
  return `listener ${attachment.listener} (${listing([protocol])}, port ${port}) of ${objectName(attachment.parent)}`;
}

export function listenerNames(listeners: readonly ListenerModel[]): string {
  return listing(listeners.map(listenerName));
}

/** A route whose wildcard would take the host, were there not a more specific hostname. */
export function shadowed(wildcard: string, hostname: string, owner: string): string {
  return `its hostname ${wildcard} is shadowed by the more specific ${hostname} of ${owner}`;
}

/** Listeners that keep a hostname from the wildcards of their Gateway. `hostname` may be a wildcard itself. */
export function keptByListeners(hostname: string, listeners: readonly ListenerModel[]): string {
  const names = listenerNames(listeners);
  const verb = listeners.length === 1 ? 'has' : 'have';
  const isServed = listeners.some(({ bindings }) => bindings.length > 0);
  const why = isServed
    ? 'no route that is attached to it serves the host, and a less specific listener must not'
    : 'Sluice does not serve it, and a less specific listener must not take its hostname';
  return `${names} ${verb} the hostname ${hostname}: ${why}`;
}

/** Names that may be meant by one that nobody has, the nearest first. */
export function nearestHosts(host: string, hosts: Iterable<string>): readonly string[] {
  const found: { readonly name: string; readonly away: number }[] = [];
  for (const name of hosts) {
    // Its domain was left out.
    if (name.startsWith(`${host}.`)) found.push({ name, away: 1 });
    if (Math.abs(name.length - host.length) > NEAR || hostMatches(name, host)) continue;
    const away = distance(name, host);
    if (away <= NEAR) found.push({ name, away });
  }
  found.sort((a, b) => a.away - b.away || (a.name < b.name ? -1 : 1));
  return [...new Set(found.map(({ name }) => name))].slice(0, MOST_NEAR);
}

/** What could be done about a host that nobody has: one line each. */
export function hintsOf(nearest: readonly string[], listeners: readonly ListenerModel[]): readonly string[] {
  return [
    ...(nearest.length === 0 ? [] : [`the nearest names that there are: ${nearest.join(', ')}`]),
    listeners.length === 0
      ? 'no listener takes this hostname: a Gateway needs one with protocol TLS and mode Passthrough'
      : `a route with this hostname could attach to ${listenerNames(listeners)}`,
  ];
}
