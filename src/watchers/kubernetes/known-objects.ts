import type { ObjectEvent, SourceProblem } from '../../model/events.ts';
import { type NamespacedName, namespacedName, parseNamespacedName } from '../../model/key.ts';
import type { Kind, KubernetesObject } from '../../model/objects.ts';
import { type RawObject, rawKey } from './raw-object.ts';

/** What becomes of one object of the API; see `src/watchers/objects`. */
export type Decode = (
  raw: unknown,
) =>
  | { readonly type: 'object'; readonly object: KubernetesObject }
  | { readonly type: 'ignored'; readonly kind: string }
  | { readonly type: 'invalid'; readonly code: string; readonly message: string; readonly path: string };

/**
 * Which objects of one kind the server has, as far as it has told, and what is wrong with those that cannot be read.
 * Keeps names only: what an object says is kept behind the sink. So a list is passed on whole, and the receiver,
 * for which an equal object costs nothing, sees what has changed. (To compare resource versions instead would be
 * cheaper, and wrong once etcd has been restored from a backup: it then gives out the same numbers again.)
 */
export class KnownObjects {
  readonly #kind: Kind;
  readonly #decode: Decode;
  /** The list that named it last, or that was the last when a watch did. */
  readonly #keys = new Map<NamespacedName, number>();
  #list = 0;
  /** What a watch told while a list was read, which is of an older version; `undefined`: none is read. */
  #followed: Set<NamespacedName> | undefined;
  readonly #problems = new Map<NamespacedName, SourceProblem>();

  constructor(kind: Kind, decode: Decode) {
    this.#kind = kind;
    this.#decode = decode;
  }

  problems(): readonly SourceProblem[] {
    return [...this.#problems.values()];
  }

  /** Changes with every change of `problems()`. */
  problemChanges = 0;

  /** What the server once told, which the sink has been told too. */
  know(event: ObjectEvent): void {
    const { namespace, name } = event.type === 'upsert' ? event.object.meta : event.ref;
    const key = namespacedName(namespace, name);
    if (event.type === 'upsert') this.#keys.set(key, this.#list);
    else this.#keys.delete(key);
  }

  /** `apiVersion`: lists leave out what every item is, and partial metadata says that it is partial metadata. */
  upsert(raw: RawObject, apiVersion: string): ObjectEvent | undefined {
    raw.apiVersion = apiVersion;
    raw.kind = this.#kind;
    const key = rawKey(raw);
    this.#keys.set(key, this.#list);
    const decoded = this.#decoded(raw);
    switch (decoded.type) {
      case 'object':
        this.#forget(key);
        return { type: 'upsert', object: decoded.object };
      case 'ignored':
        return undefined;
      case 'invalid': {
        // The last good one stays in place, and counts as present.
        const { code, message } = decoded;
        const { namespace = '', name } = raw.metadata;
        this.#problems.set(key, { code, message, object: { kind: this.#kind, namespace, name } });
        this.problemChanges += 1;
        return undefined;
      }
    }
  }

  /** One object on which the decoder itself fails must not take its kind with it. */
  #decoded(raw: RawObject): ReturnType<Decode> {
    try {
      return this.#decode(raw);
    } catch (error) {
      const { namespace, name } = raw.metadata;
      const place = namespace === undefined ? name : `${namespace}/${name}`;
      const reason = error instanceof Error ? error.message : String(error);
      const message = `${this.#kind} ${place} cannot be read: ${reason}; please report this with the object.`;
      return { type: 'invalid', code: 'SLUICE_OBJECT_UNREADABLE', message, path: '' };
    }
  }

  remove(raw: RawObject): ObjectEvent {
    return this.#remove(rawKey(raw));
  }

  /** A list begins, which will name everything that there is. */
  beginList(): void {
    this.#list += 1;
    this.#followed = new Set();
  }

  /** A watch tells of the object. */
  follow(raw: RawObject): void {
    this.#followed?.add(rawKey(raw));
  }

  /** Whether a watch has told of the object since the list was begun. */
  isFollowed(raw: RawObject): boolean {
    return this.#followed !== undefined && this.#followed.size > 0 && this.#followed.has(rawKey(raw));
  }

  /** It was complete: removes everything that it did not name. */
  endList(): ObjectEvent[] {
    this.#followed = undefined;
    const events: ObjectEvent[] = [];
    for (const [key, list] of this.#keys) {
      if (list !== this.#list) events.push(this.#remove(key));
    }
    return events;
  }

  #remove(key: NamespacedName): ObjectEvent {
    this.#keys.delete(key);
    this.#forget(key);
    return { type: 'delete', ref: { kind: this.#kind, ...parseNamespacedName(key) } };
  }

  #forget(key: NamespacedName): void {
    if (this.#problems.delete(key)) this.problemChanges += 1;
  }
}
