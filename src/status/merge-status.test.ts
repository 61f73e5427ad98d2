import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { condition } from '../model/conditions.ts';
import type { DesiredGateway, DesiredIngress, DesiredRoute, DesiredStatus } from '../model/desired-status.ts';
import { mergeStatus, type PresentObject } from './merge-status.ts';

const BEFORE = '2026-01-01T00:00:00Z';
const NOW = '2026-02-02T02:02:02Z';
const OURS = 'sluice.dev/gateway-controller';
const THEIRS = 'other.example/controller';

function present(status: unknown, uid = 'u1'): PresentObject {
  return { metadata: { name: 'x', namespace: 'ns', uid, resourceVersion: '7' }, status };
}

function at(time: string, type: string, status: string, more: object = {}) {
  return {
    type,
    status,
    reason: type,
    message: '',
    observedGeneration: 1,
    lastTransitionTime: time,
    ...more,
  };
}

const ACCEPTED = condition('Accepted', true, 'Accepted', '', 1);
const WAITING = condition('Programmed', false, 'Pending', 'No Envoy.', 1);

function gateway(changes: Partial<DesiredGateway> = {}): DesiredGateway {
  return {
    kind: 'Gateway',
    uid: 'u1',
    addresses: [],
    conditions: [ACCEPTED],
    listeners: [],
    tentative: false,
    attachedListenerSets: 0,
    ...changes,
  };
}

function parentRef(name: string, namespace?: string) {
  const group = 'gateway.networking.k8s.io';
  return { group, kind: 'Gateway', namespace, name, sectionName: undefined, port: undefined };
}

function route(...parents: readonly (readonly [name: string, namespace?: string])[]): DesiredRoute {
  return {
    kind: 'TLSRoute',
    uid: 'u1',
    parents: parents.map(([name, namespace]) => ({
      parentRef: parentRef(name, namespace),
      controllerName: OURS,
      conditions: [ACCEPTED],
    })),
    controllerNames: [OURS],
  };
}

function entry(name: string, controllerName: string, conditions: readonly object[], more: object = {}) {
  return {
    parentRef: { group: 'gateway.networking.k8s.io', kind: 'Gateway', name, ...more },
    controllerName,
    conditions,
  };
}

/** What the API holds after the patch. */
function patched(desired: DesiredStatus, before: PresentObject, now = NOW): PresentObject {
  const merged = mergeStatus(desired, before, now);
  return merged === undefined
    ? before
    : { ...before, status: { ...(before.status ?? {}), ...merged.status } };
}

test('lastTransitionTime is kept unless the status itself changes', () => {
  const before = present({ conditions: [at(BEFORE, 'Accepted', 'True', { reason: 'Old' })] });
  assert.deepEqual(mergeStatus(gateway(), before, NOW)?.status, {
    conditions: [at(BEFORE, 'Accepted', 'True')],
  });
  const flipped = present({ conditions: [at(BEFORE, 'Accepted', 'False')] });
  assert.deepEqual(mergeStatus(gateway(), flipped, NOW)?.status, {
    conditions: [at(NOW, 'Accepted', 'True')],
  });
});

test('what is there already is not written', () => {
  const conditions = [at(BEFORE, 'Accepted', 'True')];
  assert.equal(mergeStatus(gateway(), present({ conditions }), NOW), undefined);
  assert.equal(mergeStatus(route(), present({ parents: [] }), NOW), undefined);
  assert.equal(mergeStatus(route(), present(undefined), NOW), undefined);
  const ingress: DesiredIngress = { kind: 'Ingress', uid: 'u1', addresses: [], tentative: false };
  assert.equal(mergeStatus(ingress, present({ loadBalancer: {} }), NOW), undefined);
});

test('conditions of others stay where they are, ours that no longer apply go', () => {
  const foreign = at(BEFORE, 'example.com/Seen', 'True');
  const before = present({
    conditions: [foreign, at(BEFORE, 'OverlappingTLSConfig', 'True'), at(BEFORE, 'Accepted', 'True')],
  });
  assert.deepEqual(mergeStatus(gateway(), before, NOW)?.status, {
    conditions: [foreign, at(BEFORE, 'Accepted', 'True')],
  });
});

test('a newer generation than ours, or another object of the name, is left alone', () => {
  const newer = present({ conditions: [at(BEFORE, 'Accepted', 'False', { observedGeneration: 2 })] });
  assert.equal(mergeStatus(gateway(), newer, NOW), undefined);
  assert.equal(mergeStatus(gateway(), present({}, 'u2'), NOW), undefined);
  const parents = [entry('gw', OURS, [at(BEFORE, 'Accepted', 'False', { observedGeneration: 2 })])];
  assert.equal(mergeStatus(route(['gw']), present({ parents }), NOW), undefined);
});

