import type { ApiAnswer, ApiClient } from '../../kubernetes-api/api-client.ts';
import { failureOfStatus } from '../../kubernetes-api/api-failure.ts';
import { objectPath, type StatusResources } from '../../status/kubernetes/status-resources.ts';
import { OBJECT_NAME } from '../intent/intent.ts';
import type { DesiredObject, OwnedKind, Owner } from '../intent/objects.ts';
import type { TenantMapping } from '../mapping/mapping.ts';
import { FIELD_MANAGER } from '../names.ts';
import { holds, type OwnedObject, readOwnedObject } from '../world/owned-object.ts';

export type WriteResult =
  /** It is as it should be, and this is what the API server has. */
  | { readonly type: 'right'; readonly object: OwnedObject }
  /** An object of the name is there that is not ours. */
  | { readonly type: 'taken'; readonly by: string }
  /** The API server does not serve the kind. */
  | { readonly type: 'unserved' };

interface Place {
  readonly apiVersion: string;
  readonly path: string;
}

const APPLY = 'application/apply-patch+yaml';
const MERGE = 'application/merge-patch+json';
const CREATED = 201;
const NOT_FOUND = 404;
const CONFLICT = 409;

/** Writes objects of tenants by server-side apply, and none that is somebody else's. Rejects with an `ApiFailure`. */
export class ObjectWriter {
  readonly #client: ApiClient;
  readonly #resources: StatusResources;

  constructor(client: ApiClient, resources: StatusResources) {
    this.#client = client;
    this.#resources = resources;
  }

  /** What stands where an object is to be; `undefined`: nothing. */
  async look({ kind, namespace, name }: DesiredObject): Promise<OwnedObject | undefined> {
    const place = await this.#place(kind, namespace, name);
    if (place === undefined) return undefined;
    const { status, body, retryAfterMs } = await this.#client.send('GET', place.path);
    if (status === 200) return readOwnedObject(kind, body);
    if (status === NOT_FOUND) return undefined;
    throw failureOfStatus(`GET ${place.path}`, status, body, retryAfterMs);
  }

  /** `present`: as it was last seen; `undefined`: there was none. */
  async apply(desired: DesiredObject, owner: Owner, present: OwnedObject | undefined): Promise<WriteResult> {
    const place = await this.#place(desired.kind, desired.namespace, desired.name);
    if (place === undefined) return { type: 'unserved' };
    if (present === undefined) return await this.#create(desired, place);
    const stranger = strangerOf(present, desired, owner);
    if (stranger !== undefined) return { type: 'taken', by: stranger };
    const answer = await this.#patch(place, bodyOf(desired, place, present), present.isOurs);
    // Somebody else's fields differ, and so it is not what it seemed.
    if (answer.status === CONFLICT && !present.isOurs) return { type: 'taken', by: 'another writer' };
    const object = this.#written(desired.kind, place, answer);
    if (!hasSelector(object)) return { type: 'right', object };
    // Nothing that is applied takes away what another writer has added; the endpoints of pods would be mixed with ours.
    const cleaned = await this.#client.send('PATCH', place.path, {
      body: { metadata: { uid: object.uid }, spec: { selector: null } },
      contentType: MERGE,
      query: { fieldManager: FIELD_MANAGER },
    });
    return { type: 'right', object: this.#written(desired.kind, place, cleaned) };
  }

  /**
   * Whether the owner of an object is there, or one of its name. Whoever may write in the namespace may have made the reference up, and
   * the API server takes any text for a name: one that no object of the mapping's kind can have is not asked for.
   */
  async hasOwner({ namespace, owners }: OwnedObject, watch: TenantMapping['watch']): Promise<boolean> {
    const owner = owners.find(({ controller }) => controller === true);
    const isOfKind =
      owner?.kind === watch.kind &&
      watch.versions.some((version) => owner.apiVersion === `${watch.group}/${version}`);
    if (!isOfKind || owner.name.length > 253 || !OBJECT_NAME.test(owner.name)) return false;
    const path = `/apis/${owner.apiVersion}/namespaces/${namespace}/${watch.plural}/${owner.name}`;
    const { status, body, retryAfterMs } = await this.#client.send('GET', path);
    if (status === 200 || status === NOT_FOUND) return status === 200;
    throw failureOfStatus(`GET ${path}`, status, body, retryAfterMs);
  }

  /** Resolves whether or not it was still there; only that very object goes. */
  async remove(object: OwnedObject): Promise<void> {
    const place = await this.#place(object.kind, object.namespace, object.name);
    if (place === undefined) return;
    const { status, body, retryAfterMs } = await this.#client.send('DELETE', place.path, {
      body: { preconditions: { uid: object.uid }, propagationPolicy: 'Background' },
    });
    // 409: another object has taken its place, which is looked at by itself.
    if (status < 300 || status === NOT_FOUND || status === CONFLICT) return;
    throw failureOfStatus(`DELETE ${place.path}`, status, body, retryAfterMs);
  }

  async #create(desired: DesiredObject, place: Place): Promise<WriteResult> {
    const answer = await this.#patch(place, bodyOf(desired, place, undefined), false);
    if (answer.status === CREATED)
      return { type: 'right', object: this.#written(desired.kind, place, answer) };
    if (answer.status === CONFLICT) return { type: 'taken', by: 'another writer' };
    const object = this.#written(desired.kind, place, answer);
    // It came into being since it was looked for. Our fields are taken back: the next look tells whose it is.
    await this.#patch(
      place,
      { apiVersion: place.apiVersion, kind: desired.kind, metadata: { name: desired.name, uid: object.uid } },
      true,
    );
    return { type: 'taken', by: 'another writer' };
  }

  async #patch({ path }: Place, body: object, force: boolean): Promise<ApiAnswer> {
    const query = { fieldManager: FIELD_MANAGER, force: String(force) };
    return await this.#client.send('PATCH', path, { body, contentType: APPLY, query });
  }

  #written(kind: OwnedKind, { path }: Place, { status, body, retryAfterMs }: ApiAnswer): OwnedObject {
    if (status === 200 || status === CREATED) return readOwnedObject(kind, body);
    // A version of the kind that is served no more.
    if (status === NOT_FOUND && kind === 'TLSRoute') this.#resources.forget('TLSRoute');
    throw failureOfStatus(`PATCH ${path}`, status, body, retryAfterMs);
  }

  async #place(kind: OwnedKind, namespace: string, name: string): Promise<Place | undefined> {
    switch (kind) {
      case 'Service':
        return { apiVersion: 'v1', path: `/api/v1/namespaces/${namespace}/services/${name}` };
      case 'EndpointSlice': {
        const apiVersion = 'discovery.k8s.io/v1';
        return { apiVersion, path: `/apis/${apiVersion}/namespaces/${namespace}/endpointslices/${name}` };
      }
      case 'TLSRoute': {
        const resource = await this.#resources.get('TLSRoute');
        return resource && { apiVersion: resource.apiVersion, path: objectPath(resource, namespace, name) };
      }
    }
  }
}

