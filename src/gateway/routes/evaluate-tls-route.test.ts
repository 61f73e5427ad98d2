import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ParentModel, RouteModel, WeightedBackend } from '../../model/gateway.ts';
import type { BackendReference, KubernetesObject, TlsRoute } from '../../model/objects.ts';
import {
  backendRef,
  CONFIG,
  configWith,
  gateway,
  gatewayClass,
  lookupOf,
  messageOf,
  parentRef,
  referenceGrant,
  service,
  stateOf,
  tlsRoute,
} from '../test-objects.ts';
import { evaluateTlsRoute } from './evaluate-tls-route.ts';

interface Evaluated {
  readonly model: RouteModel;
  readonly parent: ParentModel;
  readonly backends: readonly WeightedBackend[] | undefined;
}

function evaluate(
  route: TlsRoute,
  objects: readonly KubernetesObject[] = [service()],
  config = CONFIG,
): Evaluated {
  const model = evaluateTlsRoute(route, lookupOf([gatewayClass(), gateway(), ...objects]), config);
  const parent = model?.parents[0];
  assert.ok(model !== undefined && parent !== undefined, 'a parent is ours');
  return { model, parent, backends: model.claims[0]?.backends };
}

const API = { namespace: 'default', service: 'api', port: 6443 };

test('a route to a Service: one claim with the whole weight', () => {
  const { model, parent, backends } = evaluate(tlsRoute());
  assert.equal(stateOf(parent.conditions, 'Accepted'), 'True Accepted');
  assert.equal(stateOf(parent.conditions, 'ResolvedRefs'), 'True ResolvedRefs');
  assert.equal(parent.conditions.length, 2);
  assert.deepEqual(
    parent.conditions.map(({ observedGeneration }) => observedGeneration),
    [3, 3],
  );
  assert.deepEqual(backends, [{ weight: 1, target: API }]);
  assert.equal(model.creationTimestamp, '2026-01-01T00:00:00Z');
});

test('each invalid reference: its reason, and its share of connections without a target', () => {
  const udp = service({ path: 'udp', ports: [{ name: 'q', port: 6443, protocol: 'UDP' }] });
  const sctp = service({ path: 'sctp', ports: [{ name: 'q', port: 6443, protocol: 'SCTP' }] });
  const external = service({ path: 'external', type: 'ExternalName' });
  const cases: readonly [Partial<BackendReference>, string, RegExp][] = [
    [{ name: 'absent' }, 'BackendNotFound', /Service default\/absent does not exist/],
    [{ kind: 'Pod' }, 'InvalidKind', /Pod/],
    [{ group: 'multicluster.x-k8s.io', kind: 'ServiceImport' }, 'InvalidKind', /ServiceImport\.multicluster/],
    [{ group: 'core' }, 'InvalidKind', /Service\.core/],
    [{ namespace: 'other' }, 'RefNotPermitted', /ReferenceGrant in namespace other/],
    [{ port: undefined }, 'BackendNotFound', /no port/],
    [{ port: 7443 }, 'BackendNotFound', /no port 7443/],
    [{ name: 'udp' }, 'UnsupportedProtocol', /is UDP and not TCP/],
    [{ name: 'sctp' }, 'UnsupportedProtocol', /is SCTP and not TCP/],
    [{ name: 'external' }, 'UnsupportedValue', /ExternalName/],
  ];
  for (const [changes, reason, message] of cases) {
    const backendRefs = [backendRef({ weight: 20 }), backendRef({ ...changes, weight: 80 })];
    const { parent, backends } = evaluate(tlsRoute({ backendRefs }), [service(), udp, sctp, external]);
    assert.equal(stateOf(parent.conditions, 'ResolvedRefs'), `False ${reason}`);
    assert.match(messageOf(parent.conditions, 'ResolvedRefs'), message);
    assert.equal(stateOf(parent.conditions, 'Accepted'), 'True Accepted', 'the other backend is served');
    assert.deepEqual(backends, [
      { weight: 20, target: API },
      { weight: 80, target: undefined },
    ]);
  }
});

test('a Service of TCP and UDP on one port number is used', () => {
  const ports = [
    { name: 'u', port: 6443, protocol: 'UDP' },
    { name: 't', port: 6443, protocol: 'TCP' },
  ];
  assert.deepEqual(evaluate(tlsRoute(), [service({ ports })]).backends, [{ weight: 1, target: API }]);
});

test('an absent Service is looked up, so that the route is evaluated when it appears', () => {
  const lookup = lookupOf([gatewayClass(), gateway()]);
  evaluateTlsRoute(tlsRoute(), lookup, CONFIG);
  assert.ok(lookup.calls.includes('Service default/api'));
});

