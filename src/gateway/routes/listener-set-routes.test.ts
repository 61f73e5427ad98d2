/** Routes and ListenerSets: which listeners a parentRef selects, and whose a host is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RouteModel } from '../../model/gateway.ts';
import type { KubernetesObject, ParentReference, TlsRoute } from '../../model/objects.ts';
import {
  CONFIG,
  gateway,
  gatewayClass,
  httpRoute,
  type ListenerChanges,
  listener,
  listenerSet,
  lookupOf,
  messageOf,
  parentRef,
  service,
  stateOf,
  tlsRoute,
} from '../test-objects.ts';
import { evaluateTlsRoute } from './evaluate-tls-route.ts';
import { evaluateUnservedRoute } from './evaluate-unserved-route.ts';

const OWN: ListenerChanges = { name: 'own', hostname: '*.example.com' };
const GATEWAY = gateway({
  listeners: [listener(OWN)],
  allowedListeners: { from: 'All', selector: undefined },
});

function setRef(changes: Partial<ParentReference> = {}): ParentReference {
  return parentRef({ kind: 'ListenerSet', namespace: 'red', name: 'set', ...changes });
}

function evaluate(route: TlsRoute, ...objects: KubernetesObject[]): RouteModel | undefined {
  return evaluateTlsRoute(route, lookupOf([gatewayClass(), service(), GATEWAY, ...objects]), CONFIG);
}

/** For each parent what it says, and the listeners that it attached to. */
function outcome(model: RouteModel | undefined): unknown[] {
  return (model?.parents ?? []).map(({ conditions, attached }) => [
    stateOf(conditions, 'Accepted'),
    ...attached.map(({ parent, listener }) => `${parent.kind} ${parent.name} ${listener}`),
  ]);
}

const SET = listenerSet({
  path: 'red/set',
  listeners: [
    { name: 'a', hostname: 'a.example.net' },
    { name: 'b', hostname: 'b.example.net', port: 8443 },
  ],
});
const BOTH = ['a.example.net', 'b.example.net'];

test('"if sectionName is not set, then all Listeners in the direct parent object are relevant"', () => {
  const model = evaluate(tlsRoute({ parentRefs: [setRef()], hostnames: BOTH }), SET);
  assert.deepEqual(outcome(model), [['True Accepted', 'ListenerSet set a', 'ListenerSet set b']]);
  assert.deepEqual(
    model?.claims.map(({ binding, host, gateway: of }) => [binding.name, host, of?.kind, of?.name]),
    [
      ['0.0.0.0:443', 'a.example.net', 'Gateway', 'gw'],
      ['0.0.0.0:8443', 'b.example.net', 'Gateway', 'gw'],
    ],
  );
});

test('"Routes can use sectionName/port fields in ParentReference to target a specific listener"', () => {
  const attached = (changes: Partial<ParentReference>) =>
    outcome(evaluate(tlsRoute({ parentRefs: [setRef(changes)], hostnames: BOTH }), SET));
  assert.deepEqual(attached({ sectionName: 'b' }), [['True Accepted', 'ListenerSet set b']]);
  assert.deepEqual(attached({ port: 443 }), [['True Accepted', 'ListenerSet set a']]);
  assert.deepEqual(attached({ port: 443, sectionName: 'b' }), [['False NoMatchingParent']]);
  assert.deepEqual(attached({ sectionName: 'own' }), [['False NoMatchingParent']], 'that is the Gateway’s');
});

test('"the Route MUST NOT attach to any listeners in the child ListenerSets of the Gateway"', () => {
  const attached = (changes: Partial<ParentReference>) =>
    outcome(
      evaluate(
        tlsRoute({ parentRefs: [parentRef(changes)], hostnames: ['a.example.net', 'x.example.com'] }),
        SET,
      ),
    );
  assert.deepEqual(attached({}), [['True Accepted', 'Gateway gw own']]);
  assert.deepEqual(attached({ sectionName: 'a' }), [['False NoMatchingParent']]);
  assert.deepEqual(attached({ port: 8443 }), [['False NoMatchingParent']]);
});

test('"a Route can be Accepted by one parentRef and not another"', () => {
  const route = tlsRoute({
    parentRefs: [
      parentRef({ sectionName: 'own' }),
      setRef({ sectionName: 'own' }),
      setRef({ sectionName: 'a' }),
    ],
    hostnames: ['x.example.com', 'a.example.net'],
  });
  assert.deepEqual(outcome(evaluate(route, SET)), [
    ['True Accepted', 'Gateway gw own'],
    ['False NoMatchingParent'],
    ['True Accepted', 'ListenerSet set a'],
  ]);
});

