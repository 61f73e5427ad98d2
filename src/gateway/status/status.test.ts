import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LostClaim, RouteModel } from '../../model/gateway.ts';
import { evaluateGateway } from '../parents/evaluate-gateway.ts';
import { evaluateTlsRoute } from '../routes/evaluate-tls-route.ts';
import {
  CONFIG,
  deepFreeze,
  gateway,
  gatewayClass,
  listener,
  lookupOf,
  messageOf,
  parentRef,
  service,
  stateOf,
  tlsRoute,
} from '../test-objects.ts';
import { gatewayStatus, routeStatus } from './status.ts';

const WINNER = { kind: 'TLSRoute', namespace: 'rich', name: 'first' } as const;
const GATEWAY = gateway({ listeners: [listener({ name: 'a' }), listener({ name: 'b', port: 6443 })] });

function evaluate(changes: Parameters<typeof tlsRoute>[0]): RouteModel {
  const model = evaluateTlsRoute(tlsRoute(changes), lookupOf([gatewayClass(), GATEWAY, service()]), CONFIG);
  assert.ok(model !== undefined);
  return deepFreeze(model);
}

function lose(model: RouteModel, isLost: (host: string, port: number) => boolean): LostClaim[] {
  return model.claims
    .filter(({ host, binding }) => isLost(host, binding.port))
    .map((claim) => deepFreeze({ claim, winner: WINNER }));
}

test('a route that lost nothing keeps its conditions', () => {
  const model = evaluate({});
  const [status] = routeStatus(model, []);
  assert.equal(status?.accepted, true);
  assert.deepEqual(status?.conditions, model.parents[0]?.conditions);
  assert.deepEqual(
    status?.attached.map((entry) => entry.listener),
    ['a', 'b'],
  );
});

test('all hosts of a parent lost: not accepted, the winner is named by kind, namespace and name only', () => {
  const model = evaluate({});
  const [status] = routeStatus(
    model,
    lose(model, () => true),
  );
  assert.equal(status?.accepted, false);
  assert.deepEqual(status?.attached, [], 'only accepted routes are counted');
  assert.equal(stateOf(status?.conditions, 'Accepted'), 'False HostnameConflict');
  assert.equal(
    messageOf(status?.conditions, 'Accepted'),
    'Other routes serve all hosts: a.example.com on port 443 by TLSRoute rich/first, a.example.com on port 6443 by TLSRoute rich/first.',
  );
  assert.equal(stateOf(status?.conditions, 'ResolvedRefs'), 'True ResolvedRefs');
});

test('some hosts lost: accepted and partially invalid', () => {
  const model = evaluate({ hostnames: ['a.example.com', 'b.example.com'] });
  const [status] = routeStatus(
    model,
    lose(model, (host) => host.startsWith('a')),
  );
  assert.equal(status?.accepted, true);
  assert.equal(stateOf(status?.conditions, 'Accepted'), 'True Accepted');
  assert.equal(stateOf(status?.conditions, 'PartiallyInvalid'), 'True HostnameConflict');
  assert.match(
    messageOf(status?.conditions, 'PartiallyInvalid'),
    /^Dropped Rule.*a\.example\.com.*rich\/first/,
  );
  assert.deepEqual([...new Set(status?.conditions.map(({ observedGeneration }) => observedGeneration))], [3]);
});

test('what was partially invalid before stays said, in one condition', () => {
  const model = evaluate({ hostnames: ['a.example.com', 'b.example.com', 'not_valid'] });
  const [status] = routeStatus(
    model,
    lose(model, (host) => host.startsWith('a')),
  );
  const conditions = status?.conditions.filter(({ type }) => type === 'PartiallyInvalid') ?? [];
  assert.equal(conditions.length, 1);
  assert.match(conditions[0]?.message ?? '', /^Dropped Rule.*not_valid.*a\.example\.com/);
});

test('a parent is judged by its own claims', () => {
  const model = evaluate({ parentRefs: [parentRef({ sectionName: 'a' }), parentRef({ sectionName: 'b' })] });
  const statuses = routeStatus(
    model,
    lose(model, (_, port) => port === 6443),
  );
  assert.deepEqual(
    statuses.map(({ accepted }) => accepted),
    [true, false],
  );
});

test('a parent that was refused stays refused for its own reason', () => {
  const model = evaluate({
    parentRefs: [parentRef({ sectionName: 'absent' }), parentRef({ sectionName: 'a' })],
  });
  const statuses = routeStatus(
    model,
    lose(model, () => true),
  );
  assert.deepEqual(
    statuses.map(({ conditions }) => stateOf(conditions, 'Accepted')),
    ['False NoMatchingParent', 'False HostnameConflict'],
  );
});

test('a message names at most five hosts and counts the rest, in an order of its own', () => {
  const hostnames = Array.from({ length: 1000 }, (_, index) => `h${index}.example.com`);
  const model = evaluate({ hostnames, parentRefs: [parentRef({ sectionName: 'a' })] });
  const lost = lose(model, () => true);
  const message = messageOf(routeStatus(model, lost)[0]?.conditions, 'Accepted');
  assert.match(message, /h0\.example\.com.* and 995 more\.$/);
  assert.ok(message.length < 1000);
  assert.equal(messageOf(routeStatus(model, lost.toReversed())[0]?.conditions, 'Accepted'), message);
});

test('a Gateway’s status: addresses, conditions, each listener with its kinds and attached routes', () => {
  const object = gateway({
    listeners: [listener({ name: 'a' }), listener({ name: 'bad', protocol: 'TCP' })],
  });
  const model = evaluateGateway(object, lookupOf([gatewayClass()]), CONFIG);
  assert.ok(model !== undefined);
  const status = gatewayStatus(deepFreeze(model), (name) => (name === 'a' ? 20_000 : 0));
  assert.deepEqual(status.addresses, []);
  assert.equal(stateOf(status.conditions, 'Accepted'), 'True ListenersNotValid');
  assert.deepEqual(
    status.listeners.map(({ name, attachedRoutes, supportedKinds }) => [
      name,
      attachedRoutes,
      supportedKinds.length,
    ]),
    [
      ['a', 20_000, 1],
      ['bad', 0, 0],
    ],
  );
});

test('the addresses of a Gateway are those that it is bound to, without the unspecified one', () => {
  const addressesOf = (...values: string[]) => {
    const object = gateway({ addresses: values.map((value) => ({ type: 'IPAddress', value })) });
    const model = evaluateGateway(object, lookupOf([gatewayClass()]), CONFIG);
    return model && gatewayStatus(model, () => 0).addresses.map(({ value }) => value);
  };
  assert.deepEqual(addressesOf('168.119.17.49', '0.0.0.0', '::', 'bad'), ['168.119.17.49']);
  assert.deepEqual(addressesOf(), []);
});

test('listeners of one name have one status: the name is the key of the list', () => {
  const object = gateway({ listeners: [listener(), listener({ port: 6443 })] });
  const model = evaluateGateway(object, lookupOf([gatewayClass()]), CONFIG);
  assert.ok(model !== undefined);
  assert.deepEqual(
    gatewayStatus(model, () => 0).listeners.map(({ name }) => name),
    ['tls'],
  );
});
