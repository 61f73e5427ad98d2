/** The world that every benchmark is about: N tenants, each with a host, a Service and one endpoint. */
import type { ObjectEvent } from '../../src/model/events.ts';
import type { KubernetesObject, ObjectMeta } from '../../src/model/objects.ts';

export const DOMAIN = 'stage.example.com';

function meta(namespace: string, name: string): ObjectMeta {
  return {
    namespace,
    name,
    uid: `${namespace}/${name}`,
    generation: 1,
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels: {},
    annotations: {},
  };
}

/** The GatewayClass, and one Gateway whose listener takes every tenant's host. */
export function gatewayObjects(): KubernetesObject[] {
  return [
    { kind: 'GatewayClass', meta: meta('', 'sluice'), controllerName: 'sluice.dev/gateway-controller' },
    {
      kind: 'Gateway',
      meta: meta('ingress', 'public'),
      allowedListeners: { from: 'None', selector: undefined },
      gatewayClassName: 'sluice',
      addresses: [],
      listeners: [
        {
          name: 'tls',
          hostname: `*.${DOMAIN}`,
          port: 443,
          protocol: 'TLS',
          tls: { mode: 'Passthrough', certificateRefs: [] },
          allowedRoutes: { namespaces: { from: 'All', selector: undefined }, kinds: [] },
        },
      ],
    },
  ];
}

/** Host name of tenant `index`. */
export function hostOf(index: number): string {
  return `cluster-${index}.${DOMAIN}`;
}

/** The three objects of tenant `index`; `address` is its endpoint. */
export function tenantObjects(index: number, address = addressOf(index)): KubernetesObject[] {
  const namespace = `tenant-${index % 1000}`;
  const name = `cluster-${index}`;
  return [
    {
      kind: 'TLSRoute',
      meta: meta(namespace, name),
      parentRefs: [
        {
          group: 'gateway.networking.k8s.io',
          kind: 'Gateway',
          namespace: 'ingress',
          name: 'public',
          sectionName: undefined,
          port: undefined,
        },
      ],
      hostnames: [hostOf(index)],
      rules: [
        {
          name: undefined,
          backendRefs: [{ group: '', kind: 'Service', namespace: undefined, name, port: 6443, weight: 1 }],
        },
      ],
    },
    {
      kind: 'Service',
      meta: meta(namespace, name),
      type: 'ClusterIP',
      ports: [{ name: 'api', port: 6443, protocol: 'TCP' }],
      ipFamilies: ['IPv4'],
      publishNotReadyAddresses: false,
    },
    {
      kind: 'EndpointSlice',
      meta: meta(namespace, `${name}-1`),
      serviceName: name,
      addressType: 'IPv4',
      endpoints: [{ addresses: [address], ready: true, serving: true, terminating: false }],
      ports: [{ name: 'api', port: 6443, protocol: 'TCP' }],
    },
  ];
}

function addressOf(index: number): string {
  return `100.65.${Math.floor(index / 250) % 250}.${(index % 250) + 1}`;
}

export function upserts(objects: readonly KubernetesObject[]): ObjectEvent[] {
  return objects.map((object) => ({ type: 'upsert', object }));
}
