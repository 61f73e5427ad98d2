import { normalizeHostname } from '../../gateway/values/hostname.ts';
import { type ObjectKey, parseObjectKey } from '../../model/key.ts';
import type { World } from '../world/world.ts';

/**
 * The order in which a burst of routes is evaluated: first those that might claim a host which another of them claims too,
 * then those that cannot. A host of the latter can be settled before all routes are evaluated: nobody among the rest will
 * want it. (Where thousands of routes are to be evaluated at once, Envoy then gets the first hosts while the last are
 * still being looked at.) It holds for the routes that it was made of, as they were.
 */
export class BurstOrder {
  /** Routes without a rival that are not evaluated yet, with their hosts. */
  readonly #unrivalled = new Map<ObjectKey, readonly string[]>();
  readonly #waiting = new Set<string>();

  /** The order of routes that are no burst: no host is settled early. */
  static readonly NONE: Pick<BurstOrder, 'evaluated' | 'isWaiting'> = {
    evaluated: () => false,
    isWaiting: () => true,
  };

  /** Moves the routes without a rival to the end of the queue. */
  constructor(queue: Set<ObjectKey>, world: World) {
    const claimants = new Map<string, number>();
    const keys = [...queue];
    const hostsOf = keys.map((key) => exactHosts(key, world));
    for (const hosts of hostsOf)
      for (const host of hosts) claimants.set(host, (claimants.get(host) ?? 0) + 1);
    for (const [index, key] of keys.entries()) {
      const hosts = hostsOf[index] ?? [];
      if (hosts.length === 0 || !hosts.every((host) => claimants.get(host) === 1)) continue;
      this.#unrivalled.set(key, hosts);
      for (const host of hosts) this.#waiting.add(host);
    }
    if (this.#unrivalled.size === keys.length) return;
    for (const key of this.#unrivalled.keys()) {
      queue.delete(key);
      queue.add(key);
    }
  }

  /** A route was evaluated; returns whether its hosts may be settled now. */
  evaluated(key: ObjectKey): boolean {
    const hosts = this.#unrivalled.get(key);
    if (hosts === undefined) return false;
    this.#unrivalled.delete(key);
    for (const host of hosts) this.#waiting.delete(host);
    return true;
  }

  /** Whether a route that is not evaluated yet claims the host: who has it so far may lose it. */
  isWaiting(host: string): boolean {
    return this.#waiting.has(host);
  }
}

/**
 * The hosts that a route may claim, each once; none where that depends on more than the route: without a hostname or
 * with a wildcard it may come to claim what a listener names.
 */
function exactHosts(key: ObjectKey, world: World): readonly string[] {
  const { kind, namespace, name } = parseObjectKey(key);
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
