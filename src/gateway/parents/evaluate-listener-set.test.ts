/** A ListenerSet and its Gateway: who may attach, and what the conditions say. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ListenerSetModel } from '../../model/gateway.ts';
import type { FromNamespaces, KubernetesObject, ListenerSet } from '../../model/objects.ts';
import {
  CONFIG,
  configWith,
  gateway,
  gatewayClass,
  type ListenerChanges,
  listener,
  listenerSet,
  lookupOf,
  messageOf,
  namespace,
  referenceGrant,
  stateOf,
} from '../test-objects.ts';
import { MAX_LISTENERS } from './evaluate-listener-set.ts';

const ALL: FromNamespaces = { from: 'All', selector: undefined };
const OPEN = gateway({ listeners: [listener({ hostname: 'gateway.example.com' })], allowedListeners: ALL });
const HTTPS: ListenerChanges = { protocol: 'HTTPS', tls: { mode: 'Terminate' } };

function evaluated(
  set: ListenerSet,
  objects: readonly KubernetesObject[] = [OPEN],
  config = CONFIG,
): ListenerSetModel | undefined {
  const { namespace, name } = set.meta;
  return lookupOf([gatewayClass(), set, ...objects], config).listenerSet(namespace, name);
}

/** `Accepted` and `Programmed` of the set, then of each listener. */
function states(model: ListenerSetModel | undefined): (string | undefined)[] {
  return [model?.conditions, ...(model?.listeners ?? []).map(({ conditions }) => conditions)].flatMap(
    (conditions) => [stateOf(conditions, 'Accepted'), stateOf(conditions, 'Programmed')],
  );
}

const WELL = ['True Accepted', 'True Programmed'];

test('a set that its Gateway allows is served where the Gateway is, with the generation of its own', () => {
  const model = evaluated(listenerSet({ meta: { generation: 7 } }), [
    { ...OPEN, addresses: [{ type: 'IPAddress', value: '100.65.0.9' }] },
  ]);
  assert.deepEqual(states(model), [...WELL, ...WELL]);
  assert.deepEqual(
    model?.listeners.flatMap(({ bindings }) => bindings.map(({ name }) => name)),
    ['100.65.0.9:443'],
  );
  assert.deepEqual(model?.listeners[0]?.supportedKinds, [
    { group: 'gateway.networking.k8s.io', kind: 'TLSRoute' },
  ]);
  const all = [...(model?.conditions ?? []), ...(model?.listeners[0]?.conditions ?? [])];
  assert.deepEqual([...new Set(all.map(({ observedGeneration }) => observedGeneration))], [7]);
});

test('"by default a Gateway MUST NOT allow ListenerSets to be attached"', () => {
  const model = evaluated(listenerSet(), [gateway()]);
  assert.deepEqual(states(model), ['False NotAllowed', 'False NotAllowed']);
  assert.deepEqual(model?.listeners, [], 'nothing of it is served');
});

test('Same, Selector, All and None say where ListenerSets may be', () => {
  const isAllowed = (allowedListeners: FromNamespaces, path: string, ...more: KubernetesObject[]) =>
    evaluated(listenerSet({ path }), [gateway({ allowedListeners }), ...more])?.notAllowed === undefined;
  assert.ok(isAllowed(ALL, 'red/set'));
  assert.ok(!isAllowed({ ...ALL, from: 'None' }, 'infra/set'));
  assert.ok(isAllowed({ ...ALL, from: 'Same' }, 'infra/set'));
  assert.ok(!isAllowed({ ...ALL, from: 'Same' }, 'red/set'));
  const gold = { matchLabels: { tier: 'gold' }, matchExpressions: [] };
  const selected = { from: 'Selector', selector: gold };
  assert.ok(isAllowed(selected, 'red/set', namespace('red', { tier: 'gold' })));
  assert.ok(!isAllowed(selected, 'red/set', namespace('red', { tier: 'silver' })));
  assert.ok(!isAllowed(selected, 'red/set'), 'a namespace that is not known');
  assert.ok(!isAllowed(selected, 'infra/set', namespace('infra')), 'not even the own one');
});

test('what is no valid selection allows none, and says so', () => {
  for (const allowedListeners of [
    { from: 'Selector', selector: undefined },
    {
      from: 'Selector',
      selector: { matchLabels: {}, matchExpressions: [{ key: 'a', operator: 'Is', values: [] }] },
    },
    { from: 'Anywhere', selector: undefined },
  ]) {
    const model = evaluated(listenerSet(), [gateway({ allowedListeners }), namespace('default')]);
    assert.deepEqual(states(model), ['False NotAllowed', 'False NotAllowed']);
    assert.match(
      messageOf(model?.conditions, 'Accepted'),
      /allowedListeners\.namespaces\.from .*(selector|unknown)/,
    );
  }
});

test('a set for what is no Gateway of ours is none of ours', () => {
  assert.equal(evaluated(listenerSet(), []), undefined);
  assert.equal(evaluated(listenerSet({ parentRef: { kind: 'Service' } })), undefined);
  assert.equal(evaluated(listenerSet({ parentRef: { group: '' } })), undefined);
  assert.equal(evaluated(listenerSet(), [gateway({ ...OPEN, gatewayClassName: 'other' })]), undefined);
  const near = listenerSet({ path: 'infra/set', parentRef: { namespace: undefined } });
  assert.ok(evaluated(near) !== undefined, 'in its own namespace unless it says otherwise');
});

test('"ParentNotAccepted": nothing is served of a set whose Gateway is not accepted', () => {
  const refused = { ...OPEN, addresses: [{ type: 'Hostname', value: 'gw.example.com' }] };
  const model = evaluated(listenerSet(), [refused]);
  assert.deepEqual(states(model).slice(0, 2), ['False ParentNotAccepted', 'False ParentNotProgrammed']);
  assert.deepEqual(model?.listeners[0]?.bindings, []);
  assert.equal(stateOf(model?.listeners[0]?.conditions, 'Programmed'), 'False Invalid');
});