test('allowedRoutes Same is the namespace of the set, not that of its Gateway', () => {
  const near = listenerSet({ path: 'red/set', listeners: [{ from: 'Same', hostname: 'a.example.net' }] });
  const attached = (path: string) =>
    outcome(evaluate(tlsRoute({ path, parentRefs: [setRef()], hostnames: ['a.example.net'] }), near));
  assert.deepEqual(attached('red/route'), [['True Accepted', 'ListenerSet set tls']]);
  assert.deepEqual(attached('infra/route'), [['False NotAllowedByListeners']]);
  assert.deepEqual(attached('blue/route'), [['False NotAllowedByListeners']]);
});

test('isolation is that of the merged list: a host of a more specific listener is not the Gateway’s, nor the reverse', () => {
  const specific = listenerSet({ path: 'red/set', listeners: [{ hostname: 'a.example.com' }] });
  const viaGateway = tlsRoute({ hostnames: ['a.example.com', 'b.example.com'] });
  const model = evaluate(viaGateway, specific);
  assert.deepEqual(
    model?.claims.map(({ host }) => host),
    ['b.example.com'],
  );
  assert.match(
    messageOf(model.parents[0]?.conditions, 'PartiallyInvalid'),
    /a\.example\.com \(ListenerSet red\/set\)/,
  );
  const alone = evaluate(tlsRoute({ hostnames: ['a.example.com'] }), specific);
  assert.deepEqual(outcome(alone), [['False NoMatchingListenerHostname']]);

  const wide = listenerSet({ path: 'red/set', listeners: [{ hostname: '*.com' }] });
  const viaSet = evaluate(tlsRoute({ parentRefs: [setRef()], hostnames: ['a.example.com', 'a.com'] }), wide);
  assert.deepEqual(
    viaSet?.claims.map(({ host }) => host),
    ['a.com'],
  );
  const otherPort = listenerSet({ path: 'red/set', listeners: [{ hostname: 'a.example.com', port: 8443 }] });
  assert.equal(evaluate(viaGateway, otherPort)?.claims.length, 2, 'each port for itself');
});

test('"a Route MAY attach to a conflicted ListenerSet"; it is served when the conflict has gone', () => {
  const conflicted = listenerSet({ path: 'red/set', listeners: [{ hostname: '*.example.com' }] });
  const model = evaluate(tlsRoute({ parentRefs: [setRef()], hostnames: ['a.example.com'] }), conflicted);
  assert.deepEqual(outcome(model), [['True Accepted', 'ListenerSet set tls']]);
  assert.match(messageOf(model?.parents[0]?.conditions, 'Accepted'), /none of its listeners is served/);
  assert.deepEqual(model?.claims, []);
});

test('a route cannot attach to a set that its Gateway does not allow, nor to one that is not ours', () => {
  const closed = gateway({ path: 'infra/closed', listeners: [listener({ port: 9443 })] });
  const set = listenerSet({ path: 'red/set', parentRef: { name: 'closed' } });
  const model = evaluate(tlsRoute({ parentRefs: [setRef()] }), closed, set);
  assert.deepEqual(outcome(model), [['False NoMatchingParent']]);
  assert.match(messageOf(model?.parents[0]?.conditions, 'Accepted'), /infra\/closed allows no ListenerSet/);
  assert.equal(evaluate(tlsRoute({ parentRefs: [setRef()] })), undefined);
  assert.equal(evaluate(tlsRoute({ parentRefs: [setRef({ group: 'example.com' })] }), SET), undefined);
});

test('routes that are not served are counted at the listeners of a ListenerSet too', () => {
  const http: ListenerChanges = { name: 'http', port: 80, protocol: 'HTTP', noTls: true };
  const set = listenerSet({ path: 'red/set', listeners: [http, { name: 'tls' }] });
  const lookup = lookupOf([gatewayClass(), GATEWAY, set]);
  const route = evaluateUnservedRoute(httpRoute({ parentRefs: [setRef()] }), lookup);
  assert.deepEqual(
    route?.parents.flatMap(({ attached }) =>
      attached.map(({ parent, listener: name }) => [parent.kind, name]),
    ),
    [['ListenerSet', 'http']],
  );
});
