import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ListenerModel } from '../../model/gateway.ts';
import { GATEWAY_GROUP } from '../../model/kinds.ts';
import type { GatewayListener, KubernetesObject, SecretReference } from '../../model/objects.ts';
import {
  CONFIG,
  gateway,
  gatewayClass,
  listener,
  lookupOf,
  messageOf,
  referenceGrant,
  stateOf,
} from '../test-objects.ts';
import { evaluateGateway } from './evaluate-gateway.ts';

function evaluate(
  listeners: readonly GatewayListener[],
  objects: readonly KubernetesObject[] = [],
): readonly ListenerModel[] {
  const model = evaluateGateway(gateway({ listeners }), lookupOf([gatewayClass(), ...objects]), CONFIG);
  return model?.listeners ?? [];
}

function evaluateOne(one: GatewayListener, objects: readonly KubernetesObject[] = []): ListenerModel {
  const [model] = evaluate([one], objects);
  assert.ok(model !== undefined);
  return model;
}

function kindNames(model: ListenerModel | undefined): string[] {
  return model?.supportedKinds.map(({ kind }) => kind) ?? [];
}

test('a TLS listener in mode Passthrough is served and supports TLSRoute', () => {
  const model = evaluateOne(listener({ hostname: '*.Example.com' }));
  assert.deepEqual(
    ['Accepted', 'Programmed', 'ResolvedRefs', 'Conflicted'].map((type) => stateOf(model.conditions, type)),
    ['True Accepted', 'True Programmed', 'True ResolvedRefs', 'False NoConflicts'],
  );
  assert.equal(model.hostname, '*.example.com');
  assert.deepEqual(model.supportedKinds, [{ group: GATEWAY_GROUP, kind: 'TLSRoute' }]);
});

test('a protocol in lower case: its message says how to write it', () => {
  const model = evaluateOne(listener({ protocol: 'tls' }));
  assert.equal(stateOf(model.conditions, 'Accepted'), 'False UnsupportedProtocol');
  assert.match(messageOf(model.conditions, 'Accepted'), /write TLS\.$/);
});

test('"it MUST set the Accepted condition to False with a reason of UnsupportedProtocol"; no supported kinds', () => {
  for (const protocol of ['TCP', 'UDP', 'INVALID', 'example.com/bar', 'tls', '']) {
    const model = evaluateOne(listener({ protocol, noTls: true }));
    assert.equal(stateOf(model.conditions, 'Accepted'), 'False UnsupportedProtocol', protocol);
    assert.equal(stateOf(model.conditions, 'Programmed'), 'False Invalid');
    assert.deepEqual(model.supportedKinds, []);
    assert.deepEqual(model.bindings, []);
  }
});

test('TLS mode Terminate is not supported: UnsupportedValue, no supported kinds', () => {
  for (const tls of [{ mode: 'Terminate' }, { mode: 'Unknown' }]) {
    const model = evaluateOne(listener({ tls }));
    assert.equal(stateOf(model.conditions, 'Accepted'), 'False UnsupportedValue');
    assert.deepEqual(model.supportedKinds, []);
    assert.deepEqual(model.bindings, []);
  }
  assert.equal(
    stateOf(evaluateOne(listener({ noTls: true })).conditions, 'Accepted'),
    'False UnsupportedValue',
  );
});

test('HTTP and HTTPS listeners are accepted for HTTPRoute, say that they are not served, and open no port', () => {
  for (const one of [
    listener({ protocol: 'HTTP', noTls: true, port: 80 }),
    listener({ protocol: 'HTTPS', tls: { mode: 'Terminate' } }),
  ]) {
    const model = evaluateOne(one);
    assert.equal(stateOf(model.conditions, 'Accepted'), 'True Accepted');
    assert.equal(stateOf(model.conditions, 'Programmed'), 'True Programmed');
    assert.match(messageOf(model.conditions, 'Programmed'), /no port is opened/);
    assert.deepEqual(kindNames(model), ['HTTPRoute', 'GRPCRoute']);
    assert.deepEqual(model.bindings, []);
  }
});

