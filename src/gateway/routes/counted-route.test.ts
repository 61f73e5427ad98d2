import assert from 'node:assert/strict';
import test from 'node:test';
import type { CountedRoute } from '../../model/objects.ts';
import {
  gateway,
  gatewayClass,
  httpRoute,
  type ListenerChanges,
  listener,
  lookupOf,
  parentRef,
} from '../test-objects.ts';
import { countedAttachments } from './counted-route.ts';

const HTTP: ListenerChanges = { name: 'http', port: 80, protocol: 'HTTP', noTls: true };
const HTTPS: ListenerChanges = { name: 'https', port: 443, protocol: 'HTTPS', tls: { mode: 'Terminate' } };

/** Names of the listeners, of a Gateway with these, that count the route. */
function counting(route: CountedRoute, ...listeners: ListenerChanges[]): string[] {
  const lookup = lookupOf([
    gatewayClass(),
    gateway({ path: 'infra/gw', listeners: listeners.map(listener) }),
  ]);
  return countedAttachments(route, lookup).map(({ parent: { namespace, name }, listener: section }) => {
    assert.deepEqual([namespace, name], ['infra', 'gw']);
    return section;
  });
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
  assert.deepEqual(countedAttachments(httpRoute(), lookup), []);
});
