import type { ApiClient } from '../../kubernetes-api/api-client.ts';
import { ApiFailure } from '../../kubernetes-api/api-failure.ts';
import { discover } from '../../kubernetes-api/discovery.ts';
import { type Resource, WATCHED_KINDS, type WatchedKind } from '../../kubernetes-api/watched-kind.ts';
import { STATUS_KINDS, type StatusKind } from '../../model/desired-status.ts';

/** Where the objects of a kind are, in the version that the server serves now. */
export interface StatusResource {
  readonly apiVersion: string;
  /** Of the collection, over all namespaces. */
  readonly path: string;
  readonly plural: string;
}

const DISCOVERY_MS = 10_000;

/** The kinds that have a status of ours, each discovered when it is first needed and again when it has gone. */
export class StatusResources {
  readonly #client: ApiClient;
  readonly #known = new Map<StatusKind, Promise<StatusResource | undefined>>();

  constructor(client: ApiClient) {
    this.#client = client;
  }

  /** `undefined` where the server does not serve the kind. Rejects with an `ApiFailure` where it cannot say. */
  async get(kind: StatusKind): Promise<StatusResource | undefined> {
    let resource = this.#known.get(kind);
    if (resource === undefined) {
      resource = this.#discover(kind);
      this.#known.set(kind, resource);
    }
    try {
      const found = await resource;
      if (found === undefined) this.#known.delete(kind);
      return found;
    } catch (error) {
      this.#known.delete(kind);
      throw error;
    }
  }

  /** The version may be gone: look again. */
  forget(kind: StatusKind): void {
    this.#known.delete(kind);
  }

  async #discover(kind: StatusKind): Promise<StatusResource | undefined> {
    const watched = watchedKind(kind);
    const signal = AbortSignal.timeout(DISCOVERY_MS);
    const found: Resource | undefined = await discover(watched, this.#client, DISCOVERY_MS, signal);
    return found && { apiVersion: found.apiVersion, path: found.path, plural: watched.plural };
  }
}

export function objectPath(resource: StatusResource, namespace: string, name: string): string {
  const version = resource.path.slice(0, -resource.plural.length - 1);
  const scope = namespace === '' ? '' : `/namespaces/${namespace}`;
  return `${version}${scope}/${resource.plural}/${name}`;
}

export function isStatusKind(kind: string): kind is StatusKind {
  return (STATUS_KINDS as readonly string[]).includes(kind);
}

function watchedKind(kind: StatusKind): WatchedKind {
  const watched = WATCHED_KINDS.find((each) => each.kind === kind);
  if (watched === undefined) throw new ApiFailure('config', `${kind} is not a kind that Sluice reads`);
  return watched;
}
