import type { CredentialsOptions } from '../kubernetes-api/credentials.ts';
import type { WatchedKind } from '../kubernetes-api/watched-kind.ts';
import type { ObjectEvent, Source, SourceProblem } from '../model/events.ts';
import { factsOf } from '../model/kinds.ts';
import type { Kind, KubernetesObject } from '../model/objects.ts';
import type { SourceLogger } from '../watchers/kubernetes/failure-log.ts';
import { createKubernetesSource } from '../watchers/kubernetes/kubernetes-source.ts';
import { type OwnedId, type OwnedKind, ownedId } from './intent/objects.ts';
import type { TenantMapping } from './mapping/mapping.ts';
import { MAPPING_LABEL } from './names.ts';
import { type OwnedObject, readOwnedObject } from './world/owned-object.ts';

const OWNED_KINDS: readonly OwnedKind[] = ['Service', 'EndpointSlice', 'TLSRoute'];

export interface TenantEvents {
  /** One of the tenant objects of the mappings of that kind, as the API server sent it. */
  readonly tenant: (mappings: readonly TenantMapping[], object: unknown) => void;
  readonly tenantGone: (mappings: readonly TenantMapping[], namespace: string, name: string) => void;
  readonly owned: (object: OwnedObject) => void;
  readonly ownedGone: (id: OwnedId) => void;
  /** All that there is has been read. */
  readonly synced: () => void;
  readonly problems: (problems: readonly SourceProblem[]) => void;
}

export interface TenantSourceOptions extends CredentialsOptions {
  readonly mappings: readonly TenantMapping[];
  readonly logger: SourceLogger;
  readonly events: TenantEvents;
}

/** What the reflectors hand on: objects whole, where those of the gateway are trimmed. */
interface WholeObject {
  readonly kind: string;
  readonly meta: { readonly namespace: string; readonly name: string };
  readonly whole: object;
}

/** Tenant objects, and what has our label, from the Kubernetes API. */
export class TenantSource {
  readonly #source: Source;
  readonly #events: TenantEvents;
  readonly #mappings = new Map<string, TenantMapping[]>();
  readonly #pending = new Set<string>();

  constructor({ mappings, logger, events, ...credentials }: TenantSourceOptions) {
    this.#events = events;
    for (const mapping of mappings) {
      const { kind, group } = mapping.watch;
      const name = `${kind}.${group}`;
      this.#mappings.set(name, [...(this.#mappings.get(name) ?? []), mapping]);
    }
    // Those of other mappings are another process's.
    const labelSelector = `${MAPPING_LABEL} in (${mappings.map(({ name }) => name).join()})`;
    const kinds = [
      ...[...this.#mappings].map(([name, of]) => tenantKind(name, of)),
      ...OWNED_KINDS.map((kind): WatchedKind => ({ ...factsOf(kind), metadataOnly: false, labelSelector })),
    ];
    for (const { kind } of kinds) this.#pending.add(kind);
    this.#source = createKubernetesSource({
      ...credentials,
      logger,
      kinds,
      decode: (raw) => ({ type: 'object', object: whole(raw) as unknown as KubernetesObject }),
      userAgent: 'sluice-tenants',
    });
  }

  async start(): Promise<void> {
    await this.#source.start({
      apply: (events) => {
        for (const event of events) this.#apply(event);
      },
      synced: (kinds = []) => {
        const before = this.#pending.size;
        for (const kind of kinds) this.#pending.delete(kind);
        if (before > 0 && this.#pending.size === 0) this.#events.synced();
      },
      problems: (problems) => this.#events.problems(problems),
    });
  }

  /** Kinds that have not been read yet, each with the reason. */
  pending(): readonly { readonly kind: string; readonly reason: string }[] {
    return this.#source.pending();
  }

  async stop(): Promise<void> {
    await this.#source.stop();
  }

  #apply(event: ObjectEvent): void {
    const { kind, namespace, name } =
      event.type === 'delete' ? event.ref : { kind: event.object.kind, ...event.object.meta };
    const mappings = this.#mappings.get(kind);
    if (event.type === 'delete') {
      if (mappings !== undefined) this.#events.tenantGone(mappings, namespace, name);
      else this.#events.ownedGone(ownedId(kind, namespace, name));
      return;
    }
    const { whole: object } = event.object as unknown as WholeObject;
    if (mappings !== undefined) this.#events.tenant(mappings, object);
    else this.#events.owned(readOwnedObject(kind as OwnedKind, object));
  }
}

function tenantKind(name: string, [mapping]: readonly TenantMapping[]): WatchedKind {
  const { group = '', plural = '', versions = [] } = mapping?.watch ?? {};
  return {
    // Kinds of two groups may have the same name.
    kind: name as Kind,
    group,
    versions,
    olderVersions: [],
    plural,
    scope: 'namespaced',
    custom: true,
    metadataOnly: false,
  };
}

function whole(raw: unknown): WholeObject {
  const object = raw as {
    readonly kind: string;
    readonly metadata: { readonly namespace?: string; readonly name: string };
  };
  const { namespace = '', name } = object.metadata;
  return { kind: object.kind, meta: { namespace, name }, whole: object };
}
