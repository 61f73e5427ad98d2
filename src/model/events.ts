import type { Kind, KubernetesObject } from './objects.ts';
import type { ReadPositions } from './positions.ts';

/** Identifies one object: kind, namespace (`''` if cluster-scoped) and name. */
export interface ObjectRef {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
}

/** One change of the world, as every source reports it. An upsert of an equal object is allowed and costs nothing. */
export type ObjectEvent =
  | { readonly type: 'upsert'; readonly object: KubernetesObject }
  | { readonly type: 'delete'; readonly ref: ObjectRef };

export function refOf(object: KubernetesObject): ObjectRef {
  return { kind: object.kind, namespace: object.meta.namespace, name: object.meta.name };
}

/**
 * Something wrong with what a source was given: data, never an exception. Affects only the object or the file
 * that it names; what was good before stays in place.
 */
export interface SourceProblem {
  /** Stable code, `SLUICE_…`, listed in docs/errors.md. */
  readonly code: string;
  /** What is wrong and what to do next, in one sentence. */
  readonly message: string;
  /** File path as given, where the source reads files. */
  readonly file?: string;
  /** 1-based. */
  readonly line?: number;
  readonly object?: { readonly kind: string; readonly namespace: string; readonly name: string };
}

/** What a source calls. All methods are synchronous and must not throw. */
export interface SourceSink {
  /** A batch of changes in the order in which they happened. */
  apply(events: readonly ObjectEvent[]): void;
  /** The initial content of the named kinds (all where undefined) is complete. */
  synced(kinds?: readonly Kind[]): void;
  /** The full list of present problems of the source, replacing what it said before. */
  problems(problems: readonly SourceProblem[]): void;
  /** What it gave at the start was saved before; now it is what the API says. Not called where nothing was saved. */
  confirmed?(): void;
}

export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

/** A source of objects: a directory of manifests, or the Kubernetes API. */
export interface Source {
  /** Starts reading; resolves when started (not when synced). Rejects only if it can never work. */
  start(sink: SourceSink): Promise<void>;
  stop(): Promise<void>;
  /**
   * Reads these Secrets too, from now on, and no others. Where there is no such method, or no permission, nothing is told
   * of them; nobody waits for them.
   */
  readSecrets?(secrets: readonly SecretName[]): void;
  /** `undefined`: not now, since a list is only half read. Where there is no such method, nothing can be read on from. */
  positions?(): ReadPositions | undefined;
  /** Kinds of which only is known what was saved before. */
  unconfirmed?(): readonly Kind[];
  /** Unix time in milliseconds at which the API last said something of each kind that is read; 0: nothing since the start. */
  heard?(): readonly { readonly kind: Kind; readonly at: number }[];
  /** Kinds whose initial content is not complete yet, each with the reason, for `/readyz`. */
  pending(): readonly { readonly kind: Kind; readonly reason: string }[];
}
