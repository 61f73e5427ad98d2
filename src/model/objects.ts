/**
 * The Kubernetes objects that Sluice reads, reduced to the fields it reads.
 *
 * A source (src/watchers) decodes and trims at the door; everything behind it works on these types alone.
 * Every default that the API server would apply has been applied, so that nothing behind the door needs to
 * know where an object came from. Objects are frozen in tests and must never be mutated.
 */

/** Metadata that Sluice reads. `namespace` is `''` for cluster-scoped kinds. */
export interface ObjectMeta {
  readonly namespace: string;
  readonly name: string;
  /** `''` where nobody reads it: of Services, EndpointSlices, Namespaces and Nodes. So are the next two. */
  readonly uid: string;
  /** 0 where the source has none. */
  readonly generation: number;
  /** RFC 3339, UTC; `''` where unknown, which sorts as the youngest. */
  readonly creationTimestamp: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Only the annotations that Sluice reads are kept, see `READ_ANNOTATIONS`. */
  readonly annotations: Readonly<Record<string, string>>;
}

export interface GatewayClass {
  readonly kind: 'GatewayClass';
  readonly meta: ObjectMeta;
  readonly controllerName: string;
  readonly parametersRef?: ParametersReference;
}

/** To a resource with parameters of a controller. */
export interface ParametersReference {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
}

export interface LabelSelector {
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly matchExpressions: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values: readonly string[];
  }[];
}

export interface RouteGroupKind {
  readonly group: string;
  readonly kind: string;
}

export interface SecretReference {
  readonly group: string;
  readonly kind: string;
  /** `undefined`: the namespace of the Gateway or ListenerSet itself. */
  readonly namespace: string | undefined;
  readonly name: string;
}

export interface GatewayListener {
  readonly name: string;
  /** As written; `undefined` matches every host name. */
  readonly hostname: string | undefined;
  readonly port: number;
  readonly protocol: string;
  readonly tls:
    | {
        /** `Terminate` is the default of the API. */
        readonly mode: string;
        readonly certificateRefs: readonly SecretReference[];
      }
    | undefined;
  readonly allowedRoutes: {
    readonly namespaces: FromNamespaces;
    /** Empty: the kinds that the protocol supports. */
    readonly kinds: readonly RouteGroupKind[];
  };
}

/** Namespaces that something may come from: `All`, `Same`, `Selector` or `None`, as written. */
export interface FromNamespaces {
  readonly from: string;
  readonly selector: LabelSelector | undefined;
}

export interface Gateway {
  readonly kind: 'Gateway';
  readonly meta: ObjectMeta;
  readonly gatewayClassName: string;
  readonly addresses: readonly { readonly type: string; readonly value: string }[];
  /** IP addresses in `status.addresses`, where there are any: what was assigned before. */
  readonly assignedAddresses?: readonly string[];
  readonly listeners: readonly GatewayListener[];
  /** Of `spec.infrastructure`. */
  readonly parametersRef?: ParametersReference;
  /** Where ListenerSets may be that add listeners. `None` is the default of the API. */
  readonly allowedListeners: FromNamespaces;
}

/** Listeners that are added to a Gateway. */
export interface ListenerSet {
  readonly kind: 'ListenerSet';
  readonly meta: ObjectMeta;
  readonly parentRef: {
    readonly group: string;
    readonly kind: string;
    /** `undefined`: the set's own namespace. */
    readonly namespace: string | undefined;
    readonly name: string;
  };
  readonly listeners: readonly GatewayListener[];
}

export interface ParentReference {
  readonly group: string;
  readonly kind: string;
  /** `undefined`: the route's own namespace. */
  readonly namespace: string | undefined;
  readonly name: string;
  readonly sectionName: string | undefined;
  readonly port: number | undefined;
}

export interface BackendReference {
  readonly group: string;
  readonly kind: string;
  /** `undefined`: the route's own namespace. */
  readonly namespace: string | undefined;
  readonly name: string;
  readonly port: number | undefined;
  /** 0 … 1,000,000; the default 1 has been applied. */
  readonly weight: number;
}

export interface TlsRoute {
  readonly kind: 'TLSRoute';
  readonly meta: ObjectMeta;
  readonly parentRefs: readonly ParentReference[];
  /** As written; empty matches what the listener matches (v1alpha2 and v1alpha3 allow it). */
  readonly hostnames: readonly string[];
  readonly rules: readonly {
    readonly name: string | undefined;
    readonly backendRefs: readonly BackendReference[];
  }[];
}

