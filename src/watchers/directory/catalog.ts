import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { ObjectEvent, SourceProblem } from '../../model/events.ts';
import { refOf } from '../../model/events.ts';
import { objectKey } from '../../model/key.ts';
import { NAMESPACE_NAME_LABEL } from '../../model/names.ts';
import type { KubernetesObject, Namespace } from '../../model/objects.ts';
import type { ManifestEntry, ManifestFile } from './manifest-file.ts';
import { ProblemList } from './problem-list.ts';

/** An entry and the place that it was found at. */
interface Claim {
  readonly file: string;
  readonly order: number;
  readonly entry: ManifestEntry;
}

/** Something that was published, and what it was made of. */
interface Published {
  readonly source: KubernetesObject;
  readonly object: KubernetesObject;
}

/**
 * The objects of all files. Where several files, or several documents of one, give the same object, the first counts,
 * by the path of the file and then the order in it; an EndpointSlice that is written counts before one mirrored from
 * Endpoints. Gives each object what an API server would: a uid, a generation, and the namespace that it is in.
 *
 * The cost of a change is that of the files that changed.
 */
export class Catalog {
  readonly #files = new Map<string, readonly Claim[]>();
  readonly #claims = new Map<string, readonly Claim[]>();
  readonly #contested = new Set<string>();
  readonly #published = new Map<string, Published>();
  /** How many published objects are in a namespace. */
  readonly #population = new Map<string, number>();

  /** Replaces what these files hold (`undefined`: a file that is gone) and says what has changed: namespaces first, but gone last. */
  update(files: ReadonlyMap<string, ManifestFile | undefined>): readonly ObjectEvent[] {
    const touched = new Set<string>();
    for (const [file, content] of files) this.#replace(file, content, touched);
    const events: ObjectEvent[] = [];
    const namespaces = new Set<string>();
    for (const key of touched) {
      const source = this.#claims.get(key)?.[0]?.entry.object;
      const before = this.#published.get(key)?.source;
      const isNamespace = (source ?? before)?.kind === 'Namespace';
      if (isNamespace) {
        namespaces.add((source ?? before)?.meta.name ?? '');
        continue;
      }
      if (before === undefined && source !== undefined) this.#count(source.meta.namespace, 1, namespaces);
      if (before !== undefined && source === undefined) this.#count(before.meta.namespace, -1, namespaces);
      this.#publish(key, source, events);
    }
    const ofNamespaces: ObjectEvent[] = [];
    for (const name of namespaces) this.#publishNamespace(name, ofNamespaces);
    const { upsert = [], delete: deletes = [] } = Object.groupBy(ofNamespaces, ({ type }) => type);
    return [...upsert, ...events, ...deletes];
  }

