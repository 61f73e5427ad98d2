import type { Kind, KubernetesObject, ObjectMeta } from '../../model/objects.ts';
import { decodeEndpointSlice, decodeNamespace, decodeNode, decodeService } from './core.ts';
import type { Fields } from './fields.ts';
import {
  decodeGateway,
  decodeGatewayClass,
  decodeGrpcRoute,
  decodeHttpRoute,
  decodeListenerSet,
  decodeReferenceGrant,
  decodeTlsRoute,
  GATEWAY_GROUP,
} from './gateway-api.ts';
import { decodeIngress, decodeIngressClass } from './ingress.ts';
import type { Scope } from './meta.ts';
import { distance } from './spelling.ts';

/** How a kind is written in a manifest and read from one. */
export interface ServedKind {
  readonly kind: Kind | 'Endpoints';
  /** `''` for the core group. */
  readonly group: string;
  readonly versions: readonly string[];
  readonly scope: Scope;
  /** `undefined` for Endpoints, which are not read but mirrored. */
  readonly decode: ((raw: Fields, meta: ObjectMeta) => KubernetesObject) | undefined;
}

const NETWORKING = 'networking.k8s.io';

const SERVED_KINDS: readonly ServedKind[] = [
  served('GatewayClass', GATEWAY_GROUP, ['v1', 'v1beta1'], 'cluster', decodeGatewayClass),
  served('Gateway', GATEWAY_GROUP, ['v1', 'v1beta1'], 'namespaced', decodeGateway),
  served('ListenerSet', GATEWAY_GROUP, ['v1'], 'namespaced', decodeListenerSet),
  served('TLSRoute', GATEWAY_GROUP, ['v1', 'v1alpha3', 'v1alpha2'], 'namespaced', decodeTlsRoute),
  served('HTTPRoute', GATEWAY_GROUP, ['v1', 'v1beta1'], 'namespaced', decodeHttpRoute),
  served('GRPCRoute', GATEWAY_GROUP, ['v1'], 'namespaced', decodeGrpcRoute),
  served('ReferenceGrant', GATEWAY_GROUP, ['v1', 'v1beta1', 'v1alpha2'], 'namespaced', decodeReferenceGrant),
  served('Ingress', NETWORKING, ['v1'], 'namespaced', decodeIngress),
  served('IngressClass', NETWORKING, ['v1'], 'cluster', decodeIngressClass),
  served('Service', '', ['v1'], 'namespaced', decodeService),
  served('EndpointSlice', 'discovery.k8s.io', ['v1'], 'namespaced', decodeEndpointSlice),
  served('Namespace', '', ['v1'], 'cluster', decodeNamespace),
  served('Node', '', ['v1'], 'cluster', decodeNode),
  served('Endpoints', '', ['v1'], 'namespaced', undefined),
];

function served(
  kind: ServedKind['kind'],
  group: string,
  versions: readonly string[],
  scope: Scope,
  decode: ServedKind['decode'],
): ServedKind {
  return { kind, group, versions, scope, decode };
}

const BY_API_VERSION_AND_KIND: ReadonlyMap<string, ServedKind> = new Map(
  SERVED_KINDS.flatMap((entry) =>
    apiVersions(entry).map((apiVersion) => [`${apiVersion} ${entry.kind}`, entry] as const),
  ),
);

export function servedKind(apiVersion: string, kind: string): ServedKind | undefined {
  return BY_API_VERSION_AND_KIND.get(`${apiVersion} ${kind}`);
}

function apiVersions({ group, versions }: ServedKind): readonly string[] {
  return group === '' ? versions : versions.map((version) => `${group}/${version}`);
}

/** Kinds of the Gateway API that are a typing error away from one that is read, and are none. */
const OTHER_KINDS: readonly string[] = ['TCPRoute'];

/**
 * Why an object that is not read was most likely meant to be; `undefined` where it is simply something else.
 *
 * Many projects have a Gateway or a Service of their own (`networking.istio.io`, `serving.knative.dev`), so a kind of the
 * right name counts only in a group of Kubernetes or one that is nearly the right one.
 */
export function misspelling(
  apiVersion: string,
  kind: string,
): { readonly field: 'apiVersion' | 'kind'; readonly message: string } | undefined {
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  const named = SERVED_KINDS.find((entry) => entry.kind === kind);
  if (named !== undefined) {
    const accepted = apiVersions(named).join(', ');
    if (named.group === group) {
      return { field: 'apiVersion', message: `of ${kind} must be ${accepted}` };
    }
    const isOfKubernetes = group === '' || group === 'extensions' || group.endsWith('k8s.io');
    if (!isOfKubernetes && distance(group, named.group) > 3) return undefined;
    return { field: 'apiVersion', message: `of ${kind} must be ${accepted}` };
  }
  if (OTHER_KINDS.includes(kind)) return undefined;
  const meant = SERVED_KINDS.find((entry) => entry.group === group && isNearly(kind, entry.kind));
  return meant && { field: 'kind', message: `is not known; did you mean ${meant.kind}?` };
}

function isNearly(kind: string, name: string): boolean {
  return distance(kind.toLowerCase(), name.toLowerCase()) <= (name.length < 6 ? 1 : 2);
}