/** Whether nothing needs to be written. */
export function isRight(present: OwnedObject, desired: DesiredObject): boolean {
  const { labels, annotations, ownerReferences } = desired.metadata;
  const wanted = { ...contentFor(desired, present), metadata: { labels, annotations, ownerReferences } };
  return present.isOurs && holds(present.fields, wanted) && !hasSelector(present);
}

/** Whose a present object is, unless it is ours or may become it. */
export function strangerOf(present: OwnedObject, desired: DesiredObject, owner: Owner): string | undefined {
  const other = present.owners.find(({ uid }) => uid !== owner.uid);
  // Of the tenant of the same name that was there before, it is ours all the same.
  const isPrevious = other?.kind === owner.kind && other.name === owner.name;
  if (other !== undefined && !(present.isOurs && isPrevious)) return `${other.kind} ${other.name}`;
  if (present.isOurs) return undefined;
  const isSame = holds(present.fields, contentFor(desired, present)) && !hasSelector(present);
  return isSame ? undefined : 'somebody else';
}

function bodyOf(desired: DesiredObject, { apiVersion }: Place, present: OwnedObject | undefined): object {
  return {
    apiVersion,
    kind: desired.kind,
    metadata: { ...desired.metadata, ...(present !== undefined && { uid: present.uid }) },
    ...contentFor(desired, present),
  };
}

/** A Service that has an address keeps it, for that cannot be changed. */
function contentFor(
  { kind, content }: DesiredObject,
  present: OwnedObject | undefined,
): DesiredObject['content'] {
  const { spec } = (present?.fields ?? {}) as { readonly spec?: { readonly clusterIP?: string } };
  if (kind !== 'Service' || spec?.clusterIP === undefined || spec.clusterIP === 'None') return content;
  const { clusterIP: _, ...rest } = content['spec'] as Record<string, unknown>;
  return { spec: rest };
}

function hasSelector({ kind, fields }: OwnedObject): boolean {
  if (kind !== 'Service') return false;
  const { spec } = fields as { readonly spec?: { readonly selector?: object } };
  return Object.keys(spec?.selector ?? {}).length > 0;
}
