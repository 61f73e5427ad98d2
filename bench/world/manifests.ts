/**
 * What stands in the API in every benchmark: N tenants, each with a TLSRoute, a Service and an EndpointSlice of its
 * own, and the Gateway that they wait for.
 */
import { DOMAIN, hostOf } from '../../test/harness/tenants.ts';

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** Prefixes that the loopback interface is given: whoever listens on all addresses has all of them. */
export const ENDPOINT_PREFIXES = ['100.65.0.1/16', '100.66.0.1/16'];
export const GATEWAY_PORT = 443;
export const BACKEND_PORT = 6443;

const GATEWAY_API = 'gateway.networking.k8s.io/v1';
const INFRASTRUCTURE = 'ingress';
const NAMESPACES = 1_000;

export function namespaceOf(index: number): string {
  return `tenant-${index % NAMESPACES}`;
}

export function nameOf(index: number): string {
  return `cluster-${index}`;
}

/** The endpoint of a tenant; `moved` is the one that it gets when its endpoint changes. */
export function addressOf(index: number, moved = false): string {
  return `100.${moved ? 66 : 65}.${Math.floor(index / 250) % 256}.${(index % 250) + 1}`;
}

export function namespaces(): Manifest[] {
  const names = [INFRASTRUCTURE, ...Array.from({ length: NAMESPACES }, (_, index) => namespaceOf(index))];
  return names.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
}

export function gatewayClass(): Manifest {
  return {
    apiVersion: GATEWAY_API,
    kind: 'GatewayClass',
    metadata: { name: 'sluice' },
    spec: { controllerName: 'sluice.dev/gateway-controller' },
  };
}

export function gateway(): Manifest {
  return {
    apiVersion: GATEWAY_API,
    kind: 'Gateway',
    metadata: { name: 'public', namespace: INFRASTRUCTURE },
    spec: {
      gatewayClassName: 'sluice',
      listeners: [
        {
          name: 'tls',
          hostname: `*.${DOMAIN}`,
          port: GATEWAY_PORT,
          protocol: 'TLS',
          tls: { mode: 'Passthrough' },
          allowedRoutes: { namespaces: { from: 'All' } },
        },
      ],
    },
  };
}

/** `service` is the index of the tenant whose Service the route leads to. They must share a namespace. */
export function route(index: number, service = index): Manifest {
  return {
    apiVersion: GATEWAY_API,
    kind: 'TLSRoute',
    metadata: { name: nameOf(index), namespace: namespaceOf(index) },
    spec: {
      parentRefs: [{ name: 'public', namespace: INFRASTRUCTURE }],
      hostnames: [hostOf(index)],
      rules: [{ backendRefs: [{ name: nameOf(service), port: BACKEND_PORT }] }],
    },
  };
}

/** Headless: kube-apiserver lists all cluster IPs whenever it gives one, which makes each further Service slower. */
export function service(index: number): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: nameOf(index), namespace: namespaceOf(index) },
    spec: {
      clusterIP: 'None',
      ports: [{ name: 'api', port: BACKEND_PORT, protocol: 'TCP' }],
    },
  };
}

export function slice(index: number, address = addressOf(index)): Manifest {
  const name = nameOf(index);
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-1`,
      namespace: namespaceOf(index),
      labels: { 'kubernetes.io/service-name': name },
    },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address], conditions: { ready: true, serving: true, terminating: false } }],
    ports: [{ name: 'api', port: BACKEND_PORT, protocol: 'TCP' }],
  };
}

/** Service and slice first: a route whose backend is missing is a route with a problem. */
export function tenant(index: number): Manifest[] {
  return [service(index), slice(index), route(index)];
}

export function* tenants(count: number, from = 0): Generator<Manifest> {
  for (let index = from; index < count; index += 1) yield* tenant(index);
}