test('a reference to another namespace needs a ReferenceGrant there that names both sides', () => {
  const abroad = tlsRoute({ backendRefs: [backendRef({ namespace: 'other' })] });
  const target = service({ path: 'other/api' });
  const state = (grant: KubernetesObject) =>
    stateOf(evaluate(abroad, [target, grant]).parent.conditions, 'ResolvedRefs');
  const from = { group: 'gateway.networking.k8s.io', kind: 'TLSRoute', namespace: 'default' };
  const to = { group: '', kind: 'Service', name: undefined };
  assert.equal(state(referenceGrant()), 'True ResolvedRefs');
  assert.equal(state(referenceGrant({ to: [{ ...to, name: 'api' }] })), 'True ResolvedRefs');
  assert.equal(state(referenceGrant({ to: [{ ...to, kind: 'Secret' }, to] })), 'True ResolvedRefs');
  const refused = [
    referenceGrant({ path: 'default/grant' }),
    referenceGrant({ from: [{ ...from, kind: 'HTTPRoute' }] }),
    referenceGrant({ from: [{ ...from, group: '' }] }),
    referenceGrant({ from: [{ ...from, namespace: 'third' }] }),
    referenceGrant({ from: [] }),
    referenceGrant({ to: [{ ...to, name: 'other' }] }),
    referenceGrant({ to: [{ ...to, kind: 'Secret' }] }),
    referenceGrant({ to: [{ ...to, group: 'x' }] }),
    referenceGrant({ to: [] }),
  ];
  for (const grant of refused) assert.equal(state(grant), 'False RefNotPermitted', JSON.stringify(grant));
});

test('whether a Service exists is not told to a route that may not refer to it, nor looked at', () => {
  const lookup = lookupOf([gatewayClass(), gateway()]);
  evaluateTlsRoute(tlsRoute({ backendRefs: [backendRef({ namespace: 'other' })] }), lookup, CONFIG);
  assert.ok(!lookup.calls.some((call) => call.startsWith('Service')), lookup.calls.join());
  assert.ok(lookup.calls.includes('ReferenceGrant other'));
});

test('a reference within the namespace, named or not, needs no grant and asks for none', () => {
  const lookup = lookupOf([gatewayClass(), gateway(), service()]);
  evaluateTlsRoute(tlsRoute({ backendRefs: [backendRef({ namespace: 'default' })] }), lookup, CONFIG);
  assert.ok(!lookup.calls.some((call) => call.startsWith('ReferenceGrant')));
});

test('weight 0 gets no traffic; with no weight at all, connections are rejected', () => {
  const second = service({ path: 'second' });
  const weighted = [backendRef({ weight: 0 }), backendRef({ name: 'second', weight: 3 })];
  assert.deepEqual(evaluate(tlsRoute({ backendRefs: weighted }), [service(), second]).backends, [
    { weight: 3, target: { ...API, service: 'second' } },
  ]);
  for (const backendRefs of [[backendRef({ weight: 0 })], []]) {
    const { parent, backends } = evaluate(tlsRoute({ backendRefs }));
    assert.deepEqual(backends, [], 'the host is claimed and rejects');
    assert.equal(stateOf(parent.conditions, 'ResolvedRefs'), 'True ResolvedRefs');
    assert.match(messageOf(parent.conditions, 'ResolvedRefs'), /rejected/);
  }
});

test('more backends than the API allows do not add up to more than Envoy takes', () => {
  const backendRefs = Array.from({ length: 10_000 }, () => backendRef({ weight: 1_000_000_000 }));
  const { parent, backends } = evaluate(tlsRoute({ backendRefs }));
  const sum = backends?.reduce((total, { weight }) => total + weight, 0) ?? 0;
  assert.ok(sum <= 0xffff_ffff, `${sum}`);
  assert.match(messageOf(parent.conditions, 'ResolvedRefs'), /first 16/);
});

test('only the first rule counts: "the message for this condition MUST start with the prefix `Dropped Rule`"', () => {
  const rule = (name: string) => ({ name: undefined, backendRefs: [backendRef({ name })] });
  const { parent, backends } = evaluate(tlsRoute({ rules: [rule('api'), rule('absent')] }));
  assert.deepEqual(backends, [{ weight: 1, target: API }]);
  assert.equal(stateOf(parent.conditions, 'Accepted'), 'True Accepted');
  assert.equal(stateOf(parent.conditions, 'PartiallyInvalid'), 'True UnsupportedValue');
  assert.match(messageOf(parent.conditions, 'PartiallyInvalid'), /^Dropped Rule.*first of 2 rules/);
});

test('more parentRefs than the API allows are ignored and said', () => {
  const { model, parent } = evaluate(
    tlsRoute({ parentRefs: Array.from({ length: 10_000 }, () => parentRef()) }),
  );
  assert.equal(model.parents.length, 32);
  assert.match(messageOf(parent.conditions, 'PartiallyInvalid'), /^Dropped Rule.*32 parentRefs/);
});

