/** The listeners of a Gateway and its ListenerSets as one list: who comes first, and what the others are told. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ListenerSetModel } from '../../model/gateway.ts';
import type { Gateway, KubernetesObject, ListenerSet } from '../../model/objects.ts';
import {
  configWith,
  gateway,
  gatewayClass,
  type ListenerChanges,
  listener,
  listenerSet,
  lookupOf,
  messageOf,
  stateOf,
} from '../test-objects.ts';
import { MAX_LISTENERS_OF_NAMESPACE, MAX_PORTS } from './merge-listener-sets.ts';

const CLEARTEXT: ListenerChanges = { protocol: 'HTTP', noTls: true };

function gatewayWith(...listeners: ListenerChanges[]): Gateway {
  return gateway({
    listeners: listeners.map(listener),
    allowedListeners: { from: 'All', selector: undefined },
  });
}

function setOf(path: string, created: string, ...listeners: ListenerChanges[]): ListenerSet {
  return listenerSet({ path, meta: { creationTimestamp: created }, listeners });
}

const OLD = '2026-01-01T00:00:00Z';
const YOUNG = '2026-02-01T00:00:00Z';

function merged(set: ListenerSet, ...objects: KubernetesObject[]): ListenerSetModel {
  const model = lookupOf([gatewayClass(), set, ...objects]).listenerSet(set.meta.namespace, set.meta.name);
  assert.ok(model !== undefined);
  return model;
}

/** `Accepted` of each listener. */
function accepted(model: ListenerSetModel): (string | undefined)[] {
  return model.listeners.map(({ conditions }) => stateOf(conditions, 'Accepted'));
}

const OTHER: ListenerChanges = { name: 'other', hostname: 'other.example.com' };
const HOST: ListenerChanges = { name: 'host', hostname: 'host.example.com' };

test('"1. parent Gateway": what it has, a ListenerSet does not get, and says to whom it lost', () => {
  const own = gatewayWith(HOST);
  const set = setOf('red/set', OLD, HOST);
  const model = merged(set, own);
  const [lost] = model.listeners;
  assert.equal(stateOf(lost?.conditions, 'Accepted'), 'False HostnameConflict');
  assert.equal(stateOf(lost?.conditions, 'Programmed'), 'False HostnameConflict');
  assert.equal(stateOf(lost?.conditions, 'Conflicted'), 'True HostnameConflict');
  assert.match(
    messageOf(lost?.conditions, 'Conflicted'),
    /^Gateway infra\/gw has .*"host\.example\.com" on port 443/,
  );
  assert.deepEqual(lost?.bindings, [], 'Envoy hears nothing of it');
  assert.deepEqual(lost.supportedKinds, []);
  assert.equal(stateOf(model.conditions, 'Accepted'), 'False ListenersNotValid');
  assert.equal(stateOf(model.conditions, 'Programmed'), 'False ListenersNotValid');

  const parent = lookupOf([gatewayClass(), set, own]).gateway('infra', 'gw');
  assert.equal(stateOf(parent?.listeners[0]?.conditions, 'Conflicted'), 'False NoConflicts');
  assert.equal(stateOf(parent?.conditions, 'Accepted'), 'True Accepted');
});

test('"2. ListenerSet ordered by creation time (oldest first)"', () => {
  const old = setOf('z/z', OLD, HOST);
  const young = setOf('a/a', YOUNG, HOST);
  assert.deepEqual(accepted(merged(old, gatewayWith(OTHER), young)), ['True Accepted']);
  const lost = merged(young, gatewayWith(OTHER), old);
  assert.deepEqual(accepted(lost), ['False HostnameConflict']);
  assert.match(messageOf(lost.listeners[0]?.conditions, 'Conflicted'), /^ListenerSet z\/z has/);
});

test('"3. ListenerSet ordered alphabetically by {namespace}/{name}"', () => {
  const first = setOf('a/z', OLD, HOST);
  const second = setOf('b/a', OLD, HOST);
  assert.deepEqual(accepted(merged(first, gatewayWith(OTHER), second)), ['True Accepted']);
  assert.deepEqual(accepted(merged(second, gatewayWith(OTHER), first)), ['False HostnameConflict']);
});

