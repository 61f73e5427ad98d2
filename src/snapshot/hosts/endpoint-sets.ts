import type { WeightedBackend } from '../../model/gateway.ts';
import { joinedKey } from '../../model/key.ts';
import { NamespacedMultimap } from '../collections/multimap.ts';
import type { Contender } from './host-entry.ts';
import { SetUsers } from './set-users.ts';

/**
 * What an EDS resource holds: one Service's endpoints, or several shares. Named after what it holds, so that a
 * hundred hosts of one Service share one resource.
 */
export interface EndpointSetSpec {
  readonly name: string;
  readonly backends: readonly WeightedBackend[];
}

/** The resource without endpoints that hosts point at whose backends are all invalid. Never a `namespace/service/port`. */
export const NO_BACKENDS: EndpointSetSpec = { name: 'no-backends', backends: [] };

/** The namespace of what a set is named after: of its one Service, or of the route that shares its hosts among several. */
export function namespaceOfSet(name: string): string {
  // A set of several backends has a route's key for a name: `TLSRoute/namespace/name`. No namespace begins with a capital.
  const start = name < 'a' && name >= 'A' ? name.indexOf('/') + 1 : 0;
  return name.slice(start, name.indexOf('/', start));
}

/** The endpoint set that a host's cluster points at. */
export function endpointSetOf({ claim, route, routeKey }: Contender): EndpointSetSpec {
  const backends = mergeShares(claim.backends);
  const only = backends[0];
  if (backends.every((backend) => backend.target === undefined)) return NO_BACKENDS;
  if (backends.length === 1 && only?.target !== undefined) {
    const { namespace, service, port } = only.target;
    // The weight of a single backend has no meaning; 1 makes equal sets equal.
    const share = only.weight === 1 ? backends : [{ ...only, weight: 1 }];
    return { name: joinedKey(namespace, service, String(port)), backends: share };
  }
  // All hosts of a TLSRoute share its one rule; an Ingress has a backend for each host.
  const name = route.ref.kind === 'TLSRoute' ? routeKey : `${routeKey}/${claim.host}`;
  return { name, backends };
}

/** Two shares of one target are one share: Envoy wants each locality once. */
function mergeShares(backends: readonly WeightedBackend[]): readonly WeightedBackend[] {
  if (backends.length < 2) return backends;
  const shares = new Map<string, WeightedBackend>();
  for (const backend of backends) {
    const key = targetName(backend);
    const weight = backend.weight + (shares.get(key)?.weight ?? 0);
    shares.set(key, { ...backend, weight });
  }
  return [...shares.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, backend]) => backend);
}

export function targetName({ target }: WeightedBackend): string {
  return target === undefined ? '' : `${target.namespace}/${target.service}/${target.port}`;
}

interface EndpointSetState {
  spec: EndpointSetSpec;
  readonly users: SetUsers;
}

/** The endpoint sets in use, and which Services each one is made of. */
export class EndpointSetTable {
  readonly #sets = new Map<string, EndpointSetState>();
  readonly #byService = new NamespacedMultimap<string>();

  get(name: string): EndpointSetSpec | undefined {
    return this.#sets.get(name)?.spec;
  }

  names(): Iterable<string> {
    return this.#sets.keys();
  }

  /** The namespaces whose hosts use the set. */
  namespacesOf(name: string): Iterable<string> {
    return this.#sets.get(name)?.users.namespaces() ?? [];
  }

  /** The sets that hosts of the namespace use. */
  *usedBy(namespace: string): Generator<string, undefined> {
    for (const [name, { users }] of this.#sets) if (users.has(namespace)) yield name;
  }

  /** One more host, of the namespace, uses the set. Returns whether its resource has to be built. */
  use(spec: EndpointSetSpec, namespace: string): boolean {
    const state = this.#sets.get(spec.name);
    if (state === undefined) {
      this.#sets.set(spec.name, { spec, users: new SetUsers(namespace) });
      this.#index(spec);
      return true;
    }
    const isNew = state.users.add(namespace);
    return this.update(spec) || (isNew && spec.backends.length > 0);
  }

  /** The set's shares may have changed under the same name. Returns whether its resource has to be built. */
  update(spec: EndpointSetSpec): boolean {
    const state = this.#sets.get(spec.name);
    if (state === undefined || sameShares(state.spec, spec)) return false;
    this.#unindex(state.spec);
    state.spec = spec;
    this.#index(spec);
    return true;
  }

  /** One host of the namespace less uses the set. Returns whether it is gone, or its resource has to be built. */
  release(name: string, namespace: string): boolean {
    const state = this.#sets.get(name);
    if (state === undefined) return false;
    const isOut = state.users.delete(namespace);
    if (state.users.size > 0) return isOut && state.spec.backends.length > 0;
    this.#unindex(state.spec);
    this.#sets.delete(name);
    return true;
  }

  ofService(namespace: string, service: string): Iterable<string> {
    return this.#byService.get(namespace, service);
  }

  #index(spec: EndpointSetSpec): void {
    for (const { target } of spec.backends) {
      if (target !== undefined) this.#byService.add(target.namespace, target.service, spec.name);
    }
  }

  #unindex(spec: EndpointSetSpec): void {
    for (const { target } of spec.backends) {
      if (target !== undefined) this.#byService.delete(target.namespace, target.service, spec.name);
    }
  }
}

function sameShares(a: EndpointSetSpec, b: EndpointSetSpec): boolean {
  return (
    a === b ||
    (a.backends.length === b.backends.length &&
      a.backends.every((backend, index) => {
        const other = b.backends[index];
        return (
          other !== undefined && backend.weight === other.weight && targetName(backend) === targetName(other)
        );
      }))
  );
}
