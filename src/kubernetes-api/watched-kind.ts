import { apiVersionOf, KIND_FACTS, type KindFacts } from '../model/kinds.ts';
import type { Kind } from '../model/objects.ts';
import { isReadAsProtobuf, PROTOBUF } from './protobuf-list.ts';

/** How a kind is read from the API. */
export interface WatchedKind extends KindFacts {
  /** Whether only the metadata of objects is read, and so only metadata is asked for. */
  readonly metadataOnly: boolean;
  /** This one object instead of all. */
  readonly only?: { readonly namespace: string; readonly name: string };
  /** Those that it chooses instead of all, with all their fields. */
  readonly labelSelector?: string;
}

export const WATCHED_KINDS: readonly WatchedKind[] = KIND_FACTS.map((facts) => ({
  ...facts,
  metadataOnly: facts.kind === 'Namespace',
}));

/** One served version of a kind: where to list and watch it. */
export interface Resource {
  readonly apiVersion: string;
  readonly kind: Kind;
  /** Of the collection, over all namespaces unless it is of a single object. */
  readonly path: string;
  /** Goes with every request. */
  readonly query?: Readonly<Record<string, string>>;
  readonly accept: { readonly list: string; readonly watch: string };
}

export function versionPath(watched: WatchedKind, version: string): string {
  return watched.group === '' ? `/api/${version}` : `/apis/${watched.group}/${version}`;
}

export function resourceOf(watched: WatchedKind, version: string): Resource {
  const json = 'application/json';
  const partial = (as: string): string => `${json};as=${as};g=meta.k8s.io;v=v1,${json}`;
  const { only, labelSelector } = watched;
  const isProtobuf = labelSelector === undefined && isReadAsProtobuf(watched.kind);
  const within = only === undefined ? '' : `/namespaces/${only.namespace}`;
  return {
    kind: watched.kind,
    apiVersion: apiVersionOf(watched.group, version),
    path: `${versionPath(watched, version)}${within}/${watched.plural}`,
    // RBAC takes it for a request of the object of this name.
    ...(only === undefined ? {} : { query: { fieldSelector: `metadata.name=${only.name}` } }),
    ...(labelSelector === undefined ? {} : { query: { labelSelector } }),
    accept: watched.metadataOnly
      ? { list: partial('PartialObjectMetadataList'), watch: partial('PartialObjectMetadata') }
      : { list: isProtobuf ? `${PROTOBUF},${json}` : json, watch: json },
  };
}