test('"{namespace}/{name}" is one text: `-` comes before `/`', () => {
  const first = setOf('team-a/x', OLD, HOST);
  const second = setOf('team/x', OLD, HOST);
  assert.deepEqual(accepted(merged(first, gatewayWith(OTHER), second)), ['True Accepted']);
  assert.deepEqual(accepted(merged(second, gatewayWith(OTHER), first)), ['False HostnameConflict']);
});

test('what loses leaves the other listeners of the set, and is told by its name', () => {
  const model = merged(
    setOf('red/set', OLD, HOST, { name: 'good', hostname: 'good.example.com' }),
    gatewayWith(HOST),
  );
  assert.deepEqual(accepted(model), ['False HostnameConflict', 'True Accepted']);
  assert.equal(stateOf(model.conditions, 'Accepted'), 'True ListenersNotValid');
  assert.equal(stateOf(model.conditions, 'Programmed'), 'True Programmed');
  assert.match(messageOf(model.conditions, 'Accepted'), /^Not valid: host \(HostnameConflict\)\.$/);
});

test('listeners of different objects may have one name', () => {
  const model = merged(
    setOf('red/set', OLD, { ...HOST, name: 'same' }),
    gatewayWith({ ...OTHER, name: 'same' }),
  );
  assert.deepEqual(accepted(model), ['True Accepted']);
});

test('"ProtocolConflict": who has a port first says what is spoken on it', () => {
  const own = gatewayWith({ ...HOST, port: 8443 });
  const clear = setOf('red/clear', OLD, { ...CLEARTEXT, port: 8443 });
  const lost = merged(clear, own);
  assert.deepEqual(accepted(lost), ['False ProtocolConflict']);
  assert.match(messageOf(lost.listeners[0]?.conditions, 'Conflicted'), /^Gateway infra\/gw uses port 8443/);
  const tls = setOf('blue/tls', YOUNG, { ...OTHER, port: 8443 });
  assert.deepEqual(accepted(merged(tls, own, clear)), ['True Accepted'], 'what is refused harms nobody');
  assert.deepEqual(accepted(merged(tls, gatewayWith(HOST), clear)), ['False ProtocolConflict']);
});

test('a listener on a port that the operator keeps takes it from nobody', () => {
  const clear = setOf('red/clear', OLD, { ...CLEARTEXT, port: 6443 });
  const tls = setOf('blue/tls', YOUNG, { ...OTHER, port: 443 }, { ...HOST, port: 6443 });
  const stateWith = (listenerSetPorts: readonly number[]) => {
    const lookup = lookupOf(
      [gatewayClass(), gatewayWith({ name: 'own', hostname: 'own.example.com' }), clear, tls],
      configWith({ listenerSetPorts }),
    );
    return ['red/clear', 'blue/tls'].map((path) => {
      const [namespace = '', name = ''] = path.split('/');
      const model = lookup.listenerSet(namespace, name);
      return model && accepted(model);
    });
  };
  assert.deepEqual(stateWith([]), [['True Accepted'], ['True Accepted', 'False ProtocolConflict']]);
  assert.deepEqual(stateWith([443]), [['False PortUnavailable'], ['True Accepted', 'False PortUnavailable']]);
});

test('a protocol that is not supported: the port that is taken is the nearer reason', () => {
  const tcp: ListenerChanges = { ...CLEARTEXT, name: 'tcp', protocol: 'TCP' };
  assert.deepEqual(accepted(merged(setOf('red/set', OLD, tcp), gatewayWith(HOST))), [
    'False ProtocolConflict',
  ]);
  const free = merged(setOf('red/set', OLD, { ...tcp, port: 9000 }), gatewayWith(HOST));
  assert.deepEqual(accepted(free), ['False UnsupportedProtocol']);
  const young = setOf('blue/set', YOUNG, { ...HOST, port: 9000 });
  assert.deepEqual(
    accepted(merged(young, gatewayWith(HOST), setOf('red/set', OLD, { ...tcp, port: 9000 }))),
    ['True Accepted'],
  );
});

