/**
 * Manifests as tenants may write them, from ordinary to malicious, of few enough names that they meet: what an API server or a
 * folder might hand on, before it is decoded.
 */
import fc from 'fast-check';
import { CLOSE_ON_DELETE_ANNOTATION, READ_ANNOTATIONS } from '../../src/model/annotations.ts';

export type Raw = Readonly<Record<string, unknown>>;

const GATEWAY_API = 'gateway.networking.k8s.io/v1';
const NAMESPACES = Array.from({ length: 8 }, (_, index) => `ns-${index}`);
const namespace = fc.constantFrom(...NAMESPACES);
const number = fc.nat(24);

/** Names that mean something, and some that must not. */
const odd = fc.constantFrom(
  '',
  '*',
  '*.',
  '*.com',
  '**.fuzz.example.com',
  'a.*.example.com',
  'UPPER.Fuzz.Example.COM',
  'trailing.fuzz.example.com.',
  '-a.fuzz.example.com',
  'a_b.fuzz.example.com',
  'xn--bcher-kva.fuzz.example.com',
  'bücher.fuzz.example.com',
  '127.0.0.1',
  '[::1]',
  '0.0.0.0:443/other',
  '../none',
  'sluice_xds',
  '%REQUESTED_SERVER_NAME%',
  'a\u0000b.example.com',
  `${'a'.repeat(63)}.fuzz.example.com`,
  `${'a'.repeat(64)}.fuzz.example.com`,
  `${'a.'.repeat(120)}example.com`,
  `${'b.'.repeat(200)}example.com`,
);
const hostname = fc.oneof(
  { weight: 8, arbitrary: number.map((index) => `h${index}.fuzz.example.com`) },
  { weight: 2, arbitrary: fc.tuple(number, number).map(([a, b]) => `h${a}.w${b}.fuzz.example.com`) },
  { weight: 3, arbitrary: number.map((index) => `*.w${index}.fuzz.example.com`) },
  { weight: 1, arbitrary: fc.constant('*.fuzz.example.com') },
  { weight: 2, arbitrary: odd },
  { weight: 1, arbitrary: fc.string({ maxLength: 40, unit: 'binary' }) },
);

const oddValue = fc.constantFrom(
  '',
  '0',
  '-1',
  '1',
  '7',
  '100000000000000000000',
  'true',
  'false',
  'True',
  '1s',
  '30s',
  '0s',
  '999999h',
  '1e9',
  'Narrower',
  'SameNamespace',
  '%DOWNSTREAM_REMOTE_ADDRESS%',
  'x'.repeat(2_000),
);
const annotations = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Record<string, string>>({}) },
  { weight: 1, arbitrary: fc.constant<Record<string, string>>({ [CLOSE_ON_DELETE_ANNOTATION]: 'true' }) },
  {
    weight: 2,
    arbitrary: fc.dictionary(fc.constantFrom(...READ_ANNOTATIONS.map(({ name }) => name)), oddValue, {
      maxKeys: 3,
      noNullPrototype: true,
    }),
  },
);

function metadata(kind: string, most = 24): fc.Arbitrary<Raw> {
  return fc
    .record({
      namespace,
      index: fc.nat(most),
      annotations,
      created: fc.constantFrom('2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z', '2020-01-01T00:00:00Z'),
      generation: fc.nat(3),
    })
    .map(({ namespace, index, annotations, created, generation }) => ({
      name: `${kind}-${index}`,
      namespace,
      uid: `${namespace}/${kind}-${index}`,
      generation,
      creationTimestamp: created,
      annotations,
    }));
}

/** Ports that nobody else has in the network of the test, and some that none can have. */
const port = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(443, 443, 443, 6443, 8443) },
  { weight: 1, arbitrary: fc.constantFrom(0, -1, 65_535, 65_536, 1, 1.5, '443') },
);
const address = fc.constantFrom(
  '100.66.0.1',
  '100.66.0.2',
  '100.66.0.3',
  '127.0.0.1',
  '169.254.169.254',
  '0.0.0.0',
  '255.255.255.255',
  '224.0.0.1',
  '::1',
  '2001:db8::1',
  'fe80::1%eth0',
  '::ffff:127.0.0.1',
  'nonsense',
  '999.1.1.1',
  '',
);
const listener = fc.record(
  {
    name: fc.constantFrom('l1', 'l2', 'l3', 'l4'),
    hostname: fc.oneof(fc.constantFrom('*.fuzz.example.com', '*.w1.fuzz.example.com'), hostname),
    port,
    protocol: fc.constantFrom('TLS', 'TLS', 'TLS', 'HTTPS', 'TCP', 'nonsense'),
    tls: fc.constantFrom({ mode: 'Passthrough' }, { mode: 'Passthrough' }, { mode: 'Terminate' }, {}),
    allowedRoutes: fc.constantFrom<object>(
      { namespaces: { from: 'All' } },
      { namespaces: { from: 'All' } },
      { namespaces: { from: 'Same' } },
      { namespaces: { from: 'Selector', selector: { matchLabels: { a: 'b' } } } },
    ),
  },
  { requiredKeys: ['name', 'port', 'protocol', 'tls', 'allowedRoutes'], noNullPrototype: true },
);
const backendRefs = fc.array(
  fc.record(
    {
      name: number.map((index) => `service-${index}`),
      namespace,
      port: fc.constantFrom<unknown>(6443, 6443, 6443, 8132, 0, 70_000, 'api'),
      weight: fc.constantFrom(1, 1, 5, 0, 1_000_000, -1),
      kind: fc.constantFrom('Service', 'Service', 'Service', 'Secret'),
    },
    { requiredKeys: ['name', 'port'], noNullPrototype: true },
  ),
  { maxLength: 4 },
);

