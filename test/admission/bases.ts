/** Manifests that an API server takes, by kind: with most fields that there are rules of. */

type Manifest = Readonly<Record<string, unknown>>;

const GATEWAY_API = 'gateway.networking.k8s.io';

function manifest(apiVersion: string, kind: string, fields: object, metadata: object = {}): Manifest {
  return { apiVersion, kind, metadata: { name: 'x', namespace: 'default', ...metadata }, ...fields };
}

function ofCluster(apiVersion: string, kind: string, fields: object, metadata: object = {}): Manifest {
  return { apiVersion, kind, metadata: { name: 'x', ...metadata }, ...fields };
}

const PARENT_REFS = [{ name: 'gw', namespace: 'infra', sectionName: 'a' }];
const BACKEND_REFS = [
  { name: 'a', port: 443, weight: 1 },
  { group: '', kind: 'Service', name: 'b', namespace: 'other', port: 8443 },
];

const LISTENERS = [
  {
    name: 'tls',
    port: 443,
    protocol: 'TLS',
    hostname: '*.example.com',
    tls: { mode: 'Passthrough' },
    allowedRoutes: {
      namespaces: { from: 'Selector', selector: { matchLabels: { tier: 'gold' } } },
      kinds: [{ kind: 'TLSRoute' }],
    },
  },
  {
    name: 'https',
    port: 8443,
    protocol: 'HTTPS',
    hostname: 'a.example.com',
    tls: { mode: 'Terminate', certificateRefs: [{ name: 'cert' }] },
  },
  { name: 'http', port: 80, protocol: 'HTTP' },
];

function tlsRoute(version: string, spec: object = {}): Manifest {
  return manifest(`${GATEWAY_API}/${version}`, 'TLSRoute', {
    spec: {
      parentRefs: PARENT_REFS,
      hostnames: ['a.example.com', '*.b.example.com'],
      rules: [{ backendRefs: BACKEND_REFS }],
      ...spec,
    },
  });
}

function gateway(version: string): Manifest {
  return manifest(`${GATEWAY_API}/${version}`, 'Gateway', {
    spec: {
      gatewayClassName: 'sluice',
      listeners: LISTENERS,
      addresses: [
        { type: 'IPAddress', value: '10.0.0.1' },
        { type: 'Hostname', value: 'gw.example.com' },
      ],
      infrastructure: { labels: { a: 'b' }, annotations: { 'example.com/a': 'b' } },
      allowedListeners: { namespaces: { from: 'All' } },
    },
  });
}

const PATH_MATCH = { path: { type: 'PathPrefix', value: '/a' }, method: 'GET' };