test('a listener that is wrong in itself takes nothing from another tenant', () => {
  const young = setOf('blue/set', YOUNG, HOST);
  for (const wrong of [
    [{ ...HOST, tls: { mode: 'Terminate' } }],
    [{ ...HOST, from: 'Anywhere' }],
    [HOST, { ...HOST, name: 'twice' }],
  ]) {
    const old = setOf('red/set', OLD, ...wrong);
    assert.ok(!accepted(merged(old, gatewayWith(OTHER))).includes('True Accepted'));
    assert.deepEqual(accepted(merged(young, gatewayWith(OTHER), old)), ['True Accepted']);
  }
  const foreign = listenerSet({ path: 'red/set', meta: { creationTimestamp: OLD }, listeners: [HOST] });
  const near = gateway({
    listeners: [listener(OTHER)],
    allowedListeners: { from: 'Same', selector: undefined },
  });
  const own = setOf('infra/set', YOUNG, HOST);
  assert.deepEqual(accepted(merged(own, near, foreign)), ['True Accepted'], 'nor one that is not allowed');
});

test('what the Gateway names stays its own, even where it is wrong', () => {
  const own = gatewayWith(OTHER, HOST, { ...HOST, name: 'twice' });
  assert.deepEqual(accepted(merged(setOf('red/set', OLD, HOST), own)), ['False HostnameConflict']);
});

test('all sets of a Gateway together open no more ports than a Gateway can have', () => {
  const ports = (path: string, created: string, first: number, count: number) =>
    setOf(
      path,
      created,
      ...Array.from({ length: count }, (_, index) => ({ name: `p${index}`, port: first + index })),
    );
  const old = ports('red/old', OLD, 10_000, MAX_PORTS - 2);
  const young = ports('red/young', YOUNG, 20_000, 3);
  const own = gatewayWith(HOST);
  assert.ok(accepted(merged(old, own, young)).every((state) => state === 'True Accepted'));
  const model = merged(young, own, old);
  assert.deepEqual(accepted(model), ['True Accepted', 'False PortUnavailable', 'False PortUnavailable']);
  assert.equal(stateOf(model.listeners[1]?.conditions, 'Programmed'), 'False PortUnavailable');
  assert.equal(stateOf(model.listeners[1]?.conditions, 'Conflicted'), 'False NoConflicts');
  const known = setOf(
    'red/known',
    YOUNG,
    { ...OTHER, port: 10_000 },
    { ...HOST, hostname: 'third.example.com' },
  );
  assert.ok(
    accepted(merged(known, own, old, young)).every((state) => state === 'True Accepted'),
    'ports that are open',
  );
});

/** As many listeners as a ListenerSet may have. */
function fullSet(path: string, created: string): ListenerSet {
  const listeners = Array.from({ length: 64 }, (_, index) => ({
    name: `l${index}`,
    hostname: `l${index}.${path.replace('/', '-')}.example.com`,
  }));
  return setOf(path, created, ...listeners);
}

test('the ListenerSets of a namespace have so many listeners on the Gateway of another, and the oldest come first', () => {
  const sets = Array.from({ length: MAX_LISTENERS_OF_NAMESPACE / 64 }, (_, index) =>
    fullSet(`red/set-${index}`, OLD),
  );
  const others = [...sets, gatewayWith(OTHER)];
  const late = merged(setOf('red/late', YOUNG, HOST), ...others);
  assert.equal(stateOf(late.conditions, 'Accepted'), 'False TooManyListeners');
  assert.equal(stateOf(late.conditions, 'Programmed'), 'False TooManyListeners');
  assert.match(messageOf(late.conditions, 'Accepted'), /namespace red may have 1024 listeners/);
  assert.deepEqual(late.listeners, []);
  assert.deepEqual(accepted(merged(setOf('blue/late', YOUNG, HOST), ...others)), ['True Accepted']);
  assert.deepEqual(accepted(merged(setOf('red/late', YOUNG, HOST), ...others.slice(1))), ['True Accepted']);
});

test('those of the Gateway’s own namespace as many as it likes', () => {
  const sets = Array.from({ length: MAX_LISTENERS_OF_NAMESPACE / 64 }, (_, index) =>
    fullSet(`infra/set-${index}`, OLD),
  );
  const late = merged(setOf('infra/late', YOUNG, HOST), ...sets, gatewayWith(OTHER));
  assert.deepEqual(accepted(late), ['True Accepted']);
});
