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
  const keys = [...queue];
  const hostsOf = keys.map((key) => exactHosts(key, world));
  for (const hosts of hostsOf) for (const host of hosts) claimants.set(host, (claimants.get(host) ?? 0) + 1);
  const isUnrivalled = (_: string, index: number): boolean => {
    const hosts = hostsOf[index] ?? [];
    return hosts.length > 0 && hosts.every((host) => claimants.get(host) === 1);
  };
  const unrivalled = keys.filter(isUnrivalled);
  if (unrivalled.length < keys.length) {
    for (const key of unrivalled) {
      // To the end.
      queue.delete(key);
      queue.add(key);
    }
  }
  return new Set(unrivalled);
}

/**
 * The hosts that a route may claim, each once; none where that depends on more than the route: without a hostname or
 * with a wildcard it may come to claim what a listener names.
 */
function exactHosts(key: string, world: World): readonly string[] {
  const [kind, namespace = '', name = ''] = key.split('/');
  const written =
    kind === 'TLSRoute'
      ? world.get('TLSRoute', namespace, name)?.hostnames
      : kind === 'Ingress'
        ? world.get('Ingress', namespace, name)?.rules.map(({ host }) => host ?? '')
        : undefined;
  const hosts = (written ?? []).map(normalizeHostname);
  if (hosts.some((host) => host === '' || host.includes('*'))) return [];
  return hosts.length < 2 ? hosts : [...new Set(hosts)];
}