test('a ListenerSet has conditions and listeners as a Gateway has, and no addresses', () => {
  const listeners = [{ name: 'tls', supportedKinds: [], attachedRoutes: 1, conditions: [ACCEPTED] }];
  const desired: DesiredStatus = {
    kind: 'ListenerSet',
    uid: 'u1',
    conditions: [ACCEPTED],
    listeners,
    tentative: false,
  };
  const conditions = [at(NOW, 'Accepted', 'True')];
  assert.deepEqual(mergeStatus(desired, present(undefined), NOW)?.status, {
    conditions,
    listeners: [{ name: 'tls', supportedKinds: [], attachedRoutes: 1, conditions }],
  });
  const waiting: DesiredStatus = {
    ...desired,
    conditions: [ACCEPTED, WAITING],
    listeners: [],
    tentative: true,
  };
  const live = at(BEFORE, 'Programmed', 'True');
  const before = present({ conditions: [at(BEFORE, 'Accepted', 'True'), live] });
  assert.equal(mergeStatus(waiting, before, NOW), undefined, 'nothing is taken back while Envoys connect');
  const newer = present({ conditions: [at(BEFORE, 'Accepted', 'False', { observedGeneration: 2 })] });
  assert.equal(mergeStatus(desired, newer, NOW), undefined);
});

test('attached ListenerSets are counted where there are any, or were', () => {
  const conditions = [at(BEFORE, 'Accepted', 'True')];
  const count = (attachedListenerSets: number, status: object) =>
    mergeStatus(gateway({ attachedListenerSets }), present({ conditions, ...status }), NOW)?.status;
  assert.equal(count(0, {}), undefined, 'an older CRD has no such field');
  assert.deepEqual(count(2, {}), { attachedListenerSets: 2 });
  assert.deepEqual(count(0, { attachedListenerSets: 2 }), { attachedListenerSets: 0 });
  assert.equal(count(2, { attachedListenerSets: 2 }), undefined);
});

test('listeners: conditions of others kept by name, those of listeners that are gone are not', () => {
  const foreign = at(BEFORE, 'example.com/Seen', 'True');
  const listener = { supportedKinds: [], attachedRoutes: 0 };
  const before = present({
    conditions: [at(BEFORE, 'Accepted', 'True')],
    listeners: [
      { name: 'old', ...listener, conditions: [foreign] },
      { name: 'tls', ...listener, conditions: [foreign, at(BEFORE, 'Accepted', 'True')] },
    ],
  });
  const desired = gateway({
    listeners: [{ name: 'tls', supportedKinds: [], attachedRoutes: 2, conditions: [ACCEPTED] }],
  });
  assert.deepEqual(mergeStatus(desired, before, NOW)?.status, {
    listeners: [
      {
        name: 'tls',
        supportedKinds: [],
        attachedRoutes: 2,
        conditions: [foreign, at(BEFORE, 'Accepted', 'True')],
      },
    ],
  });
});

test('while tentative, no address is taken back and nothing stops being programmed', () => {
  const conditions = [at(BEFORE, 'Accepted', 'True'), at(BEFORE, 'Programmed', 'True')];
  const before = present({ addresses: [{ type: 'IPAddress', value: '203.0.113.1' }], conditions });
  const desired = gateway({ addresses: ['203.0.113.2'], conditions: [ACCEPTED, WAITING], tentative: true });
  assert.deepEqual(mergeStatus(desired, before, NOW)?.status, {
    addresses: ['203.0.113.1', '203.0.113.2'].map((value) => ({ type: 'IPAddress', value })),
  });
  const final = mergeStatus({ ...desired, tentative: false }, before, NOW)?.status;
  assert.deepEqual(final?.['addresses'], [{ type: 'IPAddress', value: '203.0.113.2' }]);
  assert.deepEqual(final?.['conditions'], [
    conditions[0],
    at(NOW, 'Programmed', 'False', { reason: 'Pending', message: 'No Envoy.' }),
  ]);
  // What was not true for this generation is not made true by waiting.
  const older = present({ conditions: [at(BEFORE, 'Programmed', 'True', { observedGeneration: 0 })] });
  const written = mergeStatus(desired, older, NOW)?.status['conditions'] as {
    type: string;
    status: string;
  }[];
  assert.equal(written.find(({ type }) => type === 'Programmed')?.status, 'False');
});