test('"ParentNotProgrammed": a Gateway without an address', () => {
  const nowhere = { ...OPEN, addresses: [{ type: 'IPAddress', value: '224.0.0.1' }] };
  const model = evaluated(listenerSet(), [nowhere]);
  assert.deepEqual(states(model).slice(0, 2), ['True Accepted', 'False ParentNotProgrammed']);
});

test('"ListenersNotValid": False where no listener is valid, True where one is', () => {
  const bad: ListenerChanges = { name: 'bad', hostname: 'a_b.example.com' };
  const none = evaluated(listenerSet({ listeners: [bad] }));
  assert.deepEqual(states(none), [
    'False ListenersNotValid',
    'False ListenersNotValid',
    'False UnsupportedValue',
    'False Invalid',
  ]);
  const some = evaluated(listenerSet({ listeners: [bad, {}] }));
  assert.deepEqual(states(some).slice(0, 2), ['True ListenersNotValid', 'True Programmed']);
  assert.match(messageOf(some?.conditions, 'Accepted'), /bad \(UnsupportedValue\)/);
  const empty = evaluated(listenerSet({ listeners: [] }));
  assert.deepEqual(states(empty), ['False ListenersNotValid', 'False ListenersNotValid']);
});

test('within a set as within a Gateway: all indistinct listeners are refused', () => {
  const model = evaluated(
    listenerSet({ listeners: [{ name: 'a' }, { name: 'b' }, { name: 'c', port: 8443 }] }),
  );
  assert.deepEqual(states(model), [
    'True ListenersNotValid',
    'True Programmed',
    ...Array(4).fill('False HostnameConflict'),
    ...WELL,
  ]);
  const name = evaluated(listenerSet({ listeners: [{}, { port: 8443 }] }));
  assert.equal(stateOf(name?.listeners[0]?.conditions, 'Conflicted'), 'True NameConflict');
});

test('"a ListenerSet listener MUST NOT access secrets granted to the Gateway listeners"', () => {
  const certificate = { group: '', kind: 'Secret', namespace: 'other', name: 'cert' };
  const terminating: ListenerChanges = {
    ...HTTPS,
    tls: { mode: 'Terminate', certificateRefs: [certificate] },
  };
  const set = listenerSet({ listeners: [terminating] });
  const granted = (kind: string) =>
    evaluated(set, [
      OPEN,
      referenceGrant({
        from: [{ group: 'gateway.networking.k8s.io', kind, namespace: 'default' }],
        to: [{ group: '', kind: 'Secret', name: undefined }],
      }),
    ]);
  const without = granted('Gateway');
  assert.equal(stateOf(without?.listeners[0]?.conditions, 'ResolvedRefs'), 'False RefNotPermitted');
  assert.deepEqual(states(without).slice(0, 2), ['False ListenersNotValid', 'False ListenersNotValid']);
  assert.deepEqual(without?.secrets, []);
  const allowed = granted('ListenerSet');
  assert.deepEqual(states(allowed), [...WELL, ...WELL]);
  assert.deepEqual(allowed?.secrets, [{ namespace: 'other', name: 'cert' }]);
  const own = { ...certificate, namespace: undefined };
  const near = evaluated(
    listenerSet({ listeners: [{ ...HTTPS, tls: { mode: 'Terminate', certificateRefs: [own] } }] }),
  );
  assert.deepEqual(
    near?.secrets,
    [{ namespace: 'default', name: 'cert' }],
    'its own namespace needs no grant',
  );
});

test('a kind of routes that a listener cannot take leaves the others', () => {
  const kinds = [
    { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute' },
    { group: 'gateway.networking.k8s.io', kind: 'TLSRoute' },
  ];
  const model = evaluated(listenerSet({ listeners: [{ kinds }] }));
  assert.deepEqual(states(model), [...WELL, ...WELL]);
  assert.equal(stateOf(model?.listeners[0]?.conditions, 'ResolvedRefs'), 'False InvalidRouteKinds');
  assert.deepEqual(model?.listeners[0]?.supportedKinds, [kinds[1]]);
});

test('ports that the operator keeps are not had by a listener of any protocol', () => {
  const set = listenerSet({
    listeners: [
      { name: 'a', port: 22 },
      { name: 'b' },
      { name: 'c', port: 80, protocol: 'HTTP', noTls: true },
    ],
  });
  const model = evaluated(set, [OPEN], configWith({ listenerSetPorts: [443, 6443] }));
  assert.deepEqual(states(model), [
    'True ListenersNotValid',
    'True Programmed',
    'False PortUnavailable',
    'False PortUnavailable',
    ...WELL,
    'False PortUnavailable',
    'False PortUnavailable',
  ]);
  assert.deepEqual(model?.listeners[0]?.bindings, []);
  assert.match(
    messageOf(model?.listeners[0]?.conditions, 'Accepted'),
    /--listener-set-port.* not 22: 443, 6443/,
  );
});

test('no more listeners than the API allows, wherever the manifest comes from', () => {
  const listeners = Array.from({ length: MAX_LISTENERS + 1 }, (_, index) => ({
    name: `l${index}`,
    hostname: `h${index}.example.com`,
  }));
  const model = evaluated(listenerSet({ listeners }));
  assert.equal(stateOf(model?.listeners[MAX_LISTENERS - 1]?.conditions, 'Accepted'), 'True Accepted');
  assert.equal(stateOf(model?.listeners[MAX_LISTENERS]?.conditions, 'Accepted'), 'False TooManyListeners');
});