export const BASES: Readonly<Record<string, readonly Manifest[]>> = {
  GatewayClass: [
    ofCluster(`${GATEWAY_API}/v1`, 'GatewayClass', {
      spec: { controllerName: 'sluice.dev/gateway-controller', description: 'a' },
    }),
  ],
  Gateway: [gateway('v1'), gateway('v1'), gateway('v1beta1')],
  ListenerSet: [
    manifest(`${GATEWAY_API}/v1`, 'ListenerSet', {
      spec: { parentRef: { name: 'gw', namespace: 'infra' }, listeners: LISTENERS },
    }),
  ],
  TLSRoute: [
    tlsRoute('v1'),
    tlsRoute('v1', { parentRefs: [...PARENT_REFS, { name: 'gw', namespace: 'infra', sectionName: 'b' }] }),
    tlsRoute('v1', {
      parentRefs: [{ name: 'gw' }],
      rules: [{ name: 'a', backendRefs: [{ name: 'a', port: 443 }] }],
    }),
    tlsRoute('v1alpha2'),
    tlsRoute('v1alpha3'),
  ],
  HTTPRoute: [
    manifest(`${GATEWAY_API}/v1`, 'HTTPRoute', {
      spec: {
        parentRefs: PARENT_REFS,
        hostnames: ['a.example.com'],
        rules: [
          {
            matches: [
              PATH_MATCH,
              { headers: [{ name: 'a', value: 'b' }], queryParams: [{ name: 'a', value: 'b' }] },
            ],
            filters: [
              { type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'a', value: 'b' }] } },
            ],
            backendRefs: BACKEND_REFS,
            timeouts: { request: '10s', backendRequest: '2s' },
          },
          { filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https', statusCode: 301 } }] },
        ],
      },
    }),
  ],
  GRPCRoute: [
    manifest(`${GATEWAY_API}/v1`, 'GRPCRoute', {
      spec: {
        parentRefs: PARENT_REFS,
        rules: [{ matches: [{ method: { service: 'a.B', method: 'C' } }], backendRefs: BACKEND_REFS }],
      },
    }),
  ],
  TCPRoute: [
    manifest(`${GATEWAY_API}/v1`, 'TCPRoute', {
      spec: { parentRefs: PARENT_REFS, rules: [{ backendRefs: BACKEND_REFS }] },
    }),
  ],
  ReferenceGrant: ['v1', 'v1beta1'].map((version) =>
    manifest(`${GATEWAY_API}/${version}`, 'ReferenceGrant', {
      spec: {
        from: [{ group: GATEWAY_API, kind: 'TLSRoute', namespace: 'other' }],
        to: [{ group: '', kind: 'Service', name: 'a' }],
      },
    }),
  ),
  Ingress: [
    manifest(
      'networking.k8s.io/v1',
      'Ingress',
      {
        spec: {
          ingressClassName: 'sluice',
          defaultBackend: { service: { name: 'a', port: { number: 443 } } },
          rules: [
            {
              host: 'a.example.com',
              http: {
                paths: [
                  {
                    path: '/',
                    pathType: 'Prefix',
                    backend: { service: { name: 'a', port: { name: 'https' } } },
                  },
                  {
                    pathType: 'ImplementationSpecific',
                    backend: { service: { name: 'b', port: { number: 8443 } } },
                  },
                ],
              },
            },
            { host: '*.example.com' },
          ],
          tls: [{ hosts: ['a.example.com', '*.b.example.com'], secretName: 'cert' }],
        },
      },
      { annotations: { 'sluice.dev/ssl-passthrough': 'true' }, labels: { app: 'a' } },
    ),
    manifest('networking.k8s.io/v1', 'Ingress', {
      spec: {
        rules: [
          {
            host: 'a.example.com',
            http: {
              paths: [
                {
                  path: '/a',
                  pathType: 'Exact',
                  backend: { resource: { apiGroup: 'example.com', kind: 'Bucket', name: 'b' } },
                },
              ],
            },
          },
        ],
      },
    }),
  ],
  IngressClass: [
    ofCluster('networking.k8s.io/v1', 'IngressClass', {
      spec: {
        controller: 'sluice.dev/gateway-controller',
        parameters: {
          apiGroup: 'example.com',
          kind: 'Parameters',
          name: 'a',
          scope: 'Namespace',
          namespace: 'b',
        },
      },
    }),
  ],
  Service: [
    manifest('v1', 'Service', {
      spec: {
        selector: { app: 'a' },
        ports: [
          {
            name: 'https',
            port: 443,
            targetPort: 'https',
            protocol: 'TCP',
            appProtocol: 'kubernetes.io/h2c',
          },
          { name: 'other', port: 8443, targetPort: 6443 },
        ],
      },
    }),
    manifest('v1', 'Service', { spec: { clusterIP: 'None', ports: [{ port: 6443 }] } }),
    manifest('v1', 'Service', {
      spec: { type: 'ExternalName', externalName: 'a.example.com', ports: [{ port: 443 }] },
    }),
    manifest('v1', 'Service', {
      spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local', ports: [{ port: 443 }] },
    }),
    manifest('v1', 'Service', {
      spec: { type: 'NodePort', sessionAffinity: 'ClientIP', ports: [{ port: 443 }] },
    }),
  ],
  EndpointSlice: [
    manifest(
      'discovery.k8s.io/v1',
      'EndpointSlice',
      {
        addressType: 'IPv4',
        endpoints: [
          {
            addresses: ['10.0.0.1'],
            conditions: { ready: true, serving: true, terminating: false },
            nodeName: 'node-a',
            hostname: 'a',
            zone: 'z',
            hints: { forZones: [{ name: 'z' }] },
          },
          { addresses: ['10.0.0.2'], targetRef: { kind: 'Pod', name: 'a', namespace: 'default' } },
        ],
        ports: [
          { name: 'https', port: 6443, protocol: 'TCP' },
          { name: 'other', appProtocol: 'https' },
        ],
      },
      { labels: { 'kubernetes.io/service-name': 'a' } },
    ),
    manifest('discovery.k8s.io/v1', 'EndpointSlice', {
      addressType: 'IPv6',
      endpoints: [{ addresses: ['2001:db8::1'] }],
      ports: [{ port: 6443 }],
    }),
    manifest('discovery.k8s.io/v1', 'EndpointSlice', {
      addressType: 'FQDN',
      endpoints: [{ addresses: ['a.example.com'] }],
      ports: [{ port: 443 }],
    }),
  ],
  Endpoints: [
    manifest('v1', 'Endpoints', {
      subsets: [
        {
          addresses: [{ ip: '10.0.0.1', hostname: 'a', nodeName: 'node-a' }],
          notReadyAddresses: [{ ip: '10.0.0.2' }],
          ports: [
            { name: 'https', port: 6443, protocol: 'TCP' },
            { name: 'b', port: 443, appProtocol: 'https' },
          ],
        },
      ],
    }),
  ],
  Namespace: [
    ofCluster(
      'v1',
      'Namespace',
      {},
      { name: 'tenant', labels: { tier: 'gold' }, annotations: { 'example.com/a': 'b' } },
    ),
  ],
  Node: [
    ofCluster(
      'v1',
      'Node',
      { status: { addresses: [{ type: 'InternalIP', address: '10.0.0.1' }] } },
      { labels: { 'node-role.kubernetes.io/gateway': '' }, finalizers: ['example.com/a'] },
    ),
  ],
};
