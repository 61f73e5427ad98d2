import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { decodeObject } from './decode.ts';
import { decoded, GATEWAY_API, ingress, manifest, refused, route } from './test-manifests.ts';

test('an Ingress backend is a Service with a port by number or by name, or a resource', () => {
  const path = (backend: object) => ({ pathType: 'Prefix', backend });
  const paths = [
    path({ service: { name: 'a', port: { number: 443 } } }),
    path({ service: { name: 'a', port: { name: 'https' } } }),
    path({ service: { name: 'a' } }),
    path({ resource: { kind: 'Bucket', name: 'b' } }),
  ];
  const object = decoded('Ingress', ingress({ rules: [{ host: 'a.example', http: { paths } }, {}] }));
  assert.equal(object.ingressClassName, undefined);
  assert.equal(object.defaultBackend, undefined);
  assert.deepEqual(
    object.rules[0]?.paths.map(({ backend }) => backend.service),
    [{ name: 'a', port: 443 }, { name: 'a', port: 'https' }, { name: 'a', port: undefined }, undefined],
  );
  assert.deepEqual(object.rules[1], { host: undefined, paths: [] });
});

test('an IngressClass is the default by its annotation alone', () => {
  const isDefault = (value: string) =>
    decoded(
      'IngressClass',
      manifest(
        'IngressClass',
        { controller: 'sluice.dev/gateway-controller' },
        { annotations: { 'ingressclass.kubernetes.io/is-default-class': value } },
        'networking.k8s.io/v1',
      ),
    ).isDefault;
  assert.equal(isDefault('true'), true);
  assert.equal(isDefault('false'), false);
});

test('a Service has the defaults of the API', () => {
  const service = decoded('Service', manifest('Service', { ports: [{ port: 443 }] }, {}, 'v1'));
  const { meta: _, ...rest } = service;
  assert.deepEqual(rest, {
    kind: 'Service',
    type: 'ClusterIP',
    ports: [{ name: '', port: 443, protocol: 'TCP' }],
    ipFamilies: [],
    publishNotReadyAddresses: false,
  });
  const wrong = manifest('Service', { ipFamilies: ['IPv5'] }, {}, 'v1');
  assert.equal(refused(wrong).path, 'spec.ipFamilies');
});

test('an EndpointSlice without conditions is ready and serving and does not terminate', () => {
  const raw = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'api-1', namespace: 'ns', labels: { 'kubernetes.io/service-name': 'api', other: 'x' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'] }, { addresses: ['10.0.0.2'], conditions: { ready: false } }],
    ports: [{ port: 6443 }, { name: 'all', protocol: 'UDP' }],
  };
  const slice = decoded('EndpointSlice', raw);
  assert.equal(slice.serviceName, 'api');
  assert.deepEqual(slice.meta.labels, {});
  assert.deepEqual(slice.endpoints, [
    { addresses: ['10.0.0.1'], ready: true, serving: true, terminating: false },
    { addresses: ['10.0.0.2'], ready: false, serving: true, terminating: false },
  ]);
  assert.deepEqual(slice.ports, [
    { name: '', port: 6443, protocol: 'TCP' },
    { name: 'all', port: undefined, protocol: 'UDP' },
  ]);
  assert.equal(refused({ ...raw, addressType: 'IP' }).path, 'addressType');
});

test('a Namespace keeps all its labels and has its name as one, whatever it says', () => {
  const labels = { tier: 'gold', 'kubernetes.io/metadata.name': 'other' };
  const namespace = decoded(
    'Namespace',
    manifest('Namespace', undefined, { name: 'tenant-a', labels }, 'v1'),
  );
  assert.deepEqual(namespace.meta.labels, { tier: 'gold', 'kubernetes.io/metadata.name': 'tenant-a' });
  assert.equal(namespace.meta.namespace, '');
});

