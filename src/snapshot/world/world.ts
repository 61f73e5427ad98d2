import type { ObjectEvent, ObjectRef } from '../../model/events.ts';
import type {
  EndpointSlice,
  IngressClass,
  Kind,
  KubernetesObject,
  ObjectOfKind,
  ReferenceGrant,
} from '../../model/objects.ts';
import { Multimap, NamespacedMultimap } from '../collections/multimap.ts';
import { NamespacedMap } from '../collections/namespaced-map.ts';
import { structurallyEqual } from '../collections/structural-equality.ts';

/**
 * The objects as the sources last reported them, with the indexes that evaluation needs. Knows nothing of
 * what they mean.
 */
export class World {
  readonly #objects = new Map<Kind, NamespacedMap<KubernetesObject>>();
  readonly #slicesByService = new NamespacedMultimap<EndpointSlice>();
  readonly #grantsByNamespace = new Multimap<ReferenceGrant>();

  /**
   * Takes one event. Returns the object before and after (`undefined`: absent), or `undefined` where nothing
   * changed: an upsert of equal content or a delete of what is not there.
   */
  applyEvent(
    event: ObjectEvent,
  ): { before: KubernetesObject | undefined; after: KubernetesObject | undefined } | undefined {
    if (event.type === 'delete') return this.#remove(event.ref);
    const object = event.object;
    const { namespace, name } = object.meta;
    let objects = this.#objects.get(object.kind);
    if (objects === undefined) {
      objects = new NamespacedMap();
      this.#objects.set(object.kind, objects);
    }
    let before: KubernetesObject | undefined;
    let isSame = false;
    objects.update(namespace, name, (known) => {
      before = known;
      isSame = structurallyEqual(known, object);
      return isSame && known !== undefined ? known : object;
    });
    if (isSame) return undefined;
    this.#index(before, object);
    return { before, after: object };
  }

  #remove(ref: ObjectRef) {
    const objects = this.#objects.get(ref.kind);
    const before = objects?.get(ref.namespace, ref.name);
    if (objects === undefined || before === undefined) return undefined;
    objects.delete(ref.namespace, ref.name);
    this.#index(before, undefined);
    return { before, after: undefined };
  }

  get<K extends Kind>(kind: K, namespace: string, name: string): ObjectOfKind<K> | undefined {
    const object = this.#objects.get(kind)?.get(namespace, name);
    return object as ObjectOfKind<K> | undefined;
  }

  all<K extends Kind>(kind: K): Iterable<ObjectOfKind<K>> {
    return (this.#objects.get(kind)?.values() ?? []) as Iterable<ObjectOfKind<K>>;
  }

  /** The objects of a kind in one namespace. */
  in<K extends Kind>(kind: K, namespace: string): Iterable<ObjectOfKind<K>> {
    return (this.#objects.get(kind)?.of(namespace) ?? []) as Iterable<ObjectOfKind<K>>;
  }

  count(kind: Kind): number {
    return this.#objects.get(kind)?.size ?? 0;
  }

  /** The slices of one Service, in no particular order. */
  slices(namespace: string, service: string): readonly EndpointSlice[] {
    return [...this.#slicesByService.get(namespace, service)];
  }

  referenceGrants(namespace: string): readonly ReferenceGrant[] {
    const grants = [...this.#grantsByNamespace.get(namespace)];
    return grants.sort((a, b) => (a.meta.name < b.meta.name ? -1 : 1));
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

  #indexSlice(before: KubernetesObject | undefined, after: KubernetesObject | undefined): void {
    const [left, right] = [sliceOf(before), sliceOf(after)];
    const slices = this.#slicesByService;
    if (left !== undefined && right?.serviceName === left.serviceName)
      slices.replace(left.meta.namespace, left.serviceName, left, right);
    else {
      if (left !== undefined) slices.delete(left.meta.namespace, left.serviceName, left);
      if (right !== undefined) slices.add(right.meta.namespace, right.serviceName, right);
    }
  }

  #index(before: KubernetesObject | undefined, after: KubernetesObject | undefined): void {
    if (before?.kind === 'EndpointSlice' || after?.kind === 'EndpointSlice') this.#indexSlice(before, after);
    if (before?.kind === 'ReferenceGrant') this.#grantsByNamespace.delete(before.meta.namespace, before);
    if (after?.kind === 'ReferenceGrant') this.#grantsByNamespace.add(after.meta.namespace, after);
  }
}

function sliceOf(object: KubernetesObject | undefined): EndpointSlice | undefined {
  return object?.kind === 'EndpointSlice' ? object : undefined;
}

function compareAge(a: IngressClass, b: IngressClass): number {
  if (a.meta.creationTimestamp !== b.meta.creationTimestamp) {
    return a.meta.creationTimestamp < b.meta.creationTimestamp ? -1 : 1;
  }
  return a.meta.name < b.meta.name ? 1 : -1;
}
