import { listenerNames, objectName, shadowed } from '../../gateway/explain/explain-host.ts';
import { compareSpecificity, coveringWildcards, hostMatches } from '../../gateway/values/hostname.ts';
import type { ListenerModel, RouteModel } from '../../model/gateway.ts';
import { objectKey } from '../../model/key.ts';
import type { Ingress, TlsRoute } from '../../model/objects.ts';
import type { Engine } from '../../snapshot/engine/engine.ts';
import type { BindingHosts } from '../../snapshot/hosts/binding-hosts.ts';

/** Listeners that keep a host from the wildcards above it, by their hostname. */
export interface HostKeepers {
  readonly hostname: string;
  readonly listeners: readonly ListenerModel[];
}

/** Which listeners of a binding keep a host from the wildcards above it; `undefined` where none does. */
export function keepersOf(engine: Engine, hosts: BindingHosts, host: string): HostKeepers | undefined {
  if (hosts.entryFor(host) !== undefined) return undefined;
  const wildcard = hosts.wildcardAbove(host)?.contenders[0]?.claim;
  if (wildcard?.gateway === undefined) return undefined;
  const gateway = objectKey(wildcard.gateway);
  for (const hostname of [host, ...coveringWildcards(host)]) {
    if (compareSpecificity(hostname, wildcard.host) >= 0) return undefined;
    const listeners = [...listenersOf(engine)].filter(
      (each) =>
        (each.listener.hostname ?? '*') === hostname &&
        objectKey(each.gateway) === gateway &&
        [...each.listener.bindings, ...each.listener.reserved].some(({ name }) => name === hosts.name),
    );
    if (listeners.length > 0) return { hostname, listeners: listeners.map(({ listener }) => listener) };
  }
  return undefined;
}

/** Listeners that a route with this hostname could attach to, as far as the hostname goes. */
export function listenersTaking(engine: Engine, host: string): readonly ListenerModel[] {
  return [...listenersOf(engine)]
    .map(({ listener }) => listener)
    .filter(({ bindings, hostname = '*' }) => bindings.length > 0 && hostMatches(hostname, host));
}

/** Why a route that has a wildcard above the host does not have the host, on each binding. */
export function shadowsOf(engine: Engine, model: RouteModel, host: string): readonly string[] {
  const reasons = new Set<string>();
  const bindings = new Map([...engine.bindings].map((each) => [each.name, each]));
  for (const claim of engine.servedClaims(model)) {
    const hosts = bindings.get(claim.binding.name);
    if (hosts === undefined || claim.host === host || !hostMatches(claim.host, host)) continue;
    const entry = hosts.entryFor(host);
    const owner = entry?.contenders[0]?.route.ref;
    const kept = entry === undefined ? keepersOf(engine, hosts, host) : undefined;
    if (entry !== undefined && owner !== undefined)
      reasons.add(shadowed(claim.host, entry.host, objectName(owner)));
    else if (kept !== undefined)
      reasons.add(shadowed(claim.host, kept.hostname, listenerNames(kept.listeners)));
    else if (model.ref.kind === 'Ingress')
      reasons.add(`the wildcard ${claim.host} of an Ingress stands for one label only`);
  }
  return [...reasons];
}

/** As they are written. */
export function hostnamesOf(route: TlsRoute | Ingress): readonly string[] {
  return route.kind === 'TLSRoute' ? route.hostnames : route.rules.flatMap((rule) => rule.host ?? []);
}

function* listenersOf(engine: Engine) {
  for (const parents of [engine.gateways(), engine.listenerSets()])
    for (const { gateway, listeners } of parents)
      for (const listener of listeners) yield { gateway, listener };
}
