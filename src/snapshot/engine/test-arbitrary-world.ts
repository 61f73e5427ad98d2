/** Random small worlds for property tests: few names, so that everything collides with everything. */
import fc from 'fast-check';
import type { ObjectEvent, ObjectRef } from '../../model/events.ts';
import { refOf } from '../../model/events.ts';
import { UNSERVED_ROUTE_KINDS } from '../../model/kinds.ts';
import type { KubernetesObject, ObjectMeta } from '../../model/objects.ts';

const NAMESPACES = ['red', 'blue'];
const HOSTS = [
  'a.example.com',
  'b.example.com',
  'x.b.example.com',
  '*.example.com',
  '*.b.example.com',
  'A.EXAMPLE.COM',
  'a.example.net',
];
const LISTENER_HOSTS = [undefined, '*.example.com', 'a.example.com', '*.b.example.com'];
const SERVICES = ['s1', 's2'];

const namespace = fc.constantFrom(...NAMESPACES);
const created = fc.constantFrom('2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z', '');

function meta(namespace: string, name: string, more: Partial<ObjectMeta> = {}): ObjectMeta {
  return {
    namespace,
    name,
    uid: `${namespace}-${name}`,
    generation: 1,
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels: {},
    annotations: {},
    ...more,
  };
}

/** Anyone may claim the wildcards of a Gateway. */
const OPEN = { 'sluice.dev/wildcard-claims': 'Anyone' };

const gatewayClass = fc.constantFrom('sluice.dev/gateway-controller', 'other.example/controller').map(
  (controllerName): KubernetesObject => ({
    kind: 'GatewayClass',
    meta: meta('', 'sluice'),
    controllerName,
  }),
);

const listener = fc.record({
  name: fc.constantFrom('l1', 'l2', 'l3'),
  hostname: fc.constantFrom(...LISTENER_HOSTS),
  port: fc.constantFrom(443, 443, 6443),
  protocol: fc.constantFrom('TLS', 'TLS', 'TLS', 'HTTPS'),
  tls: fc.constantFrom(
    { mode: 'Passthrough', certificateRefs: [] },
    { mode: 'Passthrough', certificateRefs: [] },
    { mode: 'Terminate', certificateRefs: [{ group: '', kind: 'Secret', namespace: 'blue', name: 'cert' }] },
    undefined,
  ),
  allowedRoutes: fc.record({
    namespaces: fc.constantFrom(
      { from: 'All', selector: undefined },
      { from: 'All', selector: undefined },
      { from: 'Same', selector: undefined },
      { from: 'Selector', selector: { matchLabels: { tier: 'gold' }, matchExpressions: [] } },
    ),
    kinds: fc.constant([]),
  }),
});

const allowedListeners = fc.constantFrom(
  { from: 'All', selector: undefined },
  { from: 'All', selector: undefined },
  { from: 'None', selector: undefined },
  { from: 'Same', selector: undefined },
  { from: 'Selector', selector: { matchLabels: { tier: 'gold' }, matchExpressions: [] } },
);

const gateway = fc
  .record({
    namespace,
    name: fc.constantFrom('g1', 'g2'),
    gatewayClassName: fc.constantFrom('sluice', 'sluice', 'sluice', 'absent'),
    addresses: fc.constantFrom([], [], [{ type: 'IPAddress', value: '100.65.0.9' }]),
    assignedAddresses: fc.constantFrom([], [], ['100.65.0.9'], ['100.65.0.10'], ['100.65.0.200']),
    listeners: fc.uniqueArray(listener, { minLength: 1, maxLength: 4, selector: ({ name }) => name }),
    allowedListeners,
    created,
    annotations: fc.constantFrom(
      OPEN,
      OPEN,
      {},
      { 'sluice.dev/wildcard-claims': 'SameNamespace' },
      { ...OPEN, 'sluice.dev/close-on-delete': 'true' },
    ),
  })
  .map(
    ({ namespace, name, created, annotations, ...rest }): KubernetesObject => ({
      kind: 'Gateway',
      meta: meta(namespace, name, { creationTimestamp: created, annotations }),
      ...rest,
    }),
  );

const listenerSet = fc
  .record({
    namespace,
    name: fc.constantFrom('ls1', 'ls2', 'ls3'),
    created,
    parentRef: fc.record({
      group: fc.constant('gateway.networking.k8s.io'),
      kind: fc.constantFrom('Gateway', 'Gateway', 'Gateway', 'Gateway', 'Service'),
      namespace: fc.constantFrom('red', 'red', 'red', undefined),
      name: fc.constantFrom('g1', 'g1', 'g1', 'g2'),
    }),
    listeners: fc.uniqueArray(
      fc
        .record({ listener, host: fc.constantFrom(...LISTENER_HOSTS, ...HOSTS) })
        .map(({ listener, host }) => ({ ...listener, hostname: host })),
      { minLength: 1, maxLength: 3, selector: ({ name }) => name },
    ),
  })
  .map(
    ({ namespace, name, created, ...rest }): KubernetesObject => ({
      kind: 'ListenerSet',
      meta: meta(namespace, name, { creationTimestamp: created }),
      ...rest,
    }),
  );

