import { maySetOwnChain } from '../../gateway/routes/host-policy.ts';
import { normalizeHostname } from '../../gateway/values/hostname.ts';
import { type ObjectKey, parseObjectKey } from '../../model/key.ts';
import type { World } from '../world/world.ts';

/**
 * The order in which a burst of routes is evaluated: first those that might claim a host which another of them claims too,
 * then those that cannot. A host of the latter can be settled before all routes are evaluated: nobody among the rest will
 * want it. (Where thousands of routes are to be evaluated at once, Envoy then gets the first hosts while the last are
 * still being looked at.) Among the latter those come last that are plain: they claim exact hosts, with settings that no
 * listener knows of, so listeners can be made before they are evaluated. It holds for the routes that it was made of, as they were.
 */
export class BurstOrder {
  /** Routes without a rival that are not evaluated yet, with their hosts. */
  readonly #unrivalled = new Map<ObjectKey, ExactClaims>();
  /** Their hosts, each with its route. */
  readonly #waiting = new Map<string, ObjectKey>();
  /** Routes that are not evaluated yet and not plain. */
  #special: number;

  /** The order of routes that are no burst: no host is settled early. */
  static readonly NONE: Pick<BurstOrder, 'evaluated' | 'isWaiting' | 'isRestPlain' | 'waiting' | 'routeOf'> =
    {
      evaluated: () => false,
      isWaiting: () => true,
      isRestPlain: false,
      waiting: () => [],
      routeOf: () => undefined,
    };

  /** Moves the plain routes to the end of the queue. */
  constructor(queue: Set<ObjectKey>, world: World) {
    const claimants = new Map<string, number>();
    const keys = [...queue];
    const claims = keys.map((key) => exactClaims(key, world));
    for (const { hosts } of claims)
      for (const host of hosts) claimants.set(host, (claimants.get(host) ?? 0) + 1);
    const plain: ObjectKey[] = [];
    for (const [index, key] of keys.entries()) {
      const claim = claims[index] ?? NONE;
      const { hosts } = claim;
      if (hosts.length === 0 || !hosts.every((host) => claimants.get(host) === 1)) continue;
      this.#unrivalled.set(key, claim);
      for (const host of hosts) this.#waiting.set(host, key);
      if (claim.isPlain) plain.push(key);
    }
    this.#special = keys.length - plain.length;
    if (this.#special === 0) return;
    for (const key of plain) {
      queue.delete(key);
      queue.add(key);
    }
  }

  /** A route was evaluated; returns whether its hosts may be settled now. */
  evaluated(key: ObjectKey): boolean {
    const claims = this.#unrivalled.get(key);
    if (claims?.isPlain !== true) this.#special -= 1;
    if (claims === undefined) return false;
    this.#unrivalled.delete(key);
    for (const host of claims.hosts) this.#waiting.delete(host);
    return true;
  }

  /** Whether a route that is not evaluated yet claims the host: who has it so far may lose it. */
  isWaiting(host: string): boolean {
    return this.#waiting.has(host);
  }

  /** Whether all routes that are not evaluated yet are plain. */
  get isRestPlain(): boolean {
    return this.#special === 0;
  }

  /** Hosts of routes that are not evaluated yet. */
  waiting(): Iterable<string> {
    return this.#waiting.keys();
  }

  /** The route that claims a waiting host. */
  routeOf(host: string): ObjectKey | undefined {
    return this.#waiting.get(host);
  }
}

interface ExactClaims {
  readonly hosts: readonly string[];
  /** Whether no listener has to know of the hosts, unless they are under a wildcard. */
  readonly isPlain: boolean;
}

const NONE: ExactClaims = { hosts: [], isPlain: false };

/**
 * The hosts that a route may claim, each once; none where that depends on more than the route: without a hostname or
 * with a wildcard it may come to claim what a listener names.
 */
function exactClaims(key: ObjectKey, world: World): ExactClaims {
  const { kind, namespace, name } = parseObjectKey(key);
  if (kind === 'TLSRoute') {
    const route = world.get('TLSRoute', namespace, name);
    if (route === undefined) return NONE;
    const backends = route.rules[0]?.backendRefs.length ?? 0;
    return { hosts: exactHosts(route.hostnames), isPlain: backends < 2 && !maySetOwnChain(route.meta) };
  }
  const ingress = kind === 'Ingress' ? world.get('Ingress', namespace, name) : undefined;
  if (ingress === undefined) return NONE;
  return {
    hosts: exactHosts(ingress.rules.map(({ host }) => host ?? '')),
    isPlain: !maySetOwnChain(ingress.meta),
  };
}

function exactHosts(written: readonly string[]): readonly string[] {
  const hosts = written.map(normalizeHostname);
  if (hosts.some((host) => host === '' || host.includes('*'))) return [];
  return hosts.length < 2 ? hosts : [...new Set(hosts)];
}
