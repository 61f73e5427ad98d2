import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RouteModel } from '../../model/gateway.ts';
import type { Gateway, KubernetesObject, TlsRoute } from '../../model/objects.ts';
import {
  CONFIG,
  gateway,
  gatewayClass,
  listener,
  lookupOf,
  messageOf,
  namespace,
  parentRef,
  service,
  stateOf,
  tlsRoute,
} from '../test-objects.ts';
import { evaluateTlsRoute } from './evaluate-tls-route.ts';

function evaluate(
  route: TlsRoute,
  gateways: readonly Gateway[],
  objects: readonly KubernetesObject[] = [],
): RouteModel {
  const model = evaluateTlsRoute(
    route,
    lookupOf([gatewayClass(), service(), ...gateways, ...objects]),
    CONFIG,
  );
  assert.ok(model !== undefined, 'a parent is ours');
  return model;
}

function states(model: RouteModel): (string | undefined)[] {
  return model.parents.map(({ conditions }) => stateOf(conditions, 'Accepted'));
}

function claims(model: RouteModel): string[] {
  return model.claims.map(({ binding, host }) => `${binding.name}/${host}`);
}

function attached(model: RouteModel): string[] {
  return model.parents.flatMap((parent) => parent.attached.map((entry) => entry.listener));
}

test('parents that are not Gateways, not ours or not there are left out; without any the route is none of ours', () => {
  const parentRefs = [
    parentRef({ kind: 'Service', group: '' }),
    parentRef({ group: 'example.com' }),
    parentRef({ name: 'absent' }),
    parentRef({ name: 'foreign' }),
  ];
  const foreign = gateway({ path: 'infra/foreign', gatewayClassName: 'other' });
  const lookup = lookupOf([gatewayClass(), gateway(), foreign, service()]);
  assert.equal(evaluateTlsRoute(tlsRoute({ parentRefs }), lookup, CONFIG), undefined);
  const model = evaluateTlsRoute(tlsRoute({ parentRefs: [...parentRefs, parentRef()] }), lookup, CONFIG);
  assert.deepEqual(
    model?.parents.map((parent) => parent.parentRef?.name),
    ['gw'],
  );
});

test('an absent Gateway is looked up, so that the route is evaluated when it appears', () => {
  const lookup = lookupOf([]);
  evaluateTlsRoute(tlsRoute(), lookup, CONFIG);
  assert.deepEqual(lookup.calls, ['Gateway infra/gw']);
});

test('a parentRef without namespace is in the namespace of the route', () => {
  const model = evaluate(tlsRoute({ parentRefs: [parentRef({ namespace: undefined })] }), [
    gateway({ path: 'default/gw', listeners: [listener({ from: 'Same' })] }),
  ]);
  assert.deepEqual(states(model), ['True Accepted']);
});

test('sectionName and port select listeners; both must match; none matching is NoMatchingParent', () => {
  const gateways = [
    gateway({
      listeners: [
        listener({ name: 'a', port: 443 }),
        listener({ name: 'b', port: 6443 }),
        listener({ name: 'c', port: 6443, hostname: '*.example.org' }),
      ],
    }),
  ];
  const hostnames = ['a.example.com', 'a.example.org'];
  const attachedTo = (changes: Parameters<typeof parentRef>[0]) =>
    attached(evaluate(tlsRoute({ hostnames, parentRefs: [parentRef(changes)] }), gateways));
  assert.deepEqual(attachedTo({}), ['a', 'b', 'c']);
  assert.deepEqual(attachedTo({ sectionName: 'b' }), ['b']);
  assert.deepEqual(attachedTo({ port: 6443 }), ['b', 'c']);
  assert.deepEqual(attachedTo({ port: 6443, sectionName: 'c' }), ['c']);
  assert.deepEqual(attachedTo({ sectionName: '' }), ['a', 'b', 'c']);
  for (const wrong of [{ sectionName: 'd' }, { port: 80 }, { port: 443, sectionName: 'b' }]) {
    const model = evaluate(tlsRoute({ parentRefs: [parentRef(wrong)] }), gateways);
    assert.deepEqual(states(model), ['False NoMatchingParent']);
    assert.deepEqual(model.claims, []);
  }
});