const backendRef = fc.record({
  group: fc.constant(''),
  kind: fc.constantFrom('Service', 'Service', 'Service', 'Secret'),
  namespace: fc.constantFrom(undefined, ...NAMESPACES),
  name: fc.constantFrom(...SERVICES, 'absent'),
  port: fc.constantFrom(6443, 6443, 8132, undefined),
  weight: fc.constantFrom(1, 1, 20, 0),
});

const annotations = fc.constantFrom(
  {},
  {},
  {},
  { 'sluice.dev/idle-timeout': '30s' },
  { 'sluice.dev/max-connections': '7' },
  { 'sluice.dev/close-on-delete': 'true' },
);

const parentRefs = fc
  .array(
    fc.record({
      group: fc.constant('gateway.networking.k8s.io'),
      kind: fc.constantFrom('Gateway', 'Gateway', 'ListenerSet'),
      namespace: fc.constantFrom('red', 'red', 'red', undefined, ...NAMESPACES),
      name: fc.constantFrom('1', '1', '1', '2'),
      sectionName: fc.constantFrom(undefined, undefined, undefined, 'l1'),
      port: fc.constantFrom(undefined, undefined, undefined, 6443),
    }),
    { minLength: 1, maxLength: 2 },
  )
  .map((refs) => refs.map((ref) => ({ ...ref, name: `${ref.kind === 'Gateway' ? 'g' : 'ls'}${ref.name}` })));

const tlsRoute = fc
  .record({
    namespace,
    name: fc.constantFrom('r1', 'r2', 'r3'),
    created,
    annotations,
    parentRefs,
    hostnames: fc.uniqueArray(fc.constantFrom(...HOSTS), { maxLength: 3 }),
    rules: fc.array(
      fc.record({ name: fc.constant(undefined), backendRefs: fc.array(backendRef, { maxLength: 3 }) }),
      { minLength: 1, maxLength: 1 },
    ),
  })
  .map(
    ({ namespace, name, created, annotations, ...rest }): KubernetesObject => ({
      kind: 'TLSRoute',
      meta: meta(namespace, name, { creationTimestamp: created, annotations }),
      ...rest,
    }),
  );

const countedRoute = fc
  .record({
    namespace,
    kind: fc.constantFrom(...UNSERVED_ROUTE_KINDS),
    parentRefs,
    hostnames: fc.uniqueArray(fc.constantFrom(...HOSTS), { maxLength: 2 }),
  })
  .map(({ namespace, ...rest }): KubernetesObject => ({ meta: meta(namespace, 'c1'), ...rest }));

const ingress = fc
  .record({
    namespace,
    name: fc.constantFrom('i1', 'i2'),
    created,
    passthrough: fc.boolean(),
    ingressClassName: fc.constantFrom('sluice', undefined, 'absent'),
    hosts: fc.uniqueArray(fc.constantFrom(...HOSTS), { maxLength: 2 }),
    service: fc.constantFrom(...SERVICES, 'absent'),
    port: fc.constantFrom<number | string>(6443, 'api', 'absent'),
  })
  .map(
    ({
      namespace,
      name,
      created,
      passthrough,
      ingressClassName,
      hosts,
      service,
      port,
    }): KubernetesObject => ({
      kind: 'Ingress',
      meta: meta(namespace, name, {
        creationTimestamp: created,
        annotations: passthrough ? { 'sluice.dev/ssl-passthrough': 'true' } : {},
      }),
      ingressClassName,
      defaultBackend: undefined,
      rules: hosts.map((host) => ({
        host,
        paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: service, port } } }],
      })),
    }),
  );

const ingressClass = fc.boolean().map(
  (isDefault): KubernetesObject => ({
    kind: 'IngressClass',
    meta: meta('', 'sluice'),
    controller: 'sluice.dev/gateway-controller',
    isDefault,
  }),
);

function serviceNamed(namespace: string, name: string, ports: readonly number[]): KubernetesObject {
  return {
    kind: 'Service',
    meta: meta(namespace, name),
    type: 'ClusterIP',
    ports: ports.map((port) => ({ name: port === 6443 ? 'api' : 'konnectivity', port, protocol: 'TCP' })),
    ipFamilies: ['IPv4'],
    publishNotReadyAddresses: false,
  };
}

const service = fc
  .record({ namespace, name: fc.constantFrom(...SERVICES), ports: fc.constantFrom([6443], [6443, 8132], []) })
  .map(({ namespace, name, ports }) => serviceNamed(namespace, name, ports));

