import type { ObjectEvent, ObjectRef } from '../model/events.ts';
import type {
  EndpointSlice,
  IngressClass,
  Kind,
  KubernetesObject,
  ObjectOfKind,
  ReferenceGrant,
} from '../model/objects.ts';
import { structurallyEqual } from './structural-equality.ts';

/** `namespace/name`; the key of an object within its kind. */
export function namespacedName(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/**
 * The objects as the sources last reported them, with the indexes that evaluation needs. Knows nothing of
 * what they mean.
 */
export class World {
  readonly #objects = new Map<Kind, Map<string, KubernetesObject>>();
  readonly #slicesByService = new Map<string, Map<string, EndpointSlice>>();
  readonly #grantsByNamespace = new Map<string, Map<string, ReferenceGrant>>();

  /**
   * Takes one event. Returns the object before and after (`undefined`: absent), or `undefined` where nothing
   * changed: an upsert of equal content or a delete of what is not there.
   */
  take(
    event: ObjectEvent,
  ): { before: KubernetesObject | undefined; after: KubernetesObject | undefined } | undefined {
    if (event.type === 'delete') return this.#remove(event.ref);
    const object = event.object;
    const key = namespacedName(object.meta.namespace, object.meta.name);
    let objects = this.#objects.get(object.kind);
    if (objects === undefined) {
      objects = new Map();
      this.#objects.set(object.kind, objects);
    }
    const before = objects.get(key);
    if (before !== undefined && structurallyEqual(before, object)) return undefined;
    objects.set(key, object);
    this.#index(before, object);
    return { before, after: object };
  }

  #remove(ref: ObjectRef) {
    const objects = this.#objects.get(ref.kind);
    const key = namespacedName(ref.namespace, ref.name);
    const before = objects?.get(key);
    if (objects === undefined || before === undefined) return undefined;
    objects.delete(key);
    this.#index(before, undefined);
    return { before, after: undefined };
  }

  get<K extends Kind>(kind: K, namespace: string, name: string): ObjectOfKind<K> | undefined {
    const object = this.#objects.get(kind)?.get(namespacedName(namespace, name));
    return object as ObjectOfKind<K> | undefined;
  }

  all<K extends Kind>(kind: K): Iterable<ObjectOfKind<K>> {
    return (this.#objects.get(kind)?.values() ?? []) as Iterable<ObjectOfKind<K>>;
  }

  count(kind: Kind): number {
    return this.#objects.get(kind)?.size ?? 0;
  }

  /** The slices of one Service, in no particular order. */
  slices(namespace: string, service: string): readonly EndpointSlice[] {
    const slices = this.#slicesByService.get(namespacedName(namespace, service));
    return slices === undefined ? [] : [...slices.values()];
  }

  referenceGrants(namespace: string): readonly ReferenceGrant[] {
    const grants = this.#grantsByNamespace.get(namespace);
    if (grants === undefined) return [];
    return [...grants.values()].sort((a, b) => (a.meta.name < b.meta.name ? -1 : 1));
  }

  /** As the API server's admission does: of several default classes the newest counts, then the first by name. */
  defaultIngressClass(): IngressClass | undefined {
    let best: IngressClass | undefined;
    for (const candidate of this.all('IngressClass')) {
      if (!candidate.isDefault) continue;
      if (best === undefined || compareAge(candidate, best) > 0) best = candidate;
    }
    return best;
  }

  #index(before: KubernetesObject | undefined, after: KubernetesObject | undefined): void {
    if (before?.kind === 'EndpointSlice') {
      drop(
        this.#slicesByService,
        namespacedName(before.meta.namespace, before.serviceName),
        before.meta.name,
      );
    }
    if (after?.kind === 'EndpointSlice' && after.serviceName !== '') {
      put(
        this.#slicesByService,
        namespacedName(after.meta.namespace, after.serviceName),
        after.meta.name,
        after,
      );
    }
    if (before?.kind === 'ReferenceGrant') {
      drop(this.#grantsByNamespace, before.meta.namespace, before.meta.name);
    }
    if (after?.kind === 'ReferenceGrant') {
      put(this.#grantsByNamespace, after.meta.namespace, after.meta.name, after);
    }
  }
}

function compareAge(a: IngressClass, b: IngressClass): number {
  if (a.meta.creationTimestamp !== b.meta.creationTimestamp) {
    return a.meta.creationTimestamp < b.meta.creationTimestamp ? -1 : 1;
  }
  return a.meta.name < b.meta.name ? 1 : -1;
}

function put<V>(index: Map<string, Map<string, V>>, group: string, name: string, value: V): void {
  const entries = index.get(group);
  if (entries === undefined) index.set(group, new Map([[name, value]]));
  else entries.set(name, value);
}

function drop<V>(index: Map<string, Map<string, V>>, group: string, name: string): void {
  const entries = index.get(group);
  entries?.delete(name);
  if (entries?.size === 0) index.delete(group);
}
