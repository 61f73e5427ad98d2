import assert from 'node:assert/strict';
import test from 'node:test';
import { decoded, manifest, refused } from './test-manifests.ts';

test('a GatewayClass is its controller, in no namespace', () => {
  const spec = { controllerName: 'sluice.dev/gateway-controller' };
  const gatewayClass = decoded('GatewayClass', manifest('GatewayClass', spec));
  assert.equal(gatewayClass.controllerName, 'sluice.dev/gateway-controller');
  assert.equal(gatewayClass.meta.namespace, '');
});

test('a Gateway has the defaults of the API', () => {
  const listeners = [{ name: 'tls', port: 443, protocol: 'TLS', tls: { certificateRefs: [{ name: 'c' }] } }];
  const spec = { gatewayClassName: 'sluice', addresses: [{ value: '10.0.0.1' }, {}], listeners };
  const gateway = decoded('Gateway', manifest('Gateway', spec));
  assert.deepEqual(gateway.addresses, [
    { type: 'IPAddress', value: '10.0.0.1' },
    { type: 'IPAddress', value: '' },
  ]);
  assert.deepEqual(gateway.listeners, [
    {
      name: 'tls',
      hostname: undefined,
      port: 443,
      protocol: 'TLS',
      tls: {
        mode: 'Terminate',
        certificateRefs: [{ group: '', kind: 'Secret', namespace: undefined, name: 'c' }],
      },
      allowedRoutes: { namespaces: { from: 'Same', selector: undefined }, kinds: [] },
    },
  ]);
});

test('a Gateway allows no ListenerSets unless it says so', () => {
  const allowed = (more: object) =>
    decoded('Gateway', manifest('Gateway', { gatewayClassName: 'sluice', listeners: [], ...more }))
      .allowedListeners;
  assert.deepEqual(allowed({}), { from: 'None', selector: undefined });
  assert.deepEqual(allowed({ allowedListeners: { namespaces: {} } }), { from: 'None', selector: undefined });
  const selector = { matchLabels: { a: 'b' } };
  assert.deepEqual(allowed({ allowedListeners: { namespaces: { from: 'Selector', selector } } }), {
    from: 'Selector',
    selector: { matchLabels: { a: 'b' }, matchExpressions: [] },
  });
});

test('a ListenerSet has the defaults of the API, and nothing of its status', () => {
  const listeners = [{ name: 'tls', port: 443, protocol: 'TLS', tls: { mode: 'Passthrough' } }];
  const raw = manifest('ListenerSet', { parentRef: { name: 'gw' }, listeners });
  const set = decoded('ListenerSet', { ...raw, status: { conditions: 7 } });
  assert.deepEqual(Object.keys(set), ['kind', 'meta', 'parentRef', 'listeners']);
  assert.deepEqual(set.parentRef, {
    group: 'gateway.networking.k8s.io',
    kind: 'Gateway',
    namespace: undefined,
    name: 'gw',
  });
  assert.deepEqual(set.listeners, [
    {
      name: 'tls',
      hostname: undefined,
      port: 443,
      protocol: 'TLS',
      tls: { mode: 'Passthrough', certificateRefs: [] },
      allowedRoutes: { namespaces: { from: 'Same', selector: undefined }, kinds: [] },
    },
  ]);
  const { port: _, ...portless } = listeners[0] ?? {};
  for (const [spec, path] of [
    [{ listeners }, 'spec.parentRef'],
    [{ parentRef: {}, listeners }, 'spec.parentRef.name'],
    [{ parentRef: { name: 'gw' }, listeners: [portless] }, 'spec.listeners[0].port'],
  ] as const) {
    assert.equal(refused(manifest('ListenerSet', spec)).path, path);
  }
});

test('of the status of a Gateway only its IP addresses are read', () => {
  const spec = { gatewayClassName: 'sluice', listeners: [] };
  const addresses = [
    { type: 'IPAddress', value: '10.0.0.1' },
    { type: 'Hostname', value: 'a.example' },
  ];
  const gateway = decoded('Gateway', { ...manifest('Gateway', spec), status: { addresses, conditions: 7 } });
  assert.deepEqual(gateway.assignedAddresses, ['10.0.0.1']);
  assert.equal('assignedAddresses' in decoded('Gateway', manifest('Gateway', spec)), false);
});