test('allowedRoutes.namespaces: Same, All, None', () => {
  const stateFrom = (from: string, path: string) =>
    states(
      evaluate(
        tlsRoute({ path }),
        [gateway({ listeners: [listener({ from })] })],
        [service({ path: 'infra/api' })],
      ),
    )[0];
  assert.equal(stateFrom('All', 'default/r'), 'True Accepted');
  assert.equal(stateFrom('Same', 'infra/r'), 'True Accepted');
  assert.equal(stateFrom('Same', 'default/r'), 'False NotAllowedByListeners');
  assert.equal(stateFrom('None', 'infra/r'), 'False NotAllowedByListeners');
});

test('allowedRoutes.namespaces: Selector by matchLabels and matchExpressions, all of which must hold', () => {
  type Selector = NonNullable<Parameters<typeof listener>[0]>['selector'];
  const allows = (selector: Selector, labels: Record<string, string> | undefined) => {
    const gateways = [gateway({ listeners: [listener({ from: 'Selector', selector })] })];
    const objects = labels === undefined ? [] : [namespace('default', labels)];
    return states(evaluate(tlsRoute(), gateways, objects))[0] === 'True Accepted';
  };
  const labels = (matchLabels: Record<string, string>) => ({ matchLabels, matchExpressions: [] });
  const expression = (key: string, operator: string, ...values: string[]) => ({
    matchLabels: {},
    matchExpressions: [{ key, operator, values }],
  });
  assert.equal(allows(labels({ tier: 'gold' }), { tier: 'gold' }), true);
  assert.equal(allows(labels({ tier: 'gold' }), { tier: 'iron' }), false);
  assert.equal(allows(labels({ tier: 'gold', a: 'b' }), { tier: 'gold' }), false);
  assert.equal(allows(labels({}), {}), true, 'an empty selector selects everything');
  assert.equal(
    allows(labels({ 'kubernetes.io/metadata.name': 'default' }), {}),
    true,
    'set by the API server',
  );
  assert.equal(allows(labels({ constructor: 'x' }), {}), false);
  assert.equal(allows(expression('tier', 'In', 'gold', 'iron'), { tier: 'iron' }), true);
  assert.equal(allows(expression('tier', 'In', 'gold'), {}), false);
  assert.equal(allows(expression('tier', 'NotIn', 'gold'), { tier: 'gold' }), false);
  assert.equal(allows(expression('tier', 'NotIn', 'gold'), {}), true, 'an absent label is not in');
  assert.equal(allows(expression('tier', 'Exists'), { tier: '' }), true);
  assert.equal(allows(expression('tier', 'Exists'), {}), false);
  assert.equal(allows(expression('toString', 'Exists'), {}), false);
  assert.equal(allows(expression('tier', 'DoesNotExist'), {}), true);
  assert.equal(allows(expression('tier', 'DoesNotExist'), { tier: 'x' }), false);
  assert.equal(allows(expression('tier', 'DoesNotExist'), undefined), false, 'a namespace that is not known');
});

test('the namespace is looked up only for a selector', () => {
  const lookup = lookupOf([gatewayClass(), gateway(), service()]);
  evaluateTlsRoute(tlsRoute(), lookup, CONFIG);
  assert.ok(!lookup.calls.some((call) => call.startsWith('Namespace')), lookup.calls.join());
});

test('a listener for HTTP or HTTPS does not allow a TLSRoute: NotAllowedByListeners', () => {
  for (const one of [
    listener({ protocol: 'HTTP', noTls: true }),
    listener({ protocol: 'HTTPS', tls: { mode: 'Terminate' } }),
    listener({ kinds: [{ group: 'gateway.networking.k8s.io', kind: 'TCPRoute' }] }),
  ]) {
    assert.deepEqual(states(evaluate(tlsRoute(), [gateway({ listeners: [one] })])), [
      'False NotAllowedByListeners',
    ]);
  }
});

test('"with the reason of UnsupportedValue in case a Listener of the wrong type is used"', () => {
  for (const one of [listener({ tls: { mode: 'Terminate' } }), listener({ protocol: 'TCP', noTls: true })]) {
    assert.deepEqual(states(evaluate(tlsRoute(), [gateway({ listeners: [one] })])), [
      'False UnsupportedValue',
    ]);
  }
});