function object(apiVersion: string, kind: string, meta: fc.Arbitrary<Raw>, spec: fc.Arbitrary<object>) {
  return fc.tuple(meta, spec).map(([metadata, spec]): Raw => ({ apiVersion, kind, metadata, spec }));
}

const gatewayName = fc.nat(3).map((index) => `gateway-${index}`);
const gateway = object(
  GATEWAY_API,
  'Gateway',
  metadata('gateway', 3),
  fc.record(
    {
      gatewayClassName: fc.constantFrom('sluice', 'sluice', 'sluice', 'absent'),
      addresses: fc.array(
        fc.record({ type: fc.constantFrom('IPAddress', 'IPAddress', 'Hostname'), value: address }),
        { maxLength: 3 },
      ),
      listeners: fc.array(listener, { minLength: 1, maxLength: 5 }),
      allowedListeners: fc.constant({ namespaces: { from: 'All' } }),
    },
    { requiredKeys: ['gatewayClassName', 'listeners'], noNullPrototype: true },
  ),
);
const listenerSet = object(
  GATEWAY_API,
  'ListenerSet',
  metadata('set', 8),
  fc.record({
    parentRef: fc.record({ name: gatewayName, namespace }),
    listeners: fc.array(listener, { minLength: 1, maxLength: 4 }),
  }),
);
const parentRefs = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.constant<object>({ name: 'open', namespace: 'quiet' }) },
    { weight: 3, arbitrary: fc.record({ name: gatewayName, namespace }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('ListenerSet'), name: fc.constant('set-1'), namespace }),
    },
  ),
  { minLength: 1, maxLength: 3 },
);
const tlsRoute = object(
  GATEWAY_API,
  'TLSRoute',
  metadata('route'),
  fc.record(
    {
      parentRefs,
      hostnames: fc.array(hostname, { maxLength: 16 }),
      rules: fc.array(fc.record({ backendRefs }), { minLength: 1, maxLength: 2 }),
    },
    { requiredKeys: ['parentRefs', 'rules'], noNullPrototype: true },
  ),
);
const ingress = object(
  'networking.k8s.io/v1',
  'Ingress',
  metadata('ingress').map((meta) => ({
    ...meta,
    annotations: { ...(meta['annotations'] as object), 'sluice.dev/ssl-passthrough': 'true' },
  })),
  fc.record({
    ingressClassName: fc.constantFrom('sluice', 'sluice', 'absent'),
    rules: fc.array(
      fc.record({ host: hostname, index: number }).map(({ host, index }) => ({
        host,
        http: {
          paths: [
            {
              path: '/',
              pathType: 'Prefix',
              backend: { service: { name: `service-${index}`, port: { number: 6443 } } },
            },
          ],
        },
      })),
      { maxLength: 6 },
    ),
  }),
);
const service = object(
  'v1',
  'Service',
  metadata('service'),
  fc.record(
    {
      type: fc.constantFrom('ClusterIP', 'ClusterIP', 'ExternalName', 'LoadBalancer'),
      clusterIP: fc.constantFrom('None', '10.96.0.9', '10.96.0.10'),
      ports: fc.array(
        fc.record({ name: fc.constantFrom('api', 'other'), port: fc.constantFrom(6443, 8132) }),
        {
          maxLength: 2,
        },
      ),
      externalName: fc.constantFrom('example.com', '127.0.0.1'),
    },
    { requiredKeys: ['ports'], noNullPrototype: true },
  ),
);
const slice = fc
  .record({
    meta: metadata('slice'),
    service: number,
    addressType: fc.constantFrom('IPv4', 'IPv4', 'IPv6', 'FQDN'),
    endpoints: fc.array(
      fc.record(
        { addresses: fc.array(address, { maxLength: 2 }), conditions: fc.record({ ready: fc.boolean() }) },
        { requiredKeys: ['addresses'], noNullPrototype: true },
      ),
      { maxLength: 8 },
    ),
    ports: fc.array(
      fc.record({ name: fc.constantFrom('api', 'other'), port: fc.constantFrom(6443, 1, 65_535) }),
      {
        maxLength: 2,
      },
    ),
  })
  .map(
    ({ meta, service, ...rest }): Raw => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...meta, labels: { 'kubernetes.io/service-name': `service-${service}` } },
      ...rest,
    }),
  );
const grant = object(
  'gateway.networking.k8s.io/v1beta1',
  'ReferenceGrant',
  metadata('grant', 1),
  fc.record({
    from: fc.array(
      namespace.map((each) => ({ group: 'gateway.networking.k8s.io', kind: 'TLSRoute', namespace: each })),
      { minLength: 1, maxLength: 3 },
    ),
    to: fc.constant([{ group: '', kind: 'Service' }]),
  }),
);
const namespaceObject = fc.tuple(namespace, annotations).map(
  ([name, annotations]): Raw => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, uid: name, generation: 1, creationTimestamp: '2026-01-01T00:00:00Z', annotations },
  }),
);

/** One manifest, and whether it is one that goes. */
export const arbitraryChange: fc.Arbitrary<{ readonly raw: Raw; readonly isDeleted: boolean }> = fc.record({
  raw: fc.oneof(
    { weight: 10, arbitrary: tlsRoute },
    { weight: 4, arbitrary: ingress },
    { weight: 6, arbitrary: service },
    { weight: 6, arbitrary: slice },
    { weight: 1, arbitrary: gateway },
    { weight: 2, arbitrary: listenerSet },
    { weight: 1, arbitrary: grant },
    { weight: 1, arbitrary: namespaceObject },
  ),
  isDeleted: fc.nat(4).map((value) => value === 0),
});
