import assert from 'node:assert/strict';
import { test } from 'node:test';
import { condition } from '../model/conditions.ts';
import type { DesiredRoute, DesiredStatus } from '../model/desired-status.ts';
import { key } from '../model/test-key.ts';
import type { PresentObject } from './merge-status.ts';
import { inShadow, StatusMerger } from './status-mode.ts';

const NOW = '2026-01-01T00:00:00Z';
const OURS = 'sluice.dev/gateway-controller';
const THEIRS = 'k8s.io/ingress-nginx';
const ACCEPTED = condition('Accepted', true, 'Accepted', '', 1);

function present(status: unknown): PresentObject {
  return { metadata: { name: 'x', namespace: 'ns', uid: 'u' }, status };
}

function merger(mode: 'shadow' | 'own'): StatusMerger {
  return new StatusMerger(mode, () => NOW);
}

const INGRESS: DesiredStatus = { kind: 'Ingress', uid: 'u', addresses: ['192.0.2.1'], tentative: false };
const GATEWAY: DesiredStatus = {
  kind: 'Gateway',
  uid: 'u',
  addresses: ['192.0.2.1'],
  conditions: [ACCEPTED],
  listeners: [],
  attachedListenerSets: 0,
  tentative: false,
};

function route(...parents: readonly (readonly [name: string, isAdopted: boolean])[]): DesiredRoute {
  return {
    kind: 'TLSRoute',
    uid: 'u',
    parents: parents.map(([name, isAdopted]) => ({
      parentRef: {
        group: 'gateway.networking.k8s.io',
        kind: 'Gateway',
        namespace: undefined,
        name,
        sectionName: undefined,
        port: undefined,
      },
      controllerName: isAdopted ? THEIRS : OURS,
      conditions: [ACCEPTED],
      isAdopted,
    })),
    controllerNames: [OURS, THEIRS],
  };
}

test('in shadow an Ingress is left to whoever writes it, and remembered as withheld', () => {
  const shadow = merger('shadow');
  const object = key('Ingress/ns/x');
  const theirs = present({ loadBalancer: { ingress: [{ ip: '198.51.100.7' }] } });
  assert.equal(shadow.merge(object, INGRESS, theirs), undefined);
  assert.ok(shadow.isWritten(INGRESS, theirs));
  assert.deepEqual([...shadow.withheld], [object]);
  // It says by now what ours would.
  assert.equal(
    shadow.merge(object, INGRESS, present({ loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } })),
    undefined,
  );
  assert.deepEqual([...shadow.withheld], []);
  assert.deepEqual(merger('own').merge(object, INGRESS, theirs)?.status, {
    loadBalancer: { ingress: [{ ip: '192.0.2.1' }] },
  });
});

test('in shadow a Gateway of our own has conditions, and the addresses that it has', () => {
  const shadow = merger('shadow');
  const object = key('Gateway/ns/x');
  const merged = shadow.merge(object, GATEWAY, present({ addresses: [{ value: '198.51.100.7' }] }));
  assert.deepEqual(Object.keys(merged?.status ?? {}), ['conditions']);
  assert.deepEqual([...shadow.withheld], [object]);
  shadow.forget(object);
  assert.deepEqual([...shadow.withheld], []);
});

test('in shadow nothing is written to what an adopted class has', () => {
  assert.equal(inShadow({ ...GATEWAY, isAdopted: true }), undefined);
  const { addresses: _, attachedListenerSets: __, ...rest } = GATEWAY;
  const set: DesiredStatus = { ...rest, kind: 'ListenerSet' };
  assert.equal(inShadow(set), set);
  assert.equal(inShadow({ ...set, isAdopted: true }), undefined);
});

test('in shadow a route says what our own parents do with it, and keeps entries of adopted classes', () => {
  const shadow = merger('shadow');
  const object = key('TLSRoute/ns/x');
  const theirs = {
    parentRef: { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'theirs' },
    controllerName: THEIRS,
    conditions: [{ type: 'Accepted', status: 'False', reason: 'No', message: '', observedGeneration: 1 }],
  };
  const desired = route(['ours', false], ['theirs', true]);
  const merged = shadow.merge(object, desired, present({ parents: [theirs] }));
  const parents = merged?.status['parents'] as readonly {
    controllerName: string;
    parentRef: { name: string };
  }[];
  assert.deepEqual(parents[0], theirs);
  assert.deepEqual(
    parents.map(({ controllerName, parentRef }) => [parentRef.name, controllerName]),
    [
      ['theirs', THEIRS],
      ['ours', OURS],
    ],
  );
  assert.deepEqual([...shadow.withheld], [object]);
  // One of adopted classes alone is not written at all.
  assert.equal(shadow.merge(object, route(['theirs', true]), present({ parents: [theirs] })), undefined);
  const all = merger('own').merge(object, route(['theirs', true]), present({ parents: [theirs] }));
  assert.notEqual(all, undefined);
});
