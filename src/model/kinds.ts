import type { Kind, RouteGroupKind, UnservedRoute } from './objects.ts';

export type Scope = 'namespaced' | 'cluster';

/** What Kubernetes says of a kind: where the API serves it, and how a manifest names it. */
export interface KindFacts<K extends string = Kind> {
  readonly kind: K;
  /** `''` for the core group. */
  readonly group: string;
  /** That the API is asked for, best first. One for what is part of Kubernetes, several where a CRD decides. */
  readonly versions: readonly string[];
  /** That a manifest may be written in besides; no API server that still serves them is asked. */
  readonly olderVersions: readonly string[];
  readonly plural: string;
  readonly scope: Scope;
  /** A CRD, which may be missing, and may come and go. */
  readonly custom: boolean;
}

export const GATEWAY_GROUP = 'gateway.networking.k8s.io';
const NETWORKING_GROUP = 'networking.k8s.io';
const DISCOVERY_GROUP = 'discovery.k8s.io';

/** The kinds that a source reads whole. */
export const KIND_FACTS: readonly KindFacts[] = [
  custom('GatewayClass', 'gatewayclasses', 'cluster', ['v1', 'v1beta1']),
  custom('Gateway', 'gateways', 'namespaced', ['v1', 'v1beta1']),
  custom('ListenerSet', 'listenersets', 'namespaced', ['v1']),
  custom('TLSRoute', 'tlsroutes', 'namespaced', ['v1', 'v1alpha3', 'v1alpha2']),
  custom('HTTPRoute', 'httproutes', 'namespaced', ['v1', 'v1beta1']),
  custom('GRPCRoute', 'grpcroutes', 'namespaced', ['v1']),
  custom('TCPRoute', 'tcproutes', 'namespaced', ['v1', 'v1alpha2']),
  custom('UDPRoute', 'udproutes', 'namespaced', ['v1', 'v1alpha2']),
  custom('ReferenceGrant', 'referencegrants', 'namespaced', ['v1', 'v1beta1'], ['v1alpha2']),
  builtIn('Ingress', NETWORKING_GROUP, 'ingresses', 'namespaced'),
  builtIn('IngressClass', NETWORKING_GROUP, 'ingressclasses', 'cluster'),
  builtIn('Service', '', 'services', 'namespaced'),
  builtIn('EndpointSlice', DISCOVERY_GROUP, 'endpointslices', 'namespaced'),
  builtIn('Namespace', '', 'namespaces', 'cluster'),
  builtIn('Node', '', 'nodes', 'cluster'),
];

/** Secrets are read one by one, see `Source.readSecrets`. */
export const SECRET_FACTS: KindFacts<'Secret'> = builtIn('Secret', '', 'secrets', 'namespaced');

/** Endpoints are not read but mirrored, as the control plane of Kubernetes does where there is one. */
export const ENDPOINTS_FACTS: KindFacts<'Endpoints'> = builtIn('Endpoints', '', 'endpoints', 'namespaced');

/** Kinds of routes that are counted at their listeners, told that nobody serves them, and not served. */
export const UNSERVED_ROUTE_KINDS: readonly UnservedRoute['kind'][] = [
  'HTTPRoute',
  'GRPCRoute',
  'TCPRoute',
  'UDPRoute',
];

export function isUnservedRouteKind(kind: string): kind is UnservedRoute['kind'] {
  return (UNSERVED_ROUTE_KINDS as readonly string[]).includes(kind);
}

export const KINDS: readonly Kind[] = KIND_FACTS.map(({ kind }) => kind);

const BY_KIND: ReadonlyMap<Kind, KindFacts> = new Map(
  [...KIND_FACTS, SECRET_FACTS].map((facts) => [facts.kind, facts]),
);

export function factsOf(kind: Kind): KindFacts {
  const facts = BY_KIND.get(kind);
  if (facts === undefined) throw new Error(`the table of kinds lacks ${kind}`);
  return facts;
}

/** `group/version`, without the slash for the core group. */
export function apiVersionOf(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}

/** The group of an apiVersion: `''` for the core group. */
export function groupOf(apiVersion: string): string {
  return apiVersion.slice(0, Math.max(0, apiVersion.indexOf('/')));
}

/** A kind in its best version, as an Event or an ownerReference names it. */
export function bestApiVersion(kind: Kind): string {
  const { group, versions } = factsOf(kind);
  return apiVersionOf(group, versions[0] ?? '');
}

/** A kind as references and `supportedKinds` of the Gateway API name it. */
export function groupKindOf(kind: Kind): RouteGroupKind {
  return { group: factsOf(kind).group, kind };
}

function custom(
  kind: Kind,
  plural: string,
  scope: Scope,
  versions: readonly string[],
  olderVersions: readonly string[] = [],
): KindFacts {
  return { kind, group: GATEWAY_GROUP, versions, olderVersions, plural, scope, custom: true };
}

function builtIn<K extends string>(kind: K, group: string, plural: string, scope: Scope): KindFacts<K> {
  return { kind, group, versions: ['v1'], olderVersions: [], plural, scope, custom: false };
}