test('"if 1 of 2 Gateway listeners accept attachment, the Route MUST be considered successfully attached"', () => {
  const listeners = [
    listener({ name: 'no', from: 'None' }),
    listener({ name: 'yes', hostname: '*.example.com' }),
  ];
  const model = evaluate(tlsRoute(), [gateway({ listeners })]);
  assert.deepEqual(states(model), ['True Accepted']);
  assert.deepEqual(attached(model), ['yes']);
});

test('hostnames: the intersection is claimed, others are ignored, none is NoMatchingListenerHostname', () => {
  const claimed = (hostname: string | undefined, hostnames: readonly string[]) =>
    evaluate(tlsRoute({ hostnames }), [gateway({ listeners: [listener({ hostname })] })]);
  const cases: readonly [string | undefined, string[], string[]][] = [
    ['*.example.com', ['test.example.com', 'test.example.net'], ['test.example.com']],
    ['abc.example.com', ['*.example.com'], ['abc.example.com']],
    ['*.example.com', ['*.com'], ['*.example.com']],
    ['*.com', ['*.example.com', 'abc.example.com'], ['*.example.com', 'abc.example.com']],
    [undefined, ['*.com', 'A.Example.com', 'a.example.com'], ['*.com', 'a.example.com']],
    ['*.example.com', [], ['*.example.com']],
    [undefined, [], ['*']],
  ];
  for (const [hostname, hostnames, expected] of cases) {
    const model = claimed(hostname, hostnames);
    assert.deepEqual(
      model.claims.map(({ host }) => host),
      expected,
      `${hostname} and ${hostnames.join()}`,
    );
    assert.deepEqual(states(model), ['True Accepted']);
  }
  for (const [hostname, hostnames] of [
    ['www.example.com', ['www.nomatch.com', '*.nomatch.com']],
    ['*.example.com', ['example.com']],
  ] as const) {
    const model = claimed(hostname, hostnames);
    assert.deepEqual(states(model), ['False NoMatchingListenerHostname']);
    const message = messageOf(model.parents[0]?.conditions, 'Accepted');
    assert.match(message, /^No hostname of the route \(.+\) matches one of the listeners .* \(.+\)\.$/);
    assert.deepEqual(attached(model), []);
    assert.deepEqual(model.claims, []);
  }
});

test('a claim keeps the most specific hostname that led to it', () => {
  const gateways = [gateway({ listeners: [listener({ hostname: 'a.example.com' })] })];
  const original = (hostnames: readonly string[]) =>
    evaluate(tlsRoute({ hostnames }), gateways).claims.map((claim) => claim.original);
  assert.deepEqual(original(['*.com', '*.example.com']), ['*.example.com']);
  assert.deepEqual(original(['*.example.com', 'a.example.com', '*.com']), ['a.example.com']);
  assert.deepEqual(original([]), ['*']);
});

test('isolation: a host belongs to the most specific listener of its Gateway and port', () => {
  const listeners = [
    listener({ name: 'all' }),
    listener({ name: 'wild', hostname: '*.example.com' }),
    listener({ name: 'exact', hostname: 'a.example.com' }),
    listener({ name: 'port', hostname: 'a.example.com', port: 6443 }),
  ];
  const through = (sectionName: string | undefined, hostnames: readonly string[]) =>
    evaluate(tlsRoute({ hostnames, parentRefs: [parentRef({ sectionName })] }), [gateway({ listeners })]);
  const lost = through('wild', ['a.example.com']);
  assert.deepEqual(states(lost), ['False NoMatchingListenerHostname']);
  assert.match(messageOf(lost.parents[0]?.conditions, 'Accepted'), /a\.example\.com \(listener exact\)/);
  const partly = through('wild', ['a.example.com', 'b.example.com']);
  assert.deepEqual(claims(partly), ['0.0.0.0:443/b.example.com']);
  assert.equal(stateOf(partly.parents[0]?.conditions, 'PartiallyInvalid'), 'True UnsupportedValue');
  assert.match(
    messageOf(partly.parents[0]?.conditions, 'PartiallyInvalid'),
    /^Dropped Rule.*a\.example\.com/,
  );
  assert.deepEqual(claims(through('all', ['*.foo.example.com'])), []);
  assert.deepEqual(claims(through('all', ['*.com'])), ['0.0.0.0:443/*.com'], 'wider than any other listener');
  const whole = through(undefined, ['a.example.com', 'b.example.com', 'c.net']);
  assert.deepEqual(claims(whole).sort(), [
    '0.0.0.0:443/a.example.com',
    '0.0.0.0:443/b.example.com',
    '0.0.0.0:443/c.net',
    '0.0.0.0:6443/a.example.com',
  ]);
  assert.equal(
    stateOf(whole.parents[0]?.conditions, 'PartiallyInvalid'),
    undefined,
    'each host has its listener',
  );
});