test('a Node is its addresses, and whether it is a gateway', () => {
  const status = { addresses: [{ type: 'InternalIP', address: '10.0.0.1' }] };
  const labels = { 'node-role.kubernetes.io/gateway': 'true', 'kubernetes.io/os': 'linux' };
  const node = decoded('Node', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', labels }, status });
  assert.deepEqual(node.addresses, status.addresses);
  assert.deepEqual(node.meta.labels, { 'node-role.kubernetes.io/gateway': 'true' });
});

test('metadata is what the API server keeps, and nothing that is not read', () => {
  const annotations = { 'sluice.dev/stats': 'true', note: 'x'.repeat(1_000_000) };
  const labels = { app: 'x' };
  const { meta } = decoded(
    'TLSRoute',
    route({}, { uid: 'u', generation: 7, creationTimestamp: '2026-01-02T03:04:05Z', labels, annotations }),
  );
  assert.deepEqual(meta, {
    namespace: 'ns',
    name: 'x',
    uid: 'u',
    generation: 7,
    creationTimestamp: '2026-01-02T03:04:05Z',
    labels: {},
    annotations: { 'sluice.dev/stats': 'true' },
  });
});

test('an object that names no namespace is in the default one', () => {
  const raw = { ...route(), metadata: { name: 'x' } };
  const result = decodeObject(raw, { defaultNamespace: 'here' });
  assert.equal(result.type === 'object' && result.object.meta.namespace, 'here');
  assert.equal(decoded('TLSRoute', raw).meta.namespace, 'default');
});

test('a creation timestamp is UTC in whole seconds, or none', () => {
  const written: readonly (readonly [unknown, string])[] = [
    ['2026-01-01T02:00:00+02:00', '2026-01-01T00:00:00Z'],
    ['2026-01-01T00:00:00.750Z', '2026-01-01T00:00:00Z'],
    ['2026-13-01T00:00:00Z', ''],
    ['2026-01-01', ''],
    ['2026-01-01T00:00:00', ''],
    ['yesterday', ''],
    [1_767_225_600, ''],
    [null, ''],
    ['0000-01-01T00:00:00+23:00', ''],
  ];
  for (const [creationTimestamp, expected] of written) {
    assert.equal(decoded('TLSRoute', route({}, { creationTimestamp })).meta.creationTimestamp, expected);
  }
});

test('a null field counts as absent', () => {
  const spec = { parentRefs: null, hostnames: null, rules: [{ name: null, backendRefs: null }] };
  const tlsRoute = decoded('TLSRoute', route(spec, { annotations: null, labels: null, namespace: null }));
  assert.deepEqual(tlsRoute.parentRefs, []);
  assert.deepEqual(tlsRoute.rules, [{ name: undefined, backendRefs: [] }]);
});

test('what is well-typed passes, as src/gateway judges it', () => {
  const listeners = [{ name: 'a', port: 0, protocol: 'BOGUS', hostname: 'not a host', tls: { mode: 'No' } }];
  const gateway = decoded('Gateway', manifest('Gateway', { gatewayClassName: '', listeners }));
  assert.equal(gateway.listeners[0]?.port, 0);
  const backendRefs = [{ name: '', kind: 'Pod', port: 70_000, weight: 2_000_000 }];
  assert.equal(decoded('TLSRoute', route({ hostnames: ['-'], rules: [{ backendRefs }] })).rules.length, 1);
});

test('a field of a wrong type is refused with its path and its object', () => {
  const backend = (backendRef: unknown) => route({ rules: [{ backendRefs: [{ name: 'a' }, backendRef] }] });
  const cases: readonly (readonly [object, string, RegExp])[] = [
    [route({ hostnames: 'a.example' }), 'spec.hostnames', /must be a list, not the string "a\.example"/],
    [
      route({ hostnames: ['a', 5] }),
      'spec.hostnames[1]',
      /must be a string, not the number 5; put it in quotes/,
    ],
    [route({ hostnames: [null] }), 'spec.hostnames[0]', /is required/],
    [route({ rules: {} }), 'spec.rules', /must be a list, not an object/],
    [route({ rules: ['x'] }), 'spec.rules[0]', /must be an object/],
    [
      backend({ name: 'b', port: '443' }),
      'spec.rules[0].backendRefs[1].port',
      /whole number, not the string/,
    ],
    [backend({ name: 'b', port: 443.5 }), 'spec.rules[0].backendRefs[1].port', /whole number/],
    [backend({ name: 'b', port: Number.NaN }), 'spec.rules[0].backendRefs[1].port', /number NaN/],
    [backend({ name: 'b', weight: -1 }), 'spec.rules[0].backendRefs[1].weight', /0 or more/],
    [backend({ port: 443 }), 'spec.rules[0].backendRefs[1].name', /is required/],
    [manifest('Gateway', { gatewayClassName: 5 }), 'spec.gatewayClassName', /must be a string/],
    [manifest('GatewayClass', null), 'spec', /is required/],
    [
      ingress({}, { annotations: { 'higress.io/ssl-passthrough': true } }),
      'metadata.annotations["higress.io/ssl-passthrough"]',
      /must be a string, not the boolean true; put it in quotes/,
    ],
    [
      route({}, { annotations: { 'sluice.dev/stats': 'x'.repeat(1025) } }),
      'metadata.annotations["sluice.dev/stats"]',
      /at most 1024 characters/,
    ],
  ];
  for (const [raw, path, message] of cases) {
    const result = refused(raw);
    assert.equal(result.code, 'SLUICE_OBJECT_INVALID');
    assert.equal(result.path, path);
    assert.match(result.message, message);
    assert.ok(result.message.includes(path), result.message);
    assert.equal(result.object?.name, 'x');
  }
});

test('a name that Kubernetes would not take is refused', () => {
  for (const name of ['A', 'a_b', '-a', 'a/b', 'a..b', 'a'.repeat(254), '../x', 5]) {
    assert.equal(refused(route({}, { name })).path, 'metadata.name');
  }
  assert.equal(refused(route({}, { namespace: 'a.b' })).path, 'metadata.namespace');
  assert.equal(refused(manifest('Service', {}, { name: 'a.b' }, 'v1')).path, 'metadata.name');
  assert.equal(decoded('TLSRoute', route({}, { name: 'a.b' })).meta.name, 'a.b');
});

test('an object without a name says so, and why generateName does not help', () => {
  assert.match(refused(route({}, { name: undefined })).message, /metadata\.name is required/);
  assert.match(refused(route({}, { name: undefined, generateName: 'x-' })).message, /needs an API server/);
  assert.equal(refused({ apiVersion: 'v1', kind: 'Service' }).path, 'metadata');
});

test('a version that is not served is refused with those that are', () => {
  const result = refused(manifest('Ingress', {}, {}, 'networking.k8s.io/v1beta1'));
  assert.equal(result.code, 'SLUICE_OBJECT_UNKNOWN');
  assert.equal(result.path, 'apiVersion');
  assert.match(result.message, /"networking\.k8s\.io\/v1beta1" of Ingress must be networking\.k8s\.io\/v1/);
  assert.match(
    refused(manifest('TLSRoute', {}, {}, 'gateway.networking.k8s.io/v2')).message,
    /v1, gateway\.networking\.k8s\.io\/v1alpha3, gateway/,
  );
});

test('a kind of ours that is misspelt is refused with a hint', () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    [GATEWAY_API, 'TlsRoute', /did you mean TLSRoute/],
    [GATEWAY_API, 'TLSRoutes', /did you mean TLSRoute/],
    [GATEWAY_API, 'Gateways', /did you mean Gateway\?/],
    ['networking.k8s.io/v1', 'ingress', /did you mean Ingress\?/],
    ['v1', 'Endpoint', /did you mean Endpoints/],
    ['networking.k8s.io/v1', 'Gateway', /must be gateway\.networking\.k8s\.io\/v1/],
    ['extensions/v1beta1', 'Ingress', /must be networking\.k8s\.io\/v1/],
    ['gateway.networking.k8s.oi/v1', 'TLSRoute', /must be gateway\.networking\.k8s\.io\/v1/],
    ['v1', 'TLSRoute', /must be gateway\.networking\.k8s\.io\/v1/],
  ];
  for (const [apiVersion, kind, message] of cases) {
    const result = refused(manifest(kind, {}, {}, apiVersion));
    assert.equal(result.code, 'SLUICE_OBJECT_UNKNOWN');
    assert.match(result.message, message);
    assert.deepEqual(result.object, { kind, namespace: 'ns', name: 'x' });
  }
});

