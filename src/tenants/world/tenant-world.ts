import { type Intent, intentOf, type TenantObject } from '../intent/intent.ts';
import { type OwnedId, type Owner, ownedId } from '../intent/objects.ts';
import type { TenantMapping } from '../mapping/mapping.ts';
import { EXPOSED_CONDITION } from '../names.ts';
import { Claims } from './claims.ts';
import type { OwnedObject } from './owned-object.ts';

/** Mapping, namespace and name. */
export type TenantKey = string & { readonly __tenantKey: never };

export function tenantKey(mapping: string, namespace: string, name: string): TenantKey {
  return `${mapping}/${namespace}/${name}` as TenantKey;
}

/** What the condition of ours says in an object's status. */
export interface PresentReport {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
}

export interface PresentCondition {
  readonly type: string;
  readonly status: string;
  readonly lastTransitionTime?: string;
}

export interface Tenant {
  readonly key: TenantKey;
  readonly mapping: TenantMapping;
  readonly owner: Owner;
  readonly generation: number;
  /** `deleting`: it waits for its finalizers. `last`: the garbage collector waits until nothing of it is left. */
  readonly life: 'alive' | 'deleting' | 'last';
  readonly report: PresentReport | undefined;
  /** All of its status, others' and ours, as of `resourceVersion`; none of a kind without. */
  readonly conditions: readonly PresentCondition[];
  readonly resourceVersion: string;
  readonly intent: Intent;
}

interface Raw extends TenantObject {
  readonly apiVersion?: unknown;
  readonly metadata: TenantObject['metadata'] & {
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly finalizers?: readonly string[];
  };
  readonly status?: { readonly conditions?: unknown } | undefined;
}

const NONE: ReadonlySet<TenantKey> = new Set();

/** All tenants and all that was made for them, found by tenant: no change looks at more than its own. */
export class TenantWorld {
  readonly #tenants = new Map<TenantKey, Tenant>();
  readonly #owned = new Map<TenantKey, Map<OwnedId, OwnedObject>>();
  readonly #ownerOf = new Map<OwnedId, TenantKey>();
  readonly #claims = new Claims();

  get size(): number {
    return this.#tenants.size;
  }

  tenants(): IterableIterator<Tenant> {
    return this.#tenants.values();
  }