const slice = fc
  .record({
    namespace,
    serviceName: fc.constantFrom(...SERVICES),
    suffix: fc.constantFrom('x', 'y'),
    endpoints: fc.array(
      fc.record({
        addresses: fc.constantFrom(['100.65.0.1'], ['100.65.0.2'], ['100.65.0.3']),
        ready: fc.boolean(),
        serving: fc.boolean(),
        terminating: fc.boolean(),
      }),
      { maxLength: 3 },
    ),
  })
  .map(
    ({ namespace, serviceName, suffix, endpoints }): KubernetesObject => ({
      kind: 'EndpointSlice',
      // One name for both Services: a slice that changes its Service must leave the old one.
      meta: meta(namespace, `slice-${suffix}`),
      serviceName,
      addressType: 'IPv4',
      endpoints,
      ports: [
        { name: 'api', port: 6443, protocol: 'TCP' },
        { name: 'konnectivity', port: 8132, protocol: 'TCP' },
      ],
    }),
  );

const secret = fc.record({ namespace, certificate: fc.constantFrom('absent', 'malformed', 'valid') }).map(
  ({ namespace, certificate }): KubernetesObject => ({
    kind: 'Secret',
    meta: meta(namespace, 'cert'),
    certificate,
  }),
);

const grant = fc.record({ namespace, from: namespace }).map(
  ({ namespace, from }): KubernetesObject => ({
    kind: 'ReferenceGrant',
    meta: meta(namespace, `from-${from}`),
    from: [
      { group: 'gateway.networking.k8s.io', kind: 'TLSRoute', namespace: from },
      { group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace: from },
      { group: 'gateway.networking.k8s.io', kind: 'ListenerSet', namespace: from },
    ],
    to: [
      { group: '', kind: 'Service', name: undefined },
      { group: '', kind: 'Secret', name: undefined },
    ],
  }),
);

const namespaceObject = fc
  .record({
    name: namespace,
    tier: fc.constantFrom('gold', 'silver'),
    annotations: fc.constantFrom(
      {},
      { 'sluice.dev/budget-hosts': '1' },
      { 'sluice.dev/budget-hosts': '4', 'sluice.dev/budget-wildcards': '2' },
      { 'sluice.dev/budget-chains': '100', 'sluice.dev/budget-pairs': '1' },
      { 'sluice.dev/budget-endpoints': '1', 'sluice.dev/budget-hosts': '0' },
      { 'sluice.dev/budget-connections': '2' },
    ),
  })
  .map(
    ({ name, tier, annotations }): KubernetesObject => ({
      kind: 'Namespace',
      meta: meta('', name, { labels: { tier }, annotations }),
    }),
  );

const node = fc.record({ address: fc.constantFrom('100.65.0.1', '100.65.0.3'), isGateway: fc.boolean() }).map(
  ({ address, isGateway }): KubernetesObject => ({
    kind: 'Node',
    meta: meta('', 'node', { labels: { 'node-role.kubernetes.io/gateway': String(isGateway) } }),
    addresses: [{ type: 'InternalIP', address }],
  }),
);

const object: fc.Arbitrary<KubernetesObject> = fc.oneof(
  { weight: 1, arbitrary: node },
  { weight: 9, arbitrary: tlsRoute },
  { weight: 2, arbitrary: countedRoute },
  { weight: 3, arbitrary: ingress },
  { weight: 1, arbitrary: gateway },
  { weight: 4, arbitrary: listenerSet },
  { weight: 3, arbitrary: service },
  { weight: 3, arbitrary: slice },
  { weight: 1, arbitrary: gatewayClass },
  { weight: 1, arbitrary: ingressClass },
  { weight: 1, arbitrary: grant },
  { weight: 1, arbitrary: namespaceObject },
  { weight: 1, arbitrary: secret },
);

/** An event; three in four are upserts. Deletes may name what is not there. (Cloned: records have no prototype.) */
const event: fc.Arbitrary<ObjectEvent> = fc
  .record({ object, deleted: fc.nat(3) })
  .map(({ object, deleted }) =>
    deleted === 0
      ? { type: 'delete', ref: refOf(object) satisfies ObjectRef }
      : { type: 'upsert', object: structuredClone(object) },
  );

/** A start in which most routes are served: random events alone rarely meet. */
const start: readonly KubernetesObject[] = [
  { kind: 'GatewayClass', meta: meta('', 'sluice'), controllerName: 'sluice.dev/gateway-controller' },
  {
    kind: 'Gateway',
    meta: meta('red', 'g1', { annotations: OPEN }),
    gatewayClassName: 'sluice',
    addresses: [],
    allowedListeners: { from: 'All', selector: undefined },
    listeners: LISTENER_HOSTS.map((hostname, index) => ({
      name: `l${index}`,
      hostname,
      port: 443,
      protocol: 'TLS',
      tls: { mode: 'Passthrough', certificateRefs: [] },
      allowedRoutes: { namespaces: { from: 'All', selector: undefined }, kinds: [] },
    })),
  },
  ...NAMESPACES.flatMap((namespace) => SERVICES.map((name) => serviceNamed(namespace, name, [6443, 8132]))),
];

/** Events in batches, after that start. */
export const arbitraryBatches: fc.Arbitrary<ObjectEvent[][]> = fc
  .array(fc.array(event, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 12 })
  .map((batches) => [start.map((object): ObjectEvent => ({ type: 'upsert', object })), ...batches]);