test('a route without a rule is not accepted', () => {
  const { model, parent } = evaluate(tlsRoute({ rules: [] }));
  assert.equal(stateOf(parent.conditions, 'Accepted'), 'False UnsupportedValue');
  assert.deepEqual(model.claims, []);
});

test('hostnames that are not valid are ignored and said', () => {
  const { model, parent } = evaluate(tlsRoute({ hostnames: ['a_b', 'A.example.com.', '1.2.3.4', '*'] }));
  assert.deepEqual(
    model.claims.map(({ host }) => host),
    ['a.example.com'],
  );
  assert.match(
    messageOf(parent.conditions, 'PartiallyInvalid'),
    /^Dropped Rule: .*"a_b" \(has an underscore\), "1\.2\.3\.4" \(.*\), "\*" \(/,
  );
});

test('hostnames that are all invalid do not become a route without hostnames, which would match everything', () => {
  for (const hostnames of [['*'], ['a_b', '']]) {
    const { model, parent } = evaluate(tlsRoute({ hostnames }));
    assert.equal(stateOf(parent.conditions, 'Accepted'), 'False UnsupportedValue');
    assert.equal(stateOf(parent.conditions, 'PartiallyInvalid'), undefined);
    assert.deepEqual(model.claims, []);
    assert.deepEqual(parent.attached, []);
  }
});

test('a message is bounded whatever a tenant writes', () => {
  const hostnames = Array.from({ length: 1000 }, (_, index) => `_${index}${'x'.repeat(1000)}`);
  const { parent } = evaluate(tlsRoute({ hostnames: [...hostnames, 'a.example.com'] }));
  const message = messageOf(parent.conditions, 'PartiallyInvalid');
  assert.ok(message.length < 1000, `${message.length}`);
  assert.match(message, /and 995 more/);
});

test('annotations become the policy of every claim', () => {
  const annotations = {
    'sluice.dev/max-connections': '500',
    'sluice.dev/stats': 'true',
    'sluice.dev/connect-timeout': '2s500ms',
    'sluice.dev/idle-timeout': '1h',
  };
  const { model, parent } = evaluate(tlsRoute({ meta: { annotations }, hostnames: ['a.b', 'c.d'] }));
  const policy = { maxConnections: 500, stats: true, connectTimeoutMs: 2500, idleTimeoutMs: 3_600_000 };
  assert.deepEqual(
    model.claims.map((claim) => claim.policy),
    [policy, policy],
  );
  assert.equal(stateOf(parent.conditions, 'sluice.dev/PolicyAccepted'), undefined);
});

test('an annotation that is not valid leaves the default, is said, and stops nothing', () => {
  const bad = {
    'sluice.dev/max-connections': ['0', '-1', '1e3', '1.5', '', '99999999999', ' 5'],
    'sluice.dev/stats': ['yes', 'TRUE', ''],
    'sluice.dev/connect-timeout': ['0s', '5', '1.5s', '5 s', '-1s', '100000s', '1h1h1h1h1h', ''],
    'sluice.dev/idle-timeout': ['0h', 'forever', '1d'],
  };
  for (const [annotation, values] of Object.entries(bad)) {
    for (const value of values) {
      const { model, parent } = evaluate(tlsRoute({ meta: { annotations: { [annotation]: value } } }));
      assert.deepEqual(
        model.claims.map((claim) => claim.policy),
        [{}],
        `${annotation}: ${value}`,
      );
      assert.equal(stateOf(parent.conditions, 'Accepted'), 'True Accepted');
      assert.equal(stateOf(parent.conditions, 'sluice.dev/PolicyAccepted'), 'False InvalidAnnotation');
      assert.ok(messageOf(parent.conditions, 'sluice.dev/PolicyAccepted').includes(annotation));
    }
  }
});

test('no tenant raises a limit beyond the operator’s', () => {
  const config = configWith({
    maxConnectionsPerHost: 100,
    maxConnectTimeoutMs: 1000,
    maxIdleTimeoutMs: 60_000,
    allowHostStats: false,
  });
  const annotations = {
    'sluice.dev/max-connections': '101',
    'sluice.dev/stats': 'true',
    'sluice.dev/connect-timeout': '2s',
    'sluice.dev/idle-timeout': '1h',
  };
  const { model, parent } = evaluate(tlsRoute({ meta: { annotations } }), [service()], config);
  assert.deepEqual(model.claims[0]?.policy, {
    maxConnections: 100,
    connectTimeoutMs: 1000,
    idleTimeoutMs: 60_000,
  });
  assert.equal(stateOf(parent.conditions, 'sluice.dev/PolicyAccepted'), 'False Limited');
});