/** What of a route decides where it attaches. Sluice serves none of these kinds: it counts them, and says so. */
interface UnservedRouteFields {
  readonly meta: ObjectMeta;
  readonly parentRefs: readonly ParentReference[];
  /** As written; empty matches what the listener matches, as it is for kinds that have none. */
  readonly hostnames: readonly string[];
}

export interface HttpRoute extends UnservedRouteFields {
  readonly kind: 'HTTPRoute';
}

export interface GrpcRoute extends UnservedRouteFields {
  readonly kind: 'GRPCRoute';
}

export interface TcpRoute extends UnservedRouteFields {
  readonly kind: 'TCPRoute';
}

export interface UdpRoute extends UnservedRouteFields {
  readonly kind: 'UDPRoute';
}

export type UnservedRoute = HttpRoute | GrpcRoute | TcpRoute | UdpRoute;

export interface ReferenceGrant {
  readonly kind: 'ReferenceGrant';
  readonly meta: ObjectMeta;
  readonly from: readonly { readonly group: string; readonly kind: string; readonly namespace: string }[];
  readonly to: readonly {
    readonly group: string;
    readonly kind: string;
    readonly name: string | undefined;
  }[];
}

/**
 * A Secret that a listener refers to, reduced to whether it could serve a certificate; never what it holds. One that is
 * absent is told as well, by a source that has looked for it: of one that is not told, nothing is known.
 */
export interface Secret {
  readonly kind: 'Secret';
  readonly meta: ObjectMeta;
  readonly certificate: 'absent' | 'malformed' | 'valid';
}

/** The backend of an Ingress path: a Service and a port by number or by name. */
export interface IngressBackend {
  readonly service:
    | { readonly name: string; readonly port: number | string | undefined }
    /** `undefined`: a `resource` backend, which Sluice does not support. */
    | undefined;
}

export interface Ingress {
  readonly kind: 'Ingress';
  readonly meta: ObjectMeta;
  /** Names of annotations that mean something to another controller and nothing to Sluice, where there are any. */
  readonly foreignAnnotations?: readonly string[];
  readonly ingressClassName: string | undefined;
  readonly defaultBackend: IngressBackend | undefined;
  readonly rules: readonly {
    readonly host: string | undefined;
    readonly paths: readonly {
      readonly path: string;
      readonly pathType: string;
      readonly backend: IngressBackend;
    }[];
  }[];
}

export interface IngressClass {
  readonly kind: 'IngressClass';
  readonly meta: ObjectMeta;
  readonly controller: string;
  /** Annotation `ingressclass.kubernetes.io/is-default-class: "true"`. */
  readonly isDefault: boolean;
}

export interface ServicePort {
  /** `''` where the Service has one unnamed port. */
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
}

export interface Service {
  readonly kind: 'Service';
  readonly meta: ObjectMeta;
  readonly type: string;
  readonly ports: readonly ServicePort[];
  /** Preferred family first; empty where not set. */
  readonly ipFamilies: readonly ('IPv4' | 'IPv6')[];
  readonly publishNotReadyAddresses: boolean;
}

export interface SliceEndpoint {
  readonly addresses: readonly string[];
  /** The API's defaults applied: ready and serving true where unset, terminating false. */
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
}

export interface EndpointSlice {
  readonly kind: 'EndpointSlice';
  readonly meta: ObjectMeta;
  /** Label `kubernetes.io/service-name`; `''` where absent (then nothing refers to it). */
  readonly serviceName: string;
  readonly addressType: 'IPv4' | 'IPv6' | 'FQDN';
  readonly endpoints: readonly SliceEndpoint[];
  readonly ports: readonly {
    readonly name: string;
    /** `undefined`: all ports, of no use to a proxy. */
    readonly port: number | undefined;
    readonly protocol: string;
  }[];
}

export interface Namespace {
  readonly kind: 'Namespace';
  readonly meta: ObjectMeta;
}

export interface Node {
  readonly kind: 'Node';
  readonly meta: ObjectMeta;
  readonly addresses: readonly { readonly type: string; readonly address: string }[];
}

export type KubernetesObject =
  | GatewayClass
  | Gateway
  | ListenerSet
  | TlsRoute
  | HttpRoute
  | GrpcRoute
  | TcpRoute
  | UdpRoute
  | ReferenceGrant
  | Ingress
  | IngressClass
  | Service
  | EndpointSlice
  | Namespace
  | Node
  | Secret;

export type Kind = KubernetesObject['kind'];

export type ObjectOfKind<K extends Kind> = Extract<KubernetesObject, { kind: K }>;
