import { normalizeHostname } from '../gateway/hostname.ts';
import type { World } from './world.ts';

/**
 * Orders a queue of routes that are to be evaluated: first those that might claim a host which another of them claims
 * too, then those that cannot, which are returned. A host of the latter can be settled before all routes are evaluated:
 * nobody among the rest will want it. (Where thousands of routes are to be evaluated at once, Envoy then gets the first
 * hosts while the last are still being looked at.)
 */
export function orderByRivalry(queue: Set<string>, world: World): Set<string> {
  const claimants = new Map<string, number>();
  const hostsOf = new Map<string, readonly string[] | undefined>();
  for (const key of queue) {
    const hosts = exactHosts(key, world);
    hostsOf.set(key, hosts);
    for (const host of hosts ?? []) claimants.set(host, (claimants.get(host) ?? 0) + 1);
  }
  const unrivalled = new Set<string>();
  for (const [key, hosts] of hostsOf) {
    if (hosts?.every((host) => claimants.get(host) === 1) !== true) continue;
    unrivalled.add(key);
    // To the end.
    queue.delete(key);
    queue.add(key);
  }
  return unrivalled;
}

/**
 * The hosts that a route may claim, each once; `undefined` where that depends on more than the route: without a hostname
 * or with a wildcard it may come to claim what a listener names.
 */
function exactHosts(key: string, world: World): readonly string[] | undefined {
  const [kind, namespace = '', name = ''] = key.split('/');
  const written =
    kind === 'TLSRoute'
      ? world.get('TLSRoute', namespace, name)?.hostnames
      : kind === 'Ingress'
        ? world.get('Ingress', namespace, name)?.rules.map(({ host }) => host ?? '')
        : undefined;
  if (written === undefined || written.length === 0) return undefined;
  const hosts = new Set(written.map(normalizeHostname));
  for (const host of hosts) if (host === '' || host.includes('*')) return undefined;
  return [...hosts];
}