test('parents: keyed by reference and controller, namespaces compared as they are meant', () => {
  const foreign = entry('gw', THEIRS, [at(BEFORE, 'Accepted', 'False')]);
  const parents = [
    entry('gone', OURS, [at(BEFORE, 'Accepted', 'True')]),
    foreign,
    entry('gw', OURS, [at(BEFORE, 'Accepted', 'True')], { namespace: 'ns' }),
  ];
  assert.deepEqual(mergeStatus(route(['gw'], ['new', 'elsewhere']), present({ parents }), NOW)?.status, {
    parents: [
      foreign,
      parents[2],
      entry('new', OURS, [at(NOW, 'Accepted', 'True')], { namespace: 'elsewhere' }),
    ],
  });
});

test('a route has no more entries than the API takes', () => {
  const parents = Array.from({ length: 31 }, (_, index) => entry(`their-${index}`, THEIRS, []));
  const merged = mergeStatus(route(['a'], ['b'], ['c']), present({ parents }), NOW);
  assert.ok(merged);
  assert.equal((merged.status['parents'] as unknown[]).length, 32);
});

test('transitions tell what was and what is', () => {
  const before = present({ conditions: [at(BEFORE, 'Accepted', 'False')] });
  const { transitions } = mergeStatus(gateway({ conditions: [ACCEPTED, WAITING] }), before, NOW) ?? {};
  assert.deepEqual(
    transitions?.map((each) => [each.before?.status, each.condition.status]),
    [
      ['False', 'True'],
      [undefined, 'False'],
    ],
  );
});

test('an Ingress has our addresses, each once; entries that stay keep what else they say', () => {
  const desired: DesiredIngress = {
    kind: 'Ingress',
    uid: 'u1',
    addresses: ['203.0.113.2', '203.0.113.1'],
    tentative: false,
  };
  const known = { ip: '203.0.113.1', ports: [] };
  const before = present({ loadBalancer: { ingress: [{ ip: '192.0.2.1' }, known] } });
  assert.deepEqual(mergeStatus(desired, before, NOW)?.status, {
    loadBalancer: { ingress: [known, { ip: '203.0.113.2' }] },
  });
});

const someCondition = fc
  .record({
    type: fc.constantFrom('Accepted', 'Programmed', 'ResolvedRefs'),
    status: fc.boolean(),
    reason: fc.constantFrom('A', 'Pending'),
  })
  .map(({ type, status, reason }) => condition(type, status, reason, '', 1));
const someConditions = fc.uniqueArray(someCondition, { selector: ({ type }) => type, maxLength: 3 });
const someName = fc.constantFrom('a', 'b', 'c');
const someDesired: fc.Arbitrary<DesiredStatus> = fc.oneof(
  fc
    .record({
      addresses: fc.uniqueArray(fc.constantFrom('203.0.113.1', '203.0.113.2')),
      conditions: someConditions,
      listeners: fc.uniqueArray(
        fc.record({ name: someName, attachedRoutes: fc.nat(3), conditions: someConditions }),
        { selector: ({ name }) => name, maxLength: 3 },
      ),
      tentative: fc.boolean(),
    })
    .map(({ listeners, ...rest }) =>
      gateway({ ...rest, listeners: listeners.map((each) => ({ ...each, supportedKinds: [] })) }),
    ),
  fc
    .uniqueArray(fc.record({ name: someName, conditions: someConditions }), {
      selector: ({ name }) => name,
      maxLength: 3,
    })
    .map(
      (parents): DesiredRoute => ({
        ...route(),
        parents: parents.map(({ name, conditions }) => ({
          parentRef: parentRef(name),
          controllerName: OURS,
          conditions,
        })),
      }),
    ),
);

test('whatever was there: once written, there is nothing more to write', () => {
  fc.assert(
    fc.property(someDesired, someDesired, (first, second) => {
      const foreign = { parents: [entry('z', THEIRS, [])], conditions: [at(BEFORE, 'x.y/Z', 'True')] };
      let object = present(foreign);
      for (const desired of [first, second]) {
        object = patched(desired, object);
        assert.equal(mergeStatus(desired, object, '2027-01-01T00:00:00Z'), undefined);
      }
      const { parents, conditions } = object.status as typeof foreign;
      assert.deepEqual(parents[0], foreign.parents[0]);
      assert.deepEqual(conditions[0], foreign.conditions[0]);
    }),
  );
});
