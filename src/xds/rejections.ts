import type { ResourceView } from '../snapshot/resources/resource.ts';
import type { HeldResource } from './answers.ts';
import type { NodeIdentity } from './node-identity.ts';
import type { AdsStream } from './stream.ts';
import type { Rejection } from './stream-messages.ts';

/** What becomes of rejections, in the order in which it happens. */
export type RejectionEvent =
  /** An Envoy rejected a response (NACK). `names` are held back from now on; empty while the cause is being searched for. */
  | ({ readonly type: 'rejected'; readonly node: NodeIdentity } & Rejection)
  /** An Envoy accepted what it had rejected, or another version of it. */
  | {
      readonly type: 'accepted';
      readonly node: NodeIdentity;
      readonly typeUrl: string;
      readonly names: readonly string[];
    };

/** A resource that Envoys rejected in the version that is to be served now. */
export interface RejectedResource extends HeldResource {
  /** How many of the connected Envoys rejected it; the error is that of one of them. */
  readonly nodes: number;
}

/** The last response that an Envoy rejected on its stream, accepted since or not. */
export interface LastRejection {
  readonly at: Date;
  readonly typeUrl: string;
  readonly names: readonly string[];
  readonly error: string;
}

const NOTHING: ReadonlyMap<string, HeldResource> = new Map();

/**
 * What each connected Envoy rejected, by type and name, until it accepts it. Connections tell it what their streams
 * made of an answer; the log, the metrics, the pages and the statuses read it or listen to it.
 */
export class Rejections {
  readonly #view: ResourceView;
  readonly #byStream = new Map<AdsStream, Map<string, Map<string, HeldResource>>>();
  readonly #listeners = new Set<(event: RejectionEvent) => void>();
  readonly #last = new Map<AdsStream, LastRejection>();

  constructor(view: ResourceView) {
    this.#view = view;
  }

  /** The returned function ends it. */
  onEvent(listener: (event: RejectionEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What is held back on all streams, each resource once for each of them. */
  get count(): number {
    let count = 0;
    for (const [stream, types] of this.#byStream) {
      for (const typeUrl of types.keys()) count += this.of(stream, typeUrl).size;
    }
    return count;
  }

  /** What is held back on a stream, or just being tried again, by name. */
  of(stream: AdsStream, typeUrl: string): ReadonlyMap<string, HeldResource> {
    const known = this.#byStream.get(stream)?.get(typeUrl);
    if (known === undefined) return NOTHING;
    // What has changed since is on its way.
    const isPresent = ([name, { version }]: [string, HeldResource]): boolean =>
      this.#view.get(typeUrl, name)?.version === version;
    return new Map([...known].filter(isPresent));
  }

  /** What is held back on any stream, by name. */
  ofType(typeUrl: string): ReadonlyMap<string, RejectedResource> {
    const found = new Map<string, RejectedResource>();
    for (const stream of this.#byStream.keys()) {
      for (const [name, held] of this.of(stream, typeUrl))
        found.set(name, { ...held, nodes: (found.get(name)?.nodes ?? 0) + 1 });
    }
    return found;
  }

  /** What was rejected last on a stream; `undefined` where nothing was. */
  lastOf(stream: AdsStream): LastRejection | undefined {
    return this.#last.get(stream);
  }

  /** A stream took a response for rejected. */
  rejected(node: NodeIdentity, stream: AdsStream, rejection: Rejection): void {
    const { typeUrl, names, error } = rejection;
    const held = stream.held(typeUrl);
    this.#last.set(stream, { at: new Date(), typeUrl, names, error });
    for (const name of names) {
      const resource = held.get(name);
      if (resource !== undefined) this.#typeOf(stream, typeUrl).set(name, resource);
    }
    this.#tell({ type: 'rejected', node, ...rejection });
  }

  /** A stream took a response of this type for acknowledged. */
  acknowledged(node: NodeIdentity, stream: AdsStream, typeUrl: string): void {
    const known = this.#byStream.get(stream)?.get(typeUrl);
    if (known === undefined || known.size === 0) return;
    const held = stream.held(typeUrl);
    const names: string[] = [];
    for (const [name, { version: rejected }] of known) {
      const version = this.#view.get(typeUrl, name)?.version;
      if (version === undefined) known.delete(name);
      // What is tried again as it was is neither held nor sent for a moment.
      else if (version === rejected && !stream.isCurrent) continue;
      else if (stream.isAcknowledged(typeUrl, name, version)) {
        known.delete(name);
        names.push(name);
      } else if (stream.isCurrent && !held.has(name)) known.delete(name);
    }
    if (names.length > 0) this.#tell({ type: 'accepted', node, typeUrl, names });
  }

  /** The stream has ended. */
  ended(stream: AdsStream): void {
    this.#byStream.delete(stream);
    this.#last.delete(stream);
  }

  #typeOf(stream: AdsStream, typeUrl: string): Map<string, HeldResource> {
    const types = this.#byStream.get(stream) ?? new Map<string, Map<string, HeldResource>>();
    this.#byStream.set(stream, types);
    const known = types.get(typeUrl) ?? new Map<string, HeldResource>();
    types.set(typeUrl, known);
    return known;
  }

  #tell(event: RejectionEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