test('of routes that are only counted, what they attach by is read', () => {
  const spec = { parentRefs: [{ name: 'gw' }], hostnames: ['a.example'], rules: [{ matches: 'unread' }] };
  for (const kind of ['HTTPRoute', 'GRPCRoute'] as const) {
    const { meta: _, ...counted } = decoded(kind, manifest(kind, spec));
    assert.deepEqual(counted, {
      kind,
      parentRefs: [
        {
          group: 'gateway.networking.k8s.io',
          kind: 'Gateway',
          namespace: undefined,
          name: 'gw',
          sectionName: undefined,
          port: undefined,
        },
      ],
      hostnames: ['a.example'],
    });
  }
});

test('what a listener allows is read as written', () => {
  const matchExpressions = [{ key: 'tier', operator: 'Exists' }];
  const allowedRoutes = {
    namespaces: { from: 'Selector', selector: { matchLabels: { a: 'b' }, matchExpressions } },
    kinds: [{ kind: 'TLSRoute' }, { group: 'example.com', kind: 'Other' }],
  };
  const listeners = [{ name: 'tls', port: 443, protocol: 'TLS', hostname: '*.a.example', allowedRoutes }];
  const gateway = decoded('Gateway', manifest('Gateway', { gatewayClassName: 'sluice', listeners }));
  assert.deepEqual(gateway.listeners[0]?.allowedRoutes, {
    namespaces: {
      from: 'Selector',
      selector: {
        matchLabels: { a: 'b' },
        matchExpressions: [{ key: 'tier', operator: 'Exists', values: [] }],
      },
    },
    kinds: [
      { group: 'gateway.networking.k8s.io', kind: 'TLSRoute' },
      { group: 'example.com', kind: 'Other' },
    ],
  });
});

test('a TLSRoute has the defaults of the API, in each version that serves it', () => {
  const rules = [{ backendRefs: [{ name: 'api', port: 6443 }] }];
  const spec = { parentRefs: [{ name: 'gw' }], hostnames: ['a.example.com'], rules };
  for (const version of ['v1', 'v1alpha3', 'v1alpha2']) {
    const apiVersion = `gateway.networking.k8s.io/${version}`;
    const { meta: _, ...tlsRoute } = decoded('TLSRoute', manifest('TLSRoute', spec, {}, apiVersion));
    assert.deepEqual(tlsRoute, {
      kind: 'TLSRoute',
      parentRefs: [
        {
          group: 'gateway.networking.k8s.io',
          kind: 'Gateway',
          namespace: undefined,
          name: 'gw',
          sectionName: undefined,
          port: undefined,
        },
      ],
      hostnames: ['a.example.com'],
      rules: [
        {
          name: undefined,
          backendRefs: [
            { group: '', kind: 'Service', namespace: undefined, name: 'api', port: 6443, weight: 1 },
          ],
        },
      ],
    });
  }
});

test('a ReferenceGrant never gets wider than it is written', () => {
  const from = [{ group: 'gateway.networking.k8s.io', kind: 'TLSRoute', namespace: 'a' }];
  const to = [
    { group: '', kind: 'Service' },
    { group: '', kind: 'Service', name: 'api' },
  ];
  const apiVersion = 'gateway.networking.k8s.io/v1beta1';
  const grant = decoded('ReferenceGrant', manifest('ReferenceGrant', { from, to }, {}, apiVersion));
  assert.deepEqual(grant.from, from);
  assert.deepEqual(grant.to, [
    { group: '', kind: 'Service', name: undefined },
    { group: '', kind: 'Service', name: 'api' },
  ]);
  const unnamed = { from: [{ ...from[0], namespace: null }], to };
  assert.equal(refused(manifest('ReferenceGrant', unnamed)).path, 'spec.from[0].namespace');
});
