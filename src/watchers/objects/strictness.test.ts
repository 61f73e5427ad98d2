import assert from 'node:assert/strict';
import test from 'node:test';
import { judge } from '../../admission/judge.ts';
import { decodeObject } from './decode.ts';
import { GATEWAY_API, ingress, manifest, route } from './test-manifests.ts';

const COMPLETE = { hostnames: ['a.example'], rules: [{ backendRefs: [{ name: 'a', port: 1 }] }] };

function strict(raw: unknown) {
  return decodeObject(raw, { judge });
}

/** What is told of an object that applies. */
function told(raw: unknown): readonly string[] {
  const result = strict(raw);
  assert.ok(result.type === 'object', JSON.stringify(result));
  return result.warnings.map(({ message }) => message);
}

const SERVICE_BACKEND = { service: { name: 'a', port: { number: 1 } } };

test('a list that the version of the API requires must be there, with an entry', () => {
  const { hostnames: _, ...unnamed } = COMPLETE;
  const grant = { from: [{ group: '', kind: 'TLSRoute', namespace: 'a' }], to: [] };
  const cases: readonly (readonly [object, string])[] = [
    [route(unnamed), 'spec.hostnames is required.'],
    [route({ ...COMPLETE, hostnames: null }), 'spec.hostnames is required.'],
    [route({ ...COMPLETE, hostnames: [] }), 'spec.hostnames must have at least one entry.'],
    [manifest('TLSRoute', unnamed, {}, 'gateway.networking.k8s.io/v1alpha3'), 'spec.hostnames is required.'],
    [route({ ...COMPLETE, rules: [] }), 'spec.rules must have at least one entry.'],
    [route({ ...COMPLETE, rules: [{}] }), 'spec.rules[0].backendRefs is required.'],
    [
      route({ ...COMPLETE, rules: [{ backendRefs: [] }] }),
      'spec.rules[0].backendRefs must have at least one entry.',
    ],
    [
      route({ ...COMPLETE, rules: [...COMPLETE.rules, ...COMPLETE.rules] }),
      'spec.rules must have at most one entry, not 2.',
    ],
    [manifest('Gateway', { gatewayClassName: 'a' }), 'spec.listeners is required.'],
    [manifest('ListenerSet', { parentRef: { name: 'gw' } }), 'spec.listeners is required.'],
    [manifest('ReferenceGrant', grant), 'spec.to must have at least one entry.'],
  ];
  for (const [raw, message] of cases) {
    const result = strict(raw);
    assert.ok(result.type === 'invalid', message);
    assert.equal(result.code, 'SLUICE_OBJECT_INVALID');
    assert.ok(result.message.endsWith(` ns/x: ${message}`), result.message);
    assert.equal(decodeObject(raw).type, 'object', 'an API server has judged it already');
  }
});

test('v1alpha2 alone lets a TLSRoute take the hostname of its listener', () => {
  const spec = { rules: COMPLETE.rules };
  assert.deepEqual(told(manifest('TLSRoute', spec, {}, 'gateway.networking.k8s.io/v1alpha2')), []);
});

test('a field that the API does not have is told with what was meant', () => {
  const rule = { backendRefs: [{ name: 'a', port: 1, ports: 1 }] };
  assert.deepEqual(told({ ...route({ ...COMPLETE, parentRef: [], rules: [rule] }), Status: {} }), [
    'TLSRoute ns/x: spec.rules[0].backendRefs[0].ports is no field of TLSRoute and is ignored; did you mean port?',
    'TLSRoute ns/x: spec.parentRef is no field of TLSRoute and is ignored; did you mean parentRefs?',
    'TLSRoute ns/x: Status is no field of TLSRoute and is ignored; did you mean status?',
  ]);
  assert.deepEqual(told(route({ ...COMPLETE, zz: 1 }, { labelz: {} })), [
    'TLSRoute ns/x: metadata.labelz is no field of TLSRoute and is ignored; did you mean labels?',
    'TLSRoute ns/x: spec.zz is no field of TLSRoute and is ignored; remove it, or use one of hostnames, parentRefs, rules.',
  ]);
});

