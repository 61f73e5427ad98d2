import assert from 'node:assert/strict';
import test from 'node:test';
import type { UnservedRoute } from '../../model/objects.ts';
import {
  gateway,
  gatewayClass,
  httpRoute,
  type ListenerChanges,
  listener,
  lookupOf,
  parentRef,
} from '../test-objects.ts';
import { evaluateUnservedRoute } from './evaluate-unserved-route.ts';

const HTTP: ListenerChanges = { name: 'http', port: 80, protocol: 'HTTP', noTls: true };
const HTTPS: ListenerChanges = { name: 'https', port: 443, protocol: 'HTTPS', tls: { mode: 'Terminate' } };

/** Names of the listeners, of a Gateway with these, that count the route. */
function counting(route: UnservedRoute, ...listeners: ListenerChanges[]): string[] {
  const [parent, ...more] = evaluate(route, ...listeners)?.parents ?? [];
  assert.deepEqual(more, []);
  return (parent?.attached ?? []).map(({ parent: { namespace, name }, listener: section }) => {
    assert.deepEqual([namespace, name], ['infra', 'gw']);
    return section;
  });
}

function evaluate(route: UnservedRoute, ...listeners: ListenerChanges[]) {
  const gw = gateway({ path: 'infra/gw', listeners: listeners.map(listener) });
  return evaluateUnservedRoute(route, lookupOf([gatewayClass(), gw]));
}

/** Reason and message of `Accepted`, which is False. */
function refusal(route: UnservedRoute, ...listeners: ListenerChanges[]): string {
  const model = evaluate(route, ...listeners);
  assert.deepEqual(model?.claims, []);
  const [parent, ...more] = model?.parents ?? [];
  assert.deepEqual(more, []);
  assert.equal(parent?.accepted, false);
  const [{ type, status, reason, message } = {}, ...others] = parent?.conditions ?? [];
  assert.deepEqual([type, status, others], ['Accepted', 'False', []]);
  return `${reason}: ${message}`;
}

test('"the number of Routes that have been successfully attached to this Listener", served or not', () => {
  assert.deepEqual(counting(httpRoute(), HTTP, HTTPS), ['http', 'https']);
  assert.deepEqual(counting({ ...httpRoute(), kind: 'GRPCRoute' }, HTTP), ['http']);
});

test('an HTTPRoute does not count at a listener for TLS passthrough', () => {
  assert.deepEqual(counting(httpRoute(), { name: 'tls' }, HTTP), ['http']);
});

test('allowed kinds and namespaces, the section and the port decide', () => {
  const kinds = [{ group: 'gateway.networking.k8s.io', kind: 'GRPCRoute' }];
  assert.deepEqual(counting(httpRoute(), { ...HTTP, kinds }), []);
  assert.deepEqual(counting(httpRoute({ path: 'tenant/route' }), { ...HTTP, from: 'Same' }), []);
  assert.deepEqual(counting(httpRoute({ path: 'infra/route' }), { ...HTTP, from: 'Same' }), ['http']);
  const named = httpRoute({ parentRefs: [parentRef({ sectionName: 'https' })] });
  assert.deepEqual(counting(named, HTTP, HTTPS), ['https']);
  const numbered = httpRoute({ parentRefs: [parentRef({ port: 80 })] });
  assert.deepEqual(counting(numbered, HTTP, HTTPS), ['http']);
});

test('hostnames have to intersect', () => {
  const route = httpRoute({ hostnames: ['a.example.com'] });
  assert.deepEqual(counting(route, { ...HTTP, hostname: '*.example.com' }), ['http']);
  assert.deepEqual(counting(route, { ...HTTP, hostname: '*.example.org' }), []);
  assert.deepEqual(counting(httpRoute({ hostnames: ['not valid'] }), HTTP), []);
});

test('a listener that is not accepted for its conflict still counts; another controller Gateway does not', () => {
  const other = { ...HTTP, name: 'other' };
  assert.deepEqual(counting(httpRoute(), HTTP, other), ['http', 'other']);
  const lookup = lookupOf([
    gatewayClass('sluice', 'example.com/other'),
    gateway({ path: 'infra/gw', listeners: [listener(HTTP)] }),
  ]);
  assert.equal(evaluateUnservedRoute(httpRoute(), lookup), undefined);
});

test('"no Listener whose allowedRoutes criteria permit the route": passthrough takes TLSRoutes alone', () => {
  const advice = (kind: string) =>
    `Sluice passes TLS through and serves no ${kind}: write a TLSRoute, or name a Gateway of another controller.`;
  for (const kind of ['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'UDPRoute'] as const)
    assert.equal(
      refusal({ ...httpRoute(), kind }, { name: 'tls' }),
      `NotAllowedByListeners: No listener of the Gateway that the parentRef selects takes routes of kind ${kind}. ${advice(kind)}`,
    );
  const grpcOnly = { ...HTTP, kinds: [{ group: 'gateway.networking.k8s.io', kind: 'GRPCRoute' }] };
  assert.match(refusal(httpRoute(), grpcOnly), /^NotAllowedByListeners: No listener/);
  const tcp: ListenerChanges = { name: 'tcp', port: 80, protocol: 'TCP', noTls: true };
  assert.match(refusal({ ...httpRoute(), kind: 'TCPRoute' }, tcp), /^NotAllowedByListeners: No listener/);
});

test('attached to a listener that is not served it is refused all the same, and says why', () => {
  assert.match(
    refusal(httpRoute(), HTTP, HTTPS),
    /^UnsupportedValue: Sluice opens no port for a listener with protocol HTTP or HTTPS\. Sluice passes TLS/,
  );
  const mixed = { name: 'mixed', port: 443, protocol: 'HTTPS', tls: { mode: 'Passthrough' } };
  assert.match(refusal(httpRoute(), mixed), /^UnsupportedValue: Sluice opens no port .* protocol HTTPS\./);
});

test('what keeps a TLSRoute from a listener is told of other routes too', () => {
  const away = httpRoute({ parentRefs: [parentRef({ sectionName: 'absent' })] });
  assert.match(refusal(away, HTTP), /^NoMatchingParent: The Gateway has no listener named absent\. Sluice/);
  const foreign = httpRoute({ path: 'tenant/route' });
  assert.match(refusal(foreign, { ...HTTP, from: 'Same' }), /^NotAllowedByListeners: .*namespace\. Sluice/);
  const other = httpRoute({ hostnames: ['a.example.com'] });
  assert.match(refusal(other, { ...HTTP, hostname: '*.example.org' }), /^NoMatchingListenerHostname: /);
  assert.match(refusal(httpRoute({ hostnames: ['not valid'] }), HTTP), /^UnsupportedValue: No hostname/);
});