test('other kinds are ignored, also those that share a name with ours', () => {
  const others: readonly (readonly [string, string])[] = [
    ['v1', 'Secret'],
    ['v1', 'Pod'],
    ['v1', 'ServiceAccount'],
    ['apps/v1', 'Deployment'],
    ['gateway.networking.k8s.io/v1alpha2', 'BackendTLSPolicy'],
    ['networking.istio.io/v1', 'Gateway'],
    ['serving.knative.dev/v1', 'Service'],
    ['v1', 'Endpoints'],
    ['constructor/v1', '__proto__'],
  ];
  for (const [apiVersion, kind] of others) {
    assert.deepEqual(decodeObject(manifest(kind, {}, {}, apiVersion)), { type: 'ignored', kind });
  }
});

test('what is no Kubernetes object is refused', () => {
  for (const raw of [
    null,
    5,
    'x',
    [],
    {},
    { kind: 'Service' },
    { apiVersion: 'v1' },
    { apiVersion: 1, kind: 2 },
  ]) {
    assert.equal(refused(raw).code, 'SLUICE_OBJECT_MALFORMED');
  }
});

test('keys of the prototype are keys as any other', () => {
  const text = '{"tier":"gold","__proto__":"x","constructor":"y"}';
  const namespace = decoded('Namespace', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'a', labels: JSON.parse(text) },
  });
  assert.equal(Object.getPrototypeOf(namespace.meta.labels), Object.prototype);
  assert.equal(Object.hasOwn(namespace.meta.labels, '__proto__'), true);
  assert.equal(
    Object.hasOwn(decoded('TLSRoute', route(JSON.parse('{"__proto__":{"rules":5}}'))), 'rules'),
    true,
  );
});

