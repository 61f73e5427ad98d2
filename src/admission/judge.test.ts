import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CrdChoice, isTaken, judge } from './judge.ts';

const GATEWAY_API = 'gateway.networking.k8s.io';
const BACKEND = { name: 'api', port: 6443 };

function object(apiVersion: string, kind: string, fields: object, metadata: object = {}) {
  return { apiVersion, kind, metadata: { name: 'x', namespace: 'ns', ...metadata }, ...fields };
}

function route(spec: object = {}, version = 'v1') {
  const complete = { hostnames: ['a.example.com'], rules: [{ backendRefs: [BACKEND] }], ...spec };
  return object(`${GATEWAY_API}/${version}`, 'TLSRoute', { spec: complete });
}

function gateway(listener: object) {
  const listeners = [
    { name: 'right', port: 443, protocol: 'TLS', tls: { mode: 'Passthrough' } },
    { name: 'a', port: 8443, ...listener },
  ];
  return object(`${GATEWAY_API}/v1`, 'Gateway', { spec: { gatewayClassName: 'a', listeners } });
}

/** What is refused, as `path message`, and what is unknown. */
function told(raw: Readonly<Record<string, unknown>>, choice?: CrdChoice): readonly string[] {
  const { refusals, unknown } = judge(raw, choice);
  return [
    ...refusals.map(({ field, message }) => `${field.join('.')} ${message}`),
    ...unknown.map(({ field }) => `${field.join('.')} unknown`),
  ];
}

test('a route that is right is taken, with and without what has defaults', () => {
  assert.deepEqual(told(route()), []);
  const parentRef = { group: GATEWAY_API, kind: 'Gateway', name: 'gw', namespace: null };
  assert.deepEqual(told(route({ parentRefs: [parentRef], hostnames: ['*.example.com'] })), []);
});

test('values are held to their limits', () => {
  const weighted = (weight: unknown) => told(route({ rules: [{ backendRefs: [{ ...BACKEND, weight }] }] }));
  assert.deepEqual(weighted(1_000_000), []);
  assert.deepEqual(weighted(1_000_001), [
    'spec.rules.0.backendRefs.0.weight must be from 0 to 1000000, not 1000001',
  ]);
  assert.deepEqual(weighted('1'), ['spec.rules.0.backendRefs.0.weight must be a whole number, not "1"']);
  assert.match(told(route({ hostnames: ['UP.example.com'] }))[0] ?? '', /^spec\.hostnames\.0 .* lower-case/);
  assert.match(told(route({ hostnames: ['a.example.com.'] }))[0] ?? '', /^spec\.hostnames\.0 /);
  assert.deepEqual(told(route({ hostnames: ['a'.repeat(254)] })), [
    'spec.hostnames.0 must have at most 253 characters',
  ]);
  const parentRefs = Array.from({ length: 33 }, (_, index) => ({ name: `gw-${index}` }));
  assert.deepEqual(told(route({ parentRefs })), ['spec.parentRefs must have at most 32 entries, not 33']);
});

test('rules see the defaults, and name the entry that breaks them by itself', () => {
  assert.deepEqual(told(route({ rules: [{ backendRefs: [{ name: 'api' }] }] })), [
    'spec.rules.0.backendRefs.0 is refused: Must have port for Service reference',
  ]);
  assert.deepEqual(told(gateway({ protocol: 'HTTPS', tls: { mode: 'Passthrough' } })), [
    'spec.listeners.1 is refused: tls mode must be Terminate for protocol HTTPS',
  ]);
  const twice = [{ name: 'gw' }, { name: 'gw', sectionName: 'a' }];
  assert.match(
    told(route({ parentRefs: twice }))[0] ?? '',
    /^spec\.parentRefs is refused: sectionName must be spec/,
  );
  assert.match(told(route({ hostnames: ['10.0.0.1'] }))[0] ?? '', /^spec\.hostnames\.0 is refused: .* an IP/);
});

test('the channel decides what there is, and "any" takes what one of them takes', () => {
  const spec = { useDefaultGateways: 'All' };
  assert.deepEqual(told(route(spec), 'standard'), ['spec.useDefaultGateways unknown']);
  for (const choice of ['experimental', 'any'] as const) assert.deepEqual(told(route(spec), choice), []);
  assert.match(
    told(route({}, 'v1alpha2'), 'standard')[0] ?? '',
    /^apiVersion .* the standard channel do not serve/,
  );
  assert.deepEqual(told(route({ hostnames: null }, 'v1alpha2')), []);
  assert.match(told(route({}, 'v1alpha9'))[0] ?? '', /^apiVersion .* neither channel/);
});

test('an Ingress is held to what Kubernetes checks in Go', () => {
  const ingress = (host: string, path: object) => {
    const backend = { service: { name: 'a', port: { number: 1 } } };
    const rule = { host, http: { paths: [{ path: '/', pathType: 'Prefix', backend, ...path }] } };
    return told(object('networking.k8s.io/v1', 'Ingress', { spec: { rules: [rule] } }));
  };
  assert.deepEqual(ingress('*.example.com', {}), []);
  assert.match(ingress('UP.example.com', {})[0] ?? '', /^spec\.rules\.0\.host must be .* lower-case/);
  assert.match(
    ingress('10.0.0.1', {})[0] ?? '',
    /^spec\.rules\.0\.host must be a host name, not the address/,
  );
  assert.match(ingress('a', { pathType: 'prefix' })[0] ?? '', /pathType must be Exact, Prefix or Impl/);
  assert.match(ingress('a', { path: '' })[0] ?? '', /path must begin with "\/"/);
});

test('metadata is that of all kinds', () => {
  const labelled = (metadata: object) => told(object('v1', 'Namespace', {}, metadata));
  assert.deepEqual(labelled({ labels: { 'a.b/c': 'D_e' }, annotations: { 'A.b/c': 'any thing' } }), []);
  assert.match(labelled({ labels: { a: 'b c' } })[0] ?? '', /^metadata\.labels\.a must be up to 63/);
  assert.deepEqual(labelled({ annotations: { a: true } }), [
    'metadata.annotations.a must be a string, not true',
  ]);
  assert.match(labelled({ finalizers: ['mine'] })[0] ?? '', /^metadata\.finalizers\.0 must be/);
  assert.deepEqual(labelled({ labelz: {} }), ['metadata.labelz unknown']);
});

test('other kinds are taken, whatever they hold', () => {
  assert.ok(isTaken(judge({ apiVersion: 'example.com/v1', kind: 'Gateway', spec: 1 })));
  assert.ok(isTaken(judge({ apiVersion: `${GATEWAY_API}/v1`, kind: 'BackendTLSPolicy', spec: 1 })));
});

test('however much is wrong, or however often it holds itself, an object is judged at once', () => {
  const spec: Record<string, unknown> = { hostnames: ['a.example.com'], rules: [{ backendRefs: [BACKEND] }] };
  spec['parentRefs'] = [{ name: 'gw', again: spec }];
  const cyclic = object(`${GATEWAY_API}/v1`, 'TLSRoute', { spec });
  assert.deepEqual(told(cyclic), ['spec.parentRefs.0.again unknown']);
  const endpoints = Array.from({ length: 900 }, () => ({ addresses: ['none'] }));
  const slice = object('discovery.k8s.io/v1', 'EndpointSlice', { addressType: 'IPv4', endpoints });
  assert.equal(told(slice).length, 10);
});

test('an object is not changed by being judged', () => {
  const raw = route({ parentRefs: [{ name: 'gw', namespace: null }] });
  const before = structuredClone(raw);
  judge(raw);
  assert.deepEqual(raw, before);
});
