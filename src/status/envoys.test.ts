/** What Envoys acknowledged becomes Programmed and addresses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { condition } from '../model/conditions.ts';
import type { Node } from '../model/objects.ts';
import { type BindingState, type ExpectedListener, ProgrammedListeners } from './acknowledgement.ts';
import { gatewayNodeAddresses, publishedAddresses } from './addresses.ts';
import { EnvoyFleet, type EnvoyReport, NO_ENVOYS } from './envoy-fleet.ts';

const PENDING: BindingState = { acknowledged: false, rejection: undefined };
const LIVE: BindingState = { acknowledged: true, rejection: undefined };
const REJECTED: BindingState = { acknowledged: false, rejection: 'address in use' };

function programmed(generation = 1) {
  return condition('Programmed', true, 'Programmed', '', generation);
}

function gateway(...listeners: readonly ExpectedListener[]) {
  return { conditions: [programmed()], listeners };
}

function listener(name: string, bindings: readonly string[], generation = 1): ExpectedListener {
  return { name, supportedKinds: [], attachedRoutes: 0, conditions: [programmed(generation)], bindings };
}

function words(
  known: ProgrammedListeners,
  given: ReturnType<typeof gateway>,
  states: Readonly<Record<string, BindingState>>,
  isServed = true,
): string[] {
  const { conditions, listeners } = known.apply(
    'Gateway/ns/gw',
    given,
    (name) => states[name] ?? PENDING,
    isServed,
  );
  return [conditions, ...listeners.map((each) => each.conditions)].map(
    ([each]) => `${each?.status} ${each?.reason}`,
  );
}

test('programmed is what an Envoy has acknowledged on every binding', () => {
  const two = gateway(listener('l', ['a:1', 'b:1']));
  assert.deepEqual(words(new ProgrammedListeners(), two, { 'a:1': LIVE }), [
    'False Pending',
    'False Pending',
  ]);
  assert.deepEqual(words(new ProgrammedListeners(), two, { 'a:1': LIVE, 'b:1': LIVE }), [
    'True Programmed',
    'True Programmed',
  ]);
});

test('an Envoy’s own words say why it is not; where another took it, it is', () => {
  const one = gateway(listener('l', ['a:1']));
  const { conditions, listeners } = new ProgrammedListeners().apply('k', one, () => REJECTED, true);
  for (const [each] of [conditions, listeners[0]?.conditions ?? []]) {
    assert.equal(`${each?.status} ${each?.reason}`, 'False Invalid');
    assert.match(each?.message ?? '', /address in use/);
  }
  const taken = { acknowledged: true, rejection: 'address in use' };
  assert.deepEqual(words(new ProgrammedListeners(), one, { 'a:1': taken }), [
    'True Programmed',
    'True Programmed',
  ]);
});

test('a Gateway is programmed while one of its listeners is; one that opens no port has nothing to wait for', () => {
  const mixed = gateway(listener('l', ['a:1']), listener('m', ['b:1']), listener('http', []));
  assert.deepEqual(words(new ProgrammedListeners(), mixed, { 'a:1': LIVE }), [
    'True Programmed',
    'True Programmed',
    'False Pending',
    'True Programmed',
  ]);
});

test('what was programmed stays so while its next version is on its way, not for a new generation', () => {
  const known = new ProgrammedListeners();
  words(known, gateway(listener('l', ['a:1'])), { 'a:1': LIVE });
  assert.deepEqual(words(known, gateway(listener('l', ['a:1'])), {}), ['True Programmed', 'True Programmed']);
  assert.equal(words(known, gateway(listener('l', ['a:1'])), {}, false)[0], 'False Pending');
  assert.equal(words(known, gateway(listener('l', ['a:1'])), {})[0], 'False Pending', 'not without an Envoy');
  words(known, gateway(listener('l', ['a:1'])), { 'a:1': LIVE });
  assert.deepEqual(words(known, gateway(listener('l', ['a:1'])), { 'a:1': REJECTED })[1], 'False Invalid');
  words(known, gateway(listener('l', ['a:1'])), { 'a:1': LIVE });
  assert.equal(words(known, gateway(listener('l', ['a:1'], 2)), {})[1], 'False Pending');
  words(known, gateway(listener('l', ['a:1'])), { 'a:1': LIVE });
  assert.equal(words(known, gateway(listener('l', ['a:2'])), {})[1], 'False Pending');
});

function node(name: string, addresses: Node['addresses'], role = 'true'): Node {
  const labels = { 'node-role.kubernetes.io/gateway': role };
  const rest = { uid: '', generation: 0, creationTimestamp: '', annotations: {} };
  return { kind: 'Node', meta: { namespace: '', name, labels, ...rest }, addresses };
}

test('addresses of the labelled nodes whose Envoy serves: external, else internal', () => {
  const internal = { type: 'InternalIP', address: '10.0.0.1' };
  const nodes = [
    node('b', [internal, { type: 'ExternalIP', address: '203.0.113.2' }, { type: 'Hostname', address: 'b' }]),
    node('a', [{ type: 'InternalIP', address: '10.0.0.2' }]),
    node('silent', [{ type: 'ExternalIP', address: '203.0.113.3' }]),
    node('worker', [{ type: 'ExternalIP', address: '203.0.113.4' }], 'false'),
  ];
  const serving = new Set(['a', 'b', 'worker']);
  assert.deepEqual(gatewayNodeAddresses(nodes, serving), ['10.0.0.2', '203.0.113.2']);
});

test('an own address counts alone; on shared ones the operator’s, else specific ones and the nodes’', () => {
  const nodes = ['203.0.113.1'];
  const none = { configured: [], nodes };
  assert.deepEqual(publishedAddresses(['198.51.100.1'], false, { configured: ['1.1.1.1'], nodes }), [
    '198.51.100.1',
  ]);
  assert.deepEqual(publishedAddresses(['0.0.0.0', '::'], true, none), nodes);
  assert.deepEqual(publishedAddresses(['198.51.100.1'], true, none), ['198.51.100.1']);
  assert.deepEqual(publishedAddresses(['198.51.100.1', '::'], true, none), ['198.51.100.1', '203.0.113.1']);
  assert.deepEqual(publishedAddresses(['0.0.0.0'], true, { configured: ['192.0.2.9'], nodes }), [
    '192.0.2.9',
  ]);
});

function report(id: string, current: boolean, more: Partial<EnvoyReport> = {}): EnvoyReport {
  return { ...NO_ENVOYS, nodes: [{ id, current }], ...more };
}

test('an Envoy serves from when it is first current, and for a while after it is found behind', () => {
  const fleet = new EnvoyFleet(30_000);
  fleet.update([report('a', false)], 0);
  assert.equal(fleet.serving.size, 0);
  fleet.update([report('a', true)], 1_000);
  assert.deepEqual([...fleet.serving], ['a']);
  assert.equal(fleet.nextExpiryMs, undefined);
  const same = fleet.serving;
  // Nothing was told for an hour, since nothing changed.
  fleet.update([report('a', false)], 3_600_000);
  assert.equal(fleet.serving, same);
  assert.equal(fleet.nextExpiryMs, 30_000);
  fleet.update([report('a', false)], 3_620_000);
  assert.equal(fleet.nextExpiryMs, 10_000);
  fleet.update([report('a', false)], 3_630_000);
  assert.equal(fleet.serving.size, 0);
});

test('an Envoy that is connected nowhere serves for a shorter while', () => {
  const fleet = new EnvoyFleet(30_000, 5_000);
  fleet.update([report('a', true)], 0);
  fleet.update([], 3_600_000);
  assert.deepEqual([...fleet.serving], ['a']);
  assert.equal(fleet.nextExpiryMs, 5_000);
  fleet.update([report('a', false)], 3_604_000);
  assert.equal(fleet.nextExpiryMs, 26_000, 'at another replica, and not current there yet');
  fleet.update([report('a', true), report('a', false)], 3_605_000);
  assert.equal(fleet.nextExpiryMs, undefined, 'one of two Envoys of a node is enough');
  fleet.update([], 3_606_000);
  fleet.update([], 3_611_000);
  assert.equal(fleet.serving.size, 0);
});

test('a binding is acknowledged where any replica’s Envoy has just our version', () => {
  const fleet = new EnvoyFleet();
  const rejected = { 'b:1': { version: 'v1', error: 'no' } };
  fleet.update([report('a', true, { rejected }), report('b', true, { acknowledged: { 'a:1': 'v1' } })], 0);
  assert.deepEqual(fleet.bindingState('a:1', 'v1'), LIVE);
  assert.deepEqual(fleet.bindingState('a:1', 'v2'), PENDING);
  assert.deepEqual(fleet.bindingState('a:1', undefined), PENDING);
  assert.deepEqual(fleet.bindingState('b:1', 'v1'), { acknowledged: false, rejection: 'no' });
  assert.deepEqual(fleet.bindingState('b:1', 'v2'), PENDING);
});