test('a cyclic object, as YAML aliases make one, does not hang', () => {
  const spec: Record<string, unknown> = { rules: [{ backendRefs: [{ name: 5 }] }] };
  spec['again'] = spec;
  assert.equal(refused(route(spec)).path, 'spec.rules[0].backendRefs[0].name');
});

test('a list of a million entries is read', () => {
  const hostnames = Array.from({ length: 1_000_000 }, () => 'a.example.com');
  assert.equal(decoded('TLSRoute', route({ hostnames })).hostnames.length, 1_000_000);
});

test('no input makes the decoder throw', () => {
  const kinds = ['TLSRoute', 'Gateway', 'ReferenceGrant', 'Ingress', 'Service', 'EndpointSlice', 'Node'];
  const versions = [GATEWAY_API, 'networking.k8s.io/v1', 'v1', 'discovery.k8s.io/v1'];
  const fields = ['parentRefs', 'listeners', 'rules', 'backendRefs', 'tls', 'ports', 'http', 'paths', 'from'];
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom(null, undefined, true, 0, -1, Number.NaN, 1e300, '', 'x'),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...fields), tie('tree'), { maxKeys: 4 }),
    ),
  }));
  const raw = fc.record({
    apiVersion: fc.constantFrom(...versions),
    kind: fc.constantFrom(...kinds),
    metadata: fc.oneof(tree, fc.record({ name: fc.constant('x'), annotations: tree, labels: tree })),
    spec: tree,
    status: tree,
    endpoints: tree,
  });
  fc.assert(
    fc.property(fc.oneof(raw, fc.anything()), (input) => {
      const result = decodeObject(input);
      assert.ok(result.type !== 'invalid' || result.message.length > 0);
    }),
  );
});

test('of annotations of other controllers the names are kept that mean something, one list for Ingresses alike', () => {
  const decoded = (annotations: object) => {
    const found = decodeObject(manifest('Ingress', {}, { annotations }, 'networking.k8s.io/v1'));
    assert.equal(found.type, 'object');
    return found.type === 'object' && found.object.kind === 'Ingress'
      ? found.object.foreignAnnotations
      : undefined;
  };
  const annotations = {
    'nginx.ingress.kubernetes.io/whitelist-source-range': '10.0.0.0/8',
    'haproxy.org/ssl-passthrough': 'true',
    'example.com/unknown': 'x'.repeat(100_000),
    'sluice.dev/stats': 'true',
  };
  const names = decoded(annotations);
  assert.deepEqual(names, [
    'haproxy.org/ssl-passthrough',
    'nginx.ingress.kubernetes.io/whitelist-source-range',
  ]);
  assert.equal(decoded(annotations), names);
  assert.equal(decoded({ 'haproxy.org/ssl-passthrough': 'false' }), undefined);
  assert.deepEqual(decoded({ 'route.openshift.io/termination': 'passthrough' }), [
    'route.openshift.io/termination',
  ]);
});
