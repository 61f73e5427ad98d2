import type { Lookup } from '../../gateway/lookup.ts';
import { hostnameOwner, type ListenersByPort } from '../../gateway/parents/merge-listener-sets.ts';
import type { ObjectRef } from '../../model/events.ts';
import type { GatewayModel, ListenerRef, ListenerSetModel } from '../../model/gateway.ts';
import {
  DEFAULT_INGRESS_CLASS,
  type DependencyKey,
  grantsDependency,
  hostnameAsked,
  listenerDependency,
  modelDependency,
  type NamespacedName,
  namespacedName,
  objectKey,
} from '../../model/key.ts';
import type {
  GatewayClass,
  IngressClass,
  Namespace,
  ReferenceGrant,
  Secret,
  Service,
} from '../../model/objects.ts';
import type { World } from '../world/world.ts';

/** Models that evaluations read. */
export interface EvaluatedParents {
  readonly gateways: ReadonlyMap<NamespacedName, GatewayModel>;
  readonly listenerSets: ReadonlyMap<NamespacedName, ListenerSetModel>;
  /** All listeners of each Gateway that allows ListenerSets. */
  readonly mergedListeners: ReadonlyMap<NamespacedName, ListenersByPort>;
  readonly poolAddresses: ReadonlyMap<NamespacedName, string>;
}

/** What an evaluation sees of the world. Remembers the key of everything it was asked for, found or not. */
export class RecordingLookup implements Lookup {
  readonly #world: World;
  readonly #parents: EvaluatedParents;
  #keys: DependencyKey[] = [];
  /** Hostnames asked for since the last call of `takeKeys`, by Gateway and port. */
  readonly #listenersAsked = new Map<string, Set<string>>();
  #asked: { namespace: string; name: string; key: NamespacedName; dependency: DependencyKey } | undefined;

  constructor(world: World, parents: EvaluatedParents) {
    this.#world = world;
    this.#parents = parents;
  }

  /** The keys asked for since the last call, in an array that has no room for more: it is kept for every route. */
  takeKeys(): readonly DependencyKey[] {
    const keys = this.#keys.slice();
    this.#keys = [];
    if (this.#listenersAsked.size > 0) this.#listenersAsked.clear();
    return keys;
  }

  gatewayClass(name: string): GatewayClass | undefined {
    this.#keys.push(objectKey({ kind: 'GatewayClass', namespace: '', name }));
    return this.#world.get('GatewayClass', '', name);
  }

  ingressClass(name: string): IngressClass | undefined {
    this.#keys.push(objectKey({ kind: 'IngressClass', namespace: '', name }));
    return this.#world.get('IngressClass', '', name);
  }

  defaultIngressClass(): IngressClass | undefined {
    this.#keys.push(DEFAULT_INGRESS_CLASS);
    return this.#world.defaultIngressClass();
  }

  gateway(namespace: string, name: string): GatewayModel | undefined {
    // Thousands of routes in a row ask for the same one.
    if (this.#asked?.namespace !== namespace || this.#asked.name !== name) {
      const key = namespacedName(namespace, name);
      this.#asked = { namespace, name, key, dependency: modelDependency('Gateway', key) };
    }
    this.#keys.push(this.#asked.dependency);
    return this.#parents.gateways.get(this.#asked.key);
  }

  listenerSet(namespace: string, name: string): ListenerSetModel | undefined {
    const key = namespacedName(namespace, name);
    this.#keys.push(modelDependency('ListenerSet', key));
    return this.#parents.listenerSets.get(key);
  }

  listenerOn({ namespace, name }: ObjectRef, port: number, hostname: string): ListenerRef | undefined {
    const gateway = namespacedName(namespace, name);
    if (this.#isAskedFirst(gateway, port, hostnameAsked(hostname)))
      this.#keys.push(listenerDependency(gateway, port, hostname));
    return hostnameOwner(this.#parents.mergedListeners.get(gateway), port, hostname);
  }

  /** The hosts of a route share their suffixes, and its parentRefs its hosts: that may be millions of looks. */
  #isAskedFirst(gateway: NamespacedName, port: number, hostname: string): boolean {
    const key = `${gateway}/${port}`;
    const asked = this.#listenersAsked.get(key);
    if (asked === undefined) this.#listenersAsked.set(key, new Set([hostname]));
    else if (asked.has(hostname)) return false;
    else asked.add(hostname);
    return true;
  }

  poolAddress(namespace: string, name: string): string | undefined {
    // No dependency: the engine itself evaluates the Gateways anew whose address differs.
    return this.#parents.poolAddresses.get(namespacedName(namespace, name));
  }

  namespace(name: string): Namespace | undefined {
    this.#keys.push(objectKey({ kind: 'Namespace', namespace: '', name }));
    return this.#world.get('Namespace', '', name);
  }

  service(namespace: string, name: string): Service | undefined {
    this.#keys.push(objectKey({ kind: 'Service', namespace, name }));
    return this.#world.get('Service', namespace, name);
  }

  secret(namespace: string, name: string): Secret | undefined {
    this.#keys.push(objectKey({ kind: 'Secret', namespace, name }));
    return this.#world.get('Secret', namespace, name);
  }

  referenceGrants(namespace: string): readonly ReferenceGrant[] {
    this.#keys.push(grantsDependency(namespace));
    return this.#world.referenceGrants(namespace);
  }
}