test('every kind that is judged has its typing errors told', () => {
  const tls = { mode: 'Passthrough', mod: 'Passthrough' };
  const listener = { name: 'a', port: 1, protocol: 'TLS', allowedRoute: {}, tls };
  const path = { path: '/', pathType: 'Prefix', backend: { ...SERVICE_BACKEND, services: {} } };
  const controllerName = 'sluice.dev/gateway-controller';
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [manifest('GatewayClass', { controllerName, controller: 'b' }), ['spec.controller']],
    [
      manifest('ListenerSet', { parentRef: { name: 'a', namespce: 'b' }, listeners: [listener] }),
      ['spec.parentRef.namespce', 'spec.listeners[0].allowedRoute', 'spec.listeners[0].tls.mod'],
    ],
    [
      manifest('Gateway', { gatewayClassName: 'a', gatewayClass: 'a', listeners: [listener] }),
      ['spec.gatewayClass', 'spec.listeners[0].allowedRoute', 'spec.listeners[0].tls.mod'],
    ],
    [
      manifest('ReferenceGrant', {
        from: [{ group: '', kind: 'TLSRoute', namespace: 'b', namespaces: [] }],
        to: [{ group: '', kind: 'Service', names: [] }],
      }),
      ['spec.from[0].namespaces', 'spec.to[0].names'],
    ],
    [
      ingress({ rules: [{ hosts: ['a'], http: { paths: [path] } }], ingressClass: 'a' }),
      ['spec.rules[0].hosts', 'spec.rules[0].http.paths[0].backend.services', 'spec.ingressClass'],
    ],
    [
      manifest('IngressClass', { controller: controllerName, controllerName }, {}, 'networking.k8s.io/v1'),
      ['spec.controllerName'],
    ],
  ];
  for (const [raw, paths] of cases) {
    const result = strict(raw);
    assert.ok(result.type === 'object', JSON.stringify(result));
    const fields = result.warnings.map(({ code, message }) => [code, message.split(/: | is /)[1]]);
    assert.deepEqual(
      fields,
      paths.map((path) => ['SLUICE_FIELD_UNKNOWN', path]),
    );
    assert.ok(
      result.warnings.every(({ message }) => message.endsWith('?')),
      JSON.stringify(result.warnings),
    );
  }
});

test('what is invalid for want of a field has the field told that was written for it', () => {
  const result = strict(route({ hostname: 'a.example', rules: COMPLETE.rules }));
  assert.ok(result.type === 'invalid');
  assert.equal(result.path, 'spec.hostnames');
  assert.match(result.warnings[0]?.message ?? '', /spec\.hostname is no field .* did you mean hostnames\?/);
});

test('fields that Sluice does not read are known all the same', () => {
  const listener = {
    name: 'a',
    port: 1,
    protocol: 'TLS',
    tls: { mode: 'Passthrough', options: { any: 'thing' } },
  };
  const gateway = {
    gatewayClassName: 'a',
    listeners: [listener],
    infrastructure: { labels: { any: 'thing' }, parametersRef: { group: 'a', kind: 'b', name: 'c' } },
    allowedListeners: { namespaces: { from: 'All' } },
    tls: {
      frontend: {
        default: { validation: { caCertificateRefs: [{ group: '', kind: 'ConfigMap', name: 'a' }] } },
      },
    },
  };
  assert.deepEqual(told({ ...manifest('Gateway', gateway), status: { any: 'thing' } }), []);
  const parentRefs = [{ group: 'a', kind: 'B', namespace: 'c', name: 'd', sectionName: 'e', port: 1 }];
  assert.deepEqual(told(route({ ...COMPLETE, parentRefs }, { managedFields: [], ownerReferences: [] })), []);
  assert.deepEqual(told(manifest('HTTPRoute', { rules: [{ filters: [] }] })), []);
  assert.deepEqual(told(manifest('Service', { ports: [{ port: 1, targetPort: 'a' }] }, {}, 'v1')), []);
  const defaultBackend = SERVICE_BACKEND;
  assert.deepEqual(told(ingress({ defaultBackend, tls: [{ hosts: [], secretName: 'a' }] })), []);
});

test('an annotation of ours that means nothing is told, and a passthrough that is neither true nor false', () => {
  const annotated = (annotations: object) => told(route(COMPLETE, { annotations }));
  assert.deepEqual(annotated({ 'sluice.dev/max-conections': '5', 'example.com/any': 'thing' }), [
    'TLSRoute ns/x: metadata.annotations["sluice.dev/max-conections"] means nothing on a TLSRoute; did you mean sluice.dev/max-connections?',
  ]);
  assert.match(annotated({ 'sluice.dev/zz': '' })[0] ?? '', /remove it, or use one of sluice\.dev\/max-conn/);
  assert.match(annotated({ 'sluice.dev/ssl-passthrough': 'true' })[0] ?? '', /means nothing on a TLSRoute/);

  for (const prefix of ['sluice.dev', 'higress.io', 'nginx.ingress.kubernetes.io']) {
    const name = `${prefix}/ssl-passthrough`;
    for (const value of ['true', 'false', 'True', '1'])
      assert.deepEqual(
        told(ingress({ defaultBackend: SERVICE_BACKEND }, { annotations: { [name]: value } })),
        [],
      );
    for (const value of ['yes', 'tRUE', '']) {
      assert.deepEqual(
        told(ingress({ defaultBackend: SERVICE_BACKEND }, { annotations: { [name]: value } })),
        [
          `Ingress ns/x: metadata.annotations["${name}"] must be "true" or "false", not "${value}", which decides nothing.`,
        ],
      );
    }
  }
});

test('however much is wrong with an object, ten things are told', () => {
  const spec = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`key${index}`, 1]));
  assert.equal(told(route({ ...COMPLETE, ...spec })).length, 10);
});

test('an object that holds itself is looked through once', () => {
  const spec: Record<string, unknown> = { ...COMPLETE };
  spec['parentRefs'] = [{ name: 'a', again: spec }];
  assert.deepEqual(told({ apiVersion: GATEWAY_API, kind: 'TLSRoute', metadata: { name: 'x' }, spec }), [
    'TLSRoute default/x: spec.parentRefs[0].again is no field of TLSRoute and is ignored; remove it, or use one of group, kind, name, namespace, port, sectionName.',
  ]);
});