test('"if kinds are specified that are not supported, they MUST NOT appear in this list": InvalidRouteKinds', () => {
  const kind = (name: string, group = GATEWAY_GROUP) => ({ group, kind: name });
  const both = evaluateOne(listener({ kinds: [kind('TCPRoute'), kind('TLSRoute')] }));
  assert.equal(stateOf(both.conditions, 'ResolvedRefs'), 'False InvalidRouteKinds');
  assert.deepEqual(kindNames(both), ['TLSRoute']);
  assert.equal(both.bindings.length, 1, 'it goes on serving the kind that is supported');
  const onlyInvalid = evaluateOne(listener({ protocol: 'HTTP', noTls: true, kinds: [kind('InvalidRoute')] }));
  assert.equal(stateOf(onlyInvalid.conditions, 'ResolvedRefs'), 'False InvalidRouteKinds');
  assert.deepEqual(kindNames(onlyInvalid), []);
  const otherGroup = evaluateOne(listener({ kinds: [kind('TLSRoute', 'example.com')] }));
  assert.equal(stateOf(otherGroup.conditions, 'ResolvedRefs'), 'False InvalidRouteKinds');
  assert.deepEqual(kindNames(otherGroup), []);
});

test('certificate references of HTTPS listeners: kind and group, then the grant', () => {
  const secret: SecretReference = { group: '', kind: 'Secret', namespace: undefined, name: 'cert' };
  const https = (ref: Partial<SecretReference>) =>
    listener({ protocol: 'HTTPS', tls: { mode: 'Terminate', certificateRefs: [{ ...secret, ...ref }] } });
  assert.equal(stateOf(evaluateOne(https({})).conditions, 'ResolvedRefs'), 'True ResolvedRefs');
  for (const ref of [{ group: 'wrong.example' }, { kind: 'WrongKind' }]) {
    const model = evaluateOne(https(ref));
    assert.equal(stateOf(model.conditions, 'ResolvedRefs'), 'False InvalidCertificateRef');
    assert.equal(stateOf(model.conditions, 'Programmed'), 'False Invalid');
    assert.deepEqual(kindNames(model), ['HTTPRoute', 'GRPCRoute']);
  }
  const abroad = https({ namespace: 'certs' });
  assert.equal(stateOf(evaluateOne(abroad).conditions, 'ResolvedRefs'), 'False RefNotPermitted');
  const grant = (name: string | undefined, from = 'infra') =>
    referenceGrant({
      path: 'certs/grant',
      from: [{ group: GATEWAY_GROUP, kind: 'Gateway', namespace: from }],
      to: [{ group: '', kind: 'Secret', name }],
    });
  for (const name of [undefined, 'cert']) {
    assert.equal(stateOf(evaluateOne(abroad, [grant(name)]).conditions, 'ResolvedRefs'), 'True ResolvedRefs');
  }
  for (const wrong of [grant('other'), grant(undefined, 'elsewhere')]) {
    assert.equal(stateOf(evaluateOne(abroad, [wrong]).conditions, 'ResolvedRefs'), 'False RefNotPermitted');
  }
});

test('"the certificateRefs field is ignored in this mode" (Passthrough)', () => {
  const certificateRefs = [{ group: 'x', kind: 'Wrong', namespace: 'other', name: 'cert' }];
  const model = evaluateOne(listener({ tls: { mode: 'Passthrough', certificateRefs } }));
  assert.equal(stateOf(model.conditions, 'ResolvedRefs'), 'True ResolvedRefs');
});

test('values that are not valid: port, hostname, selector, from', () => {
  const selector = { matchLabels: {}, matchExpressions: [{ key: 'a', operator: 'Near', values: [] }] };
  const cases: readonly [GatewayListener, string][] = [
    [listener({ port: 0 }), 'False PortUnavailable'],
    [listener({ port: 65_536 }), 'False PortUnavailable'],
    [listener({ port: Number.NaN }), 'False PortUnavailable'],
    [listener({ hostname: 'a_b' }), 'False UnsupportedValue'],
    [listener({ hostname: '10.0.0.1' }), 'False UnsupportedValue'],
    [listener({ from: 'Selector' }), 'False UnsupportedValue'],
    [listener({ from: 'Selector', selector }), 'False UnsupportedValue'],
    [listener({ from: 'Everywhere' }), 'False UnsupportedValue'],
  ];
  for (const [one, state] of cases) {
    const model = evaluateOne(one);
    assert.equal(stateOf(model.conditions, 'Accepted'), state, JSON.stringify(one));
    assert.deepEqual(model.bindings, []);
    assert.deepEqual(model.supportedKinds, []);
  }
  assert.match(
    messageOf(evaluateOne(listener({ from: 'Selector', selector })).conditions, 'Accepted'),
    /"Near"/,
  );
});

