import { apiVersionOf, ENDPOINTS_FACTS, groupOf, KIND_FACTS, type KindFacts } from '../../model/kinds.ts';
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
  decodeTcpRoute,
  decodeTlsRoute,
  decodeUdpRoute,
} from './gateway-api.ts';
import { decodeIngress, decodeIngressClass } from './ingress.ts';
import { distance } from './spelling.ts';

type Decode = (raw: Fields, meta: ObjectMeta) => KubernetesObject;

/** How a kind is written in a manifest and read from one. */
export interface ServedKind extends KindFacts<Kind | 'Endpoints'> {
  /** `undefined` for Endpoints, which are not read but mirrored. */
  readonly decode: Decode | undefined;
}

const DECODERS: Readonly<Record<Exclude<Kind, 'Secret'>, Decode>> = {
  GatewayClass: decodeGatewayClass,
  Gateway: decodeGateway,
  ListenerSet: decodeListenerSet,
  TLSRoute: decodeTlsRoute,
  HTTPRoute: decodeHttpRoute,
  GRPCRoute: decodeGrpcRoute,
  TCPRoute: decodeTcpRoute,
  UDPRoute: decodeUdpRoute,
  ReferenceGrant: decodeReferenceGrant,
  Ingress: decodeIngress,
  IngressClass: decodeIngressClass,
  Service: decodeService,
  EndpointSlice: decodeEndpointSlice,
  Namespace: decodeNamespace,
  Node: decodeNode,
};

const SERVED_KINDS: readonly ServedKind[] = [
  ...KIND_FACTS.map((facts) => ({
    ...facts,
    decode: facts.kind === 'Secret' ? undefined : DECODERS[facts.kind],
  })),
  { ...ENDPOINTS_FACTS, decode: undefined },
];

const BY_API_VERSION_AND_KIND: ReadonlyMap<string, ServedKind> = new Map(
  SERVED_KINDS.flatMap((entry) =>
    apiVersions(entry).map((apiVersion) => [`${apiVersion} ${entry.kind}`, entry] as const),
  ),
);

export function servedKind(apiVersion: string, kind: string): ServedKind | undefined {
  return BY_API_VERSION_AND_KIND.get(`${apiVersion} ${kind}`);
}

function apiVersions({ group, versions, olderVersions }: ServedKind): readonly string[] {
  return [...versions, ...olderVersions].map((version) => apiVersionOf(group, version));
}

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
  const group = groupOf(apiVersion);
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
  const meant = SERVED_KINDS.find((entry) => entry.group === group && isNearly(kind, entry.kind));
  return meant && { field: 'kind', message: `is not known; did you mean ${meant.kind}?` };
}

function isNearly(kind: string, name: string): boolean {
  return distance(kind.toLowerCase(), name.toLowerCase()) <= (name.length < 6 ? 1 : 2);
}
