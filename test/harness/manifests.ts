/** Manifests as tenants and operators write them, as objects. */

export type Manifest = Readonly<Record<string, unknown>>;

export const GATEWAY_API = 'gateway.networking.k8s.io/v1';

export function gatewayClass(name = 'sluice', controllerName = 'sluice.dev/gateway-controller'): Manifest {
  return { apiVersion: GATEWAY_API, kind: 'GatewayClass', metadata: { name }, spec: { controllerName } };
}

export interface ListenerManifest {
  readonly name: string;
  readonly port: number;
  readonly hostname?: string;
}

/** A Gateway whose listeners all pass TLS through and take routes from everywhere. */
export function gateway(
  name: string,
  listeners: readonly ListenerManifest[],
  addresses: readonly string[] = ['127.0.0.1'],
  more: object = {},
): Manifest {
  return {
    apiVersion: GATEWAY_API,
    kind: 'Gateway',
    metadata: { name, namespace: 'infra' },
    spec: {
      gatewayClassName: 'sluice',
      addresses: addresses.map((value) => ({ type: 'IPAddress', value })),
      listeners: listeners.map(passthrough),
      ...more,
    },
  };
}

/** A ListenerSet in namespace `tenants`, of the Gateway `parent`. */
export function listenerSet(name: string, parent: string, listeners: readonly ListenerManifest[]): Manifest {
  return {
    apiVersion: GATEWAY_API,
    kind: 'ListenerSet',
    metadata: { name, namespace: 'tenants' },
    spec: { parentRef: { name: parent, namespace: 'infra' }, listeners: listeners.map(passthrough) },
  };
}

function passthrough(listener: ListenerManifest): object {
  const allowedRoutes = { namespaces: { from: 'All' } };
  return { ...listener, protocol: 'TLS', tls: { mode: 'Passthrough' }, allowedRoutes };
}

export interface BackendManifest {
  readonly name: string;
  readonly weight?: number;
}

export interface RouteManifest {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly backends: readonly BackendManifest[];
  readonly gateway?: string;
  /** Instead of the Gateway. */
  readonly listenerSet?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A TLSRoute in namespace `tenants`. */
export function tlsRoute({
  name,
  hosts,
  backends,
  gateway: parent = 'gw',
  listenerSet: set,
  annotations = {},
}: RouteManifest): Manifest {
  return {
    apiVersion: GATEWAY_API,
    kind: 'TLSRoute',
    metadata: { name, namespace: 'tenants', annotations },
    spec: {
      parentRefs: [
        set === undefined ? { name: parent, namespace: 'infra' } : { kind: 'ListenerSet', name: set },
      ],
      hostnames: hosts,
      rules: [{ backendRefs: backends.map((backend) => ({ ...backend, port: 6443 })) }],
    },
  };
}

export interface EndpointManifest {
  readonly address: string;
  readonly port: number;
}

/** A Service of port 6443 in namespace `tenants`, and its slice. */
export function service(name: string, endpoints: readonly EndpointManifest[], ready = true): Manifest[] {
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: 'tenants' },
      spec: { ports: [{ name: 'api', port: 6443, protocol: 'TCP' }] },
    },
    // A slice has one list of ports for all its endpoints.
    ...endpoints.map(({ address, port }, index) => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: `${name}-${index}`,
        namespace: 'tenants',
        labels: { 'kubernetes.io/service-name': name },
      },
      addressType: address.includes(':') ? 'IPv6' : 'IPv4',
      endpoints: [{ addresses: [address], conditions: { ready, serving: ready } }],
      ports: [{ name: 'api', port, protocol: 'TCP' }],
    })),
  ];
}