test('isolation: a listener that is not served keeps nothing for itself', () => {
  const listeners = [
    listener({ name: 'wild', hostname: '*.example.com' }),
    listener({ name: 'bad', hostname: 'a.example.com', tls: { mode: 'Terminate' } }),
  ];
  const model = evaluate(tlsRoute(), [gateway({ listeners })]);
  assert.deepEqual(claims(model), ['0.0.0.0:443/a.example.com']);
});

test('isolation: a wildcard belongs to the most specific listener that matches all of it', () => {
  const hostnames = ['*', '*.com', '*.example.com', '*.a.example.com', 'x.a.example.com'];
  const listeners = hostnames.map((hostname, index) =>
    listener({ name: `l${index}`, hostname: hostname === '*' ? undefined : hostname }),
  );
  const ownerOf = (host: string) =>
    evaluate(
      tlsRoute({
        hostnames: [host],
        parentRefs: listeners.map(({ name }) => parentRef({ sectionName: name })),
      }),
      [gateway({ listeners })],
    )
      .claims.filter((claim) => claim.host === host)
      .flatMap(({ parents }) => parents.map((index) => hostnames[index]));
  assert.deepEqual(ownerOf('x.net'), ['*']);
  assert.deepEqual(ownerOf('*.com'), ['*.com']);
  assert.deepEqual(ownerOf('com'), ['*']);
  assert.deepEqual(ownerOf('*.b.example.com'), ['*.example.com']);
  assert.deepEqual(ownerOf('a.example.com'), ['*.example.com']);
  assert.deepEqual(ownerOf('*.x.a.example.com'), ['*.a.example.com']);
  assert.deepEqual(ownerOf('x.a.example.com'), ['x.a.example.com']);
});

test('parentRefs that select the same are all answered', () => {
  const model = evaluate(
    tlsRoute({ parentRefs: [parentRef(), parentRef(), parentRef({ sectionName: 'no' })] }),
    [gateway()],
  );
  assert.deepEqual(states(model), ['True Accepted', 'True Accepted', 'False NoMatchingParent']);
  assert.deepEqual(
    model.claims.map(({ parents }) => parents),
    [[0, 1]],
  );
});

test('a conflicted listener counts its routes and serves none of them', () => {
  const listeners = [listener({ name: 'a' }), listener({ name: 'b' })];
  const model = evaluate(tlsRoute(), [gateway({ listeners })]);
  assert.deepEqual(states(model), ['True Accepted']);
  assert.match(messageOf(model.parents[0]?.conditions, 'Accepted'), /none of its listeners is served/);
  assert.deepEqual(attached(model), ['a', 'b']);
  assert.deepEqual(model.claims, []);
});

test('one claim for each binding and host, with the parents that lead to it', () => {
  const gateways = [
    gateway({
      listeners: [listener({ name: 'a', hostname: '*.example.com' }), listener({ name: 'b', port: 6443 })],
    }),
    gateway({ path: 'infra/second', listeners: [listener({ name: 'c' })] }),
  ];
  const parentRefs = [
    parentRef({ sectionName: 'a' }),
    parentRef({ sectionName: 'b' }),
    parentRef({ name: 'second' }),
    parentRef({ sectionName: 'absent' }),
  ];
  const model = evaluate(tlsRoute({ parentRefs }), gateways);
  assert.deepEqual(
    model.claims.map(({ binding, host, parents }) => [binding.name, host, parents]),
    [
      ['0.0.0.0:443', 'a.example.com', [0, 2]],
      ['0.0.0.0:6443', 'a.example.com', [1]],
    ],
  );
});
