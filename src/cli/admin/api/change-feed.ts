import { type ObjectEvent, refOf } from '../../../model/events.ts';
import {
  CLUSTER_TYPE,
  type ResourceView,
  type SnapshotChange,
} from '../../../snapshot/resources/resource.ts';
import type { AdsConnection } from '../../../xds/connection.ts';
import type { AdsServer } from '../../../xds/server.ts';
import type { ChangeEvent, Listed } from './shapes.ts';

/** Names that are listed of each kind of thing in one change. */
const LISTED = 10;
/** Changes that Envoys have not acknowledged; the oldest is not waited for any more. */
const MOST_PENDING = 64;

interface Owed {
  readonly typeUrl: string;
  readonly name: string;
  /** `''`: it was removed, which Envoy acknowledges with the rest. */
  readonly version: string;
}

interface PendingChange {
  readonly id: number;
  readonly startedAt: number;
  readonly owed: readonly Owed[];
  readonly nodes: Set<AdsConnection['stream']>;
}

/**
 * Changes as they go through: read, computed, acknowledged by each Envoy. While nobody listens nothing is kept and nothing is
 * measured: every method returns at once.
 */
export class ChangeFeed {
  readonly #view: ResourceView;
  readonly #server: () => Pick<AdsServer, 'nodes' | 'rejections'>;
  readonly #listeners = new Set<(event: ChangeEvent) => void>();
  #unsubscribe: (() => void)[] = [];
  #nextId = 1;
  /** Since the last complete flush. */
  #firstAt: number | undefined;
  readonly #objects = new Map<string, true>();
  readonly #changed = new Map<string, Owed>();
  #pending: PendingChange[] = [];

  constructor(view: ResourceView, server: () => Pick<AdsServer, 'nodes' | 'rejections'>) {
    this.#view = view;
    this.#server = server;
  }

  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  /** The returned function ends it. */
  listen(listener: (event: ChangeEvent) => void): () => void {
    if (!this.isWatched) this.#start();
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      if (!this.isWatched) this.#end();
    };
  }

  /** Objects were read. */
  objectsChanged(events: readonly ObjectEvent[]): void {
    if (!this.isWatched) return;
    this.#firstAt ??= performance.now();
    for (const event of events) {
      const { kind, namespace, name } = event.type === 'upsert' ? refOf(event.object) : event.ref;
      const text = `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`;
      this.#objects.set(event.type === 'upsert' ? text : `${text} (deleted)`, true);
    }
  }

  /** All that was read is computed and published. */
  flushed(): void {
    if (!this.isWatched) return;
    const startedAt = this.#firstAt ?? performance.now();
    const owed = [...this.#changed.values()];
    if (owed.length > 0) {
      const id = this.#nextId++;
      const removals = owed.filter(({ version }) => version === '').length;
      const names = owed.filter(({ typeUrl }) => typeUrl === CLUSTER_TYPE).map(({ name }) => hostOf(name));
      const nodes = new Set(
        this.#server()
          .nodes()
          .map(({ stream }) => stream),
      );
      this.#tell({
        type: 'change',
        id,
        at: new Date().toISOString(),
        objects: listed([...this.#objects.keys()]),
        hosts: listed([...new Set(names)]),
        resources: { upserts: owed.length - removals, removals },
        computedMs: round(performance.now() - startedAt),
        nodes: nodes.size,
      });
      this.#pending.push({ id, startedAt, owed, nodes });
      if (this.#pending.length > MOST_PENDING) this.#pending.shift();
    }
    this.#firstAt = undefined;
    this.#objects.clear();
    this.#changed.clear();
  }

  /** An Envoy answered. */
  answered({ stream, node }: AdsConnection): void {
    if (this.#pending.length === 0 || node === undefined) return;
    for (const { id, startedAt, owed, nodes } of this.#pending) {
      if (!nodes.has(stream) || !hasAll(stream, owed)) continue;
      nodes.delete(stream);
      this.#tell({ type: 'acknowledged', id, node: node.id, ms: round(performance.now() - startedAt) });
    }
    this.#pending = this.#pending.filter(({ nodes }) => nodes.size > 0);
  }

  nodeChanged(node: string, connected: boolean, reason?: string): void {
    if (this.isWatched)
      this.#tell({ type: 'node', node, connected, ...(reason !== undefined && { reason }) });
  }

  #start(): void {
    this.#unsubscribe = [
      this.#view.onChange((change) => this.#published(change)),
      this.#server().rejections.onEvent((event) => {
        if (event.type !== 'rejected') return;
        const names = event.names.slice(0, LISTED);
        this.#tell({ type: 'rejected', node: event.node.id, names, error: event.error });
      }),
    ];
  }

  #end(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#unsubscribe = [];
    this.#firstAt = undefined;
    this.#objects.clear();
    this.#changed.clear();
    this.#pending = [];
  }

  #published({ upserts, removals }: SnapshotChange): void {
    for (const { typeUrl, name, version } of upserts)
      this.#changed.set(`${typeUrl} ${name}`, { typeUrl, name, version });
    for (const { typeUrl, name } of removals)
      this.#changed.set(`${typeUrl} ${name}`, { typeUrl, name, version: '' });
  }

  #tell(event: ChangeEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

/** Superseded versions count as had: what came later is another change's. */
function hasAll(stream: AdsConnection['stream'], owed: readonly Owed[]): boolean {
  if (owed.some(({ version }) => version === '') && !stream.isCurrent) return false;
  const byType = new Map<string, (name: string, version: string) => boolean>();
  for (const { typeUrl, name, version } of owed) {
    if (version === '') continue;
    const has = byType.get(typeUrl) ?? stream.acknowledged(typeUrl);
    byType.set(typeUrl, has);
    if (!has(name, version)) return stream.isCurrent;
  }
  return true;
}

function listed(names: readonly string[]): Listed {
  return { count: names.length, names: names.slice(0, LISTED) };
}

/** `0.0.0.0:443/host` → `host`. */
function hostOf(cluster: string): string {
  return cluster.slice(cluster.indexOf('/') + 1);
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
