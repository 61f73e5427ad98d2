import type { Kind } from '../model/objects.ts';
import { isReadAsProtobuf, PROTOBUF } from './protobuf-list.ts';

/** How the API serves a kind that Sluice reads. */
export interface WatchedKind {
  readonly kind: Kind;
  /** `''` for the core group. */
  readonly group: string;
  /**
   * Best first. One version for what is part of Kubernetes; several where a CRD decides, see `discovery.ts`.
   */
  readonly versions: readonly string[];
  readonly plural: string;
  /** A CRD, which may be missing, and may come and go. */
  readonly custom: boolean;
  /** Nothing but the metadata is read, so nothing but the metadata is asked for. */
  readonly metadataOnly: boolean;
  /** This one object instead of all. */
  readonly only?: { readonly namespace: string; readonly name: string };
}

const GATEWAY_API = 'gateway.networking.k8s.io';

function custom(kind: Kind, plural: string, versions: readonly string[]): WatchedKind {
  return { kind, group: GATEWAY_API, versions, plural, custom: true, metadataOnly: false };
}

function builtIn(kind: Kind, group: string, plural: string, metadataOnly = false): WatchedKind {
  return { kind, group, versions: ['v1'], plural, custom: false, metadataOnly };
}

export const WATCHED_KINDS: readonly WatchedKind[] = [
  custom('GatewayClass', 'gatewayclasses', ['v1', 'v1beta1']),
  custom('Gateway', 'gateways', ['v1', 'v1beta1']),
  custom('ListenerSet', 'listenersets', ['v1']),
  custom('TLSRoute', 'tlsroutes', ['v1', 'v1alpha3', 'v1alpha2']),
  custom('HTTPRoute', 'httproutes', ['v1', 'v1beta1']),
  custom('GRPCRoute', 'grpcroutes', ['v1']),
  custom('ReferenceGrant', 'referencegrants', ['v1', 'v1beta1']),
  builtIn('Ingress', 'networking.k8s.io', 'ingresses'),
  builtIn('IngressClass', 'networking.k8s.io', 'ingressclasses'),
  builtIn('Service', '', 'services'),
  builtIn('EndpointSlice', 'discovery.k8s.io', 'endpointslices'),
  builtIn('Namespace', '', 'namespaces', true),
  builtIn('Node', '', 'nodes'),
];

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
  const { only } = watched;
  const within = only === undefined ? '' : `/namespaces/${only.namespace}`;
  return {
    kind: watched.kind,
    apiVersion: watched.group === '' ? version : `${watched.group}/${version}`,
    path: `${versionPath(watched, version)}${within}/${watched.plural}`,
    // RBAC takes it for a request of the object of this name.
    ...(only === undefined ? {} : { query: { fieldSelector: `metadata.name=${only.name}` } }),
    accept: watched.metadataOnly
      ? { list: partial('PartialObjectMetadataList'), watch: partial('PartialObjectMetadata') }
      : { list: isReadAsProtobuf(watched.kind) ? `${PROTOBUF},${json}` : json, watch: json },
  };
}