  /** Those that exist and those of which something is left. */
  keys(): ReadonlySet<TenantKey> {
    return new Set([...this.#tenants.keys(), ...this.#owned.keys()]);
  }

  tenant(key: TenantKey): Tenant | undefined {
    return this.#tenants.get(key);
  }

  ownedBy(key: TenantKey): ReadonlyMap<OwnedId, OwnedObject> {
    return this.#owned.get(key) ?? new Map();
  }

  /** Whether another tenant has a host or object of the name; its key. */
  otherHolder(claim: string, key: TenantKey): TenantKey | undefined {
    const holder = this.#claims.holder(claim) as TenantKey | undefined;
    return holder === key ? undefined : holder;
  }

  /** A tenant object is there or has changed; gives the tenants to look at. */
  setTenant(mapping: TenantMapping, object: unknown): ReadonlySet<TenantKey> {
    const tenant = readTenant(mapping, object as Raw);
    const before = this.#tenants.get(tenant.key);
    this.#tenants.set(tenant.key, tenant);
    const affected = new Set<TenantKey>([tenant.key]);
    // Of one that is not clear now, what was made before stays, and so do its names.
    if (tenant.intent.type === 'unclear' && before?.owner.uid === tenant.owner.uid) return affected;
    const created = (object as Raw).metadata.creationTimestamp ?? '';
    for (const key of this.#claims.set({ key: tenant.key, created }, claimsOf(tenant)))
      affected.add(key as TenantKey);
    return affected;
  }

  removeTenant(key: TenantKey): ReadonlySet<TenantKey> {
    if (!this.#tenants.delete(key)) return NONE;
    return new Set([key, ...(this.#claims.set({ key, created: '' }, []) as ReadonlySet<TenantKey>)]);
  }

  /** An object with our label is there or has changed; gives the tenants to look at. */
  setOwned(object: OwnedObject): ReadonlySet<TenantKey> {
    const before = this.#ownerOf.get(object.id);
    const key = this.#tenantOf(object);
    if (before !== undefined && before !== key) this.#forget(before, object.id);
    const owned = this.#owned.get(key) ?? new Map<OwnedId, OwnedObject>();
    owned.set(object.id, object);
    this.#owned.set(key, owned);
    this.#ownerOf.set(object.id, key);
    return new Set(before === undefined ? [key] : [before, key]);
  }

  /** It is gone, or has our label no more. */
  removeOwned(id: OwnedId): ReadonlySet<TenantKey> {
    const key = this.#ownerOf.get(id);
    if (key === undefined) return NONE;
    this.#ownerOf.delete(id);
    this.#forget(key, id);
    return new Set([key]);
  }

  /** Who wants an object of that name, else whose it says it is. */
  #tenantOf({ id, kind, mapping, namespace, name, tenant, owners }: OwnedObject): TenantKey {
    const claim = kind === 'EndpointSlice' ? sliceClaim(namespace, name) : id;
    const holder = this.#claims.holder(claim) as TenantKey | undefined;
    if (holder !== undefined) return holder;
    const owner = owners.find(({ controller }) => controller === true);
    return tenantKey(mapping, namespace, tenant === '' ? (owner?.name ?? '') : tenant);
  }

  #forget(key: TenantKey, id: OwnedId): void {
    const owned = this.#owned.get(key);
    owned?.delete(id);
    if (owned?.size === 0) this.#owned.delete(key);
  }
}

export function hostClaim(host: string): string {
  return `host ${host}`;
}

/** Slices go by their Service. */
function sliceClaim(namespace: string, name: string): string {
  return ownedId('Service', namespace, name.replace(/-ipv[46]$/, ''));
}

function claimsOf({ intent, owner: { namespace } }: Tenant): readonly string[] {
  if (intent.type !== 'exposed') return [];
  const { service, ports } = intent;
  return [
    ownedId('Service', namespace, service),
    ...ports.flatMap(({ route, hosts }) => [ownedId('TLSRoute', namespace, route), ...hosts.map(hostClaim)]),
  ];
}

function readTenant(mapping: TenantMapping, object: Raw): Tenant {
  const { metadata, apiVersion, status } = object;
  const { namespace = '', name, uid = '', generation = 0, deletionTimestamp, finalizers = [] } = metadata;
  const isLast = finalizers.includes('foregroundDeletion');
  return {
    key: tenantKey(mapping.name, namespace, name),
    mapping,
    owner: {
      mapping: mapping.name,
      apiVersion: String(apiVersion),
      kind: mapping.watch.kind,
      namespace,
      name,
      uid,
    },
    generation,
    life: deletionTimestamp === undefined ? 'alive' : isLast ? 'last' : 'deleting',
    report: readReport(status?.conditions),
    conditions: mapping.conditions ? conditionsOf(status?.conditions) : [],
    resourceVersion: metadata.resourceVersion ?? '',
    intent: intentOf(object, mapping),
  };
}

function conditionsOf(conditions: unknown): readonly PresentCondition[] {
  if (!Array.isArray(conditions)) return [];
  return conditions.filter((each) => typeof each === 'object' && each !== null) as PresentCondition[];
}

function readReport(conditions: unknown): PresentReport | undefined {
  const found = conditionsOf(conditions).find(({ type }) => type === EXPOSED_CONDITION) as
    | Partial<PresentReport>
    | undefined;
  if (found === undefined) return undefined;
  const { status = '', reason = '', message = '', observedGeneration = 0 } = found;
  return { status, reason, message, observedGeneration };
}