  /** Whether a file still holds every object that it held. */
  isGain(file: string, content: ManifestFile): boolean {
    const keys = new Set(content.entries.map(({ key }) => key));
    return (this.#files.get(file) ?? []).every(({ entry }) => keys.has(entry.key));
  }

  /** Every object that is in more than one place, once for each place that does not count. */
  duplicates(): readonly SourceProblem[] {
    const told = new Set<string>();
    const lists = new Map<string, ProblemList>();
    for (const key of this.#contested) {
      const [winner, ...others] = (this.#claims.get(key) ?? []).filter(
        ({ entry }, _, [first]) => entry.isMirrored === first?.entry.isMirrored,
      );
      if (winner === undefined) continue;
      for (const loser of others) {
        const { documentKey, line } = loser.entry;
        const id = `${loser.file}\n${line}\n${documentKey}`;
        if (told.has(id)) continue;
        told.add(id);
        const { kind, namespace, name } = documentRef(loser.entry);
        const title = namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
        const list = lists.get(loser.file) ?? new ProblemList(loser.file);
        lists.set(loser.file, list);
        list.add('SLUICE_OBJECT_DUPLICATE', () => ({
          code: 'SLUICE_OBJECT_DUPLICATE',
          message: `${title} is in ${placeOf(loser)} and in ${placeOf(winner)}, which counts; remove one of them.`,
          file: loser.file,
          ...(line !== undefined && { line }),
          object: { kind, namespace, name },
        }));
      }
    }
    return [...lists.values()].flatMap((list) => list.all());
  }

  #replace(file: string, content: ManifestFile | undefined, touched: Set<string>): void {
    const before = this.#files.get(file) ?? [];
    const claims = content?.entries.map((entry, order): Claim => ({ file, order, entry })) ?? [];
    if (content === undefined) this.#files.delete(file);
    else this.#files.set(file, claims);
    const byKey = Map.groupBy(claims, ({ entry }) => entry.key);
    for (const key of new Set([...before.map(({ entry }) => entry.key), ...byKey.keys()])) {
      const others = (this.#claims.get(key) ?? []).filter((claim) => claim.file !== file);
      const all = [...others, ...(byKey.get(key) ?? [])].sort(precedence);
      if (all.length === 0) this.#claims.delete(key);
      else this.#claims.set(key, all);
      if (all.length > 1) this.#contested.add(key);
      else this.#contested.delete(key);
      touched.add(key);
    }
  }

  #count(namespace: string, change: number, namespaces: Set<string>): void {
    if (namespace === '') return;
    const population = (this.#population.get(namespace) ?? 0) + change;
    if (population === 0) this.#population.delete(namespace);
    else this.#population.set(namespace, population);
    namespaces.add(namespace);
  }

  /** A namespace exists that a document makes, or that an object is in: there is no API server to refuse the object. */
  #publishNamespace(name: string, events: ObjectEvent[]): void {
    const key = objectKey({ kind: 'Namespace', namespace: '', name });
    const written = this.#claims.get(key)?.[0]?.entry.object;
    this.#publish(key, written ?? (this.#population.has(name) ? impliedNamespace(name) : undefined), events);
  }

  #publish(key: string, source: KubernetesObject | undefined, events: ObjectEvent[]): void {
    const before = this.#published.get(key);
    if (source === undefined) {
      if (before === undefined) return;
      this.#published.delete(key);
      events.push({ type: 'delete', ref: refOf(before.object) });
      return;
    }
    if (before !== undefined && (before.source === source || isDeepStrictEqual(before.source, source)))
      return;
    const isSpecChanged =
      before !== undefined && !isDeepStrictEqual({ ...before.source, meta: source.meta }, source);
    const generation = (before?.object.meta.generation ?? 1) + (isSpecChanged ? 1 : 0);
    const object = { ...source, meta: { ...source.meta, uid: uidOf(key), generation } };
    this.#published.set(key, { source, object });
    events.push({ type: 'upsert', object });
  }
}

function precedence(a: Claim, b: Claim): number {
  if (a.entry.isMirrored !== b.entry.isMirrored) return a.entry.isMirrored ? 1 : -1;
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.order - b.order;
}

/** What the document that an entry is of names. */
function documentRef({ object, isMirrored }: ManifestEntry) {
  const { kind, namespace, name } = refOf(object);
  if (!isMirrored || object.kind !== 'EndpointSlice') return { kind, namespace, name };
  return { kind: 'Endpoints', namespace, name: object.serviceName };
}

function placeOf({ file, entry }: Claim): string {
  return entry.line === undefined ? file : `${file} line ${entry.line}`;
}

function impliedNamespace(name: string): Namespace {
  const labels = { [NAMESPACE_NAME_LABEL]: name };
  const meta = {
    namespace: '',
    name,
    uid: '',
    generation: 0,
    creationTimestamp: '',
    labels,
    annotations: {},
  };
  return { kind: 'Namespace', meta };
}

/** The same for the same object in every process, in the form of a UUID. */
function uidOf(key: string): string {
  const hex = createHash('sha256').update(key).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