test('an empty hostname is no hostname', () => {
  assert.equal(evaluateOne(listener({ hostname: '' })).hostname, undefined);
});

test('same port, protocol and hostname: all are conflicted, none is the winner, others are untouched', () => {
  const models = evaluate([
    listener({ name: 'one', hostname: 'A.example.com' }),
    listener({ name: 'two', hostname: 'a.example.com' }),
    listener({ name: 'three', hostname: 'b.example.com' }),
    listener({ name: 'four', hostname: 'a.example.com', port: 6443 }),
  ]);
  for (const model of models.slice(0, 2)) {
    assert.equal(stateOf(model.conditions, 'Conflicted'), 'True HostnameConflict');
    assert.equal(stateOf(model.conditions, 'Accepted'), 'False HostnameConflict');
    assert.deepEqual(model.bindings, []);
    assert.deepEqual(model.supportedKinds, []);
  }
  for (const model of models.slice(2)) {
    assert.equal(stateOf(model.conditions, 'Conflicted'), 'False NoConflicts');
    assert.equal(model.bindings.length, 1);
  }
});

test('"listeners that only differ on TLS config will still conflict in all cases", and so do HTTPS and TLS', () => {
  for (const other of [
    listener({ name: 'other', tls: { mode: 'Terminate' } }),
    listener({ name: 'other', protocol: 'HTTPS', tls: { mode: 'Terminate' } }),
  ]) {
    const [model] = evaluate([listener(), other]);
    assert.equal(stateOf(model?.conditions, 'Conflicted'), 'True HostnameConflict');
  }
});

test('HTTP cannot share a port with TLS: ProtocolConflict', () => {
  const models = evaluate([listener(), listener({ name: 'http', protocol: 'HTTP', noTls: true })]);
  for (const model of models) {
    assert.equal(stateOf(model.conditions, 'Conflicted'), 'True ProtocolConflict');
    assert.equal(stateOf(model.conditions, 'Accepted'), 'False ProtocolConflict');
  }
});

test('"if an implementation does not support TCP Protocol Listeners, then the previous rule does not apply"', () => {
  const [tls, tcp] = evaluate([listener(), listener({ name: 'tcp', protocol: 'TCP', noTls: true })]);
  assert.equal(stateOf(tls?.conditions, 'Accepted'), 'True Accepted');
  assert.equal(stateOf(tls?.conditions, 'Conflicted'), 'False NoConflicts');
  assert.equal(stateOf(tcp?.conditions, 'Accepted'), 'False UnsupportedProtocol');
});

test('ten thousand listeners, which only a directory can hold, are compared in a time that grows with their number', () => {
  const many = Array.from({ length: 10_000 }, (_, index) =>
    listener({
      name: `l${index}`,
      hostname: `h${index}.example.com`,
      protocol: index % 2 === 0 ? 'TLS' : 'HTTPS',
      tls: { mode: index % 2 === 0 ? 'Passthrough' : 'Terminate' },
    }),
  );
  const models = evaluate([...many, listener({ name: 'again', hostname: 'h0.example.com' })]);
  assert.deepEqual(
    models
      .filter(({ conditions }) => stateOf(conditions, 'Conflicted') !== 'False NoConflicts')
      .map(({ name }) => name),
    ['l0', 'again'],
  );
});

test('listeners of one name, which only a directory can hold, are both refused', () => {
  const models = evaluate([
    listener({ hostname: 'a.b' }),
    listener({ hostname: 'c.d' }),
    listener({ name: 'x' }),
  ]);
  assert.deepEqual(
    models.map(({ conditions }) => stateOf(conditions, 'Accepted')),
    ['False NameConflict', 'False NameConflict', 'True Accepted'],
  );
});

test('overlapping HTTPS hostnames: "this condition MUST be set on all Listeners with overlapping TLS config"', () => {
  const https = (name: string, hostname: string) =>
    listener({ name, hostname, protocol: 'HTTPS', tls: { mode: 'Terminate' } });
  const models = evaluate([
    https('a', 'foo.example.com'),
    https('b', 'foo.example.org'),
    https('c', '*.example.com'),
  ]);
  assert.deepEqual(
    models.map(({ conditions }) => stateOf(conditions, 'OverlappingTLSConfig')),
    ['True OverlappingHostnames', undefined, 'True OverlappingHostnames'],
  );
});
