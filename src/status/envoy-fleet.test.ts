import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnvoyFleet, type EnvoyReport, NO_ENVOYS } from './envoy-fleet.ts';

const PENDING = { acknowledged: false, rejection: undefined };
const LIVE = { acknowledged: true, rejection: undefined };

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
  const rejected = { 'b:1': { version: 'v1', error: 'no', nodes: 1 } };
  fleet.update([report('a', true, { rejected }), report('b', true, { acknowledged: { 'a:1': 'v1' } })], 0);
  assert.deepEqual(fleet.acknowledgementOf('a:1', 'v1'), LIVE);
  assert.deepEqual(fleet.acknowledgementOf('a:1', 'v2'), PENDING);
  assert.deepEqual(fleet.acknowledgementOf('a:1', undefined), PENDING);
  assert.deepEqual(fleet.acknowledgementOf('b:1', 'v1'), { acknowledged: false, rejection: 'no' });
  assert.deepEqual(fleet.acknowledgementOf('b:1', 'v2'), PENDING);
});

test('a cluster that Envoys of several replicas rejected is told with how many they are, in the version of now', () => {
  const fleet = new EnvoyFleet();
  const rejected = (version: string, nodes: number) => ({
    rejectedClusters: { 'a:1/x.example.com': { version, error: 'no such policy', nodes } },
  });
  assert.equal(fleet.hasRejectedClusters, false);
  fleet.update([report('a', false, rejected('v1', 2)), report('b', false, rejected('v1', 1))], 0);
  assert.equal(fleet.hasRejectedClusters, true);
  assert.deepEqual(fleet.rejectedCluster('a:1/x.example.com', 'v1'), { error: 'no such policy', nodes: 3 });
  assert.equal(fleet.rejectedCluster('a:1/x.example.com', 'v2'), undefined);
  assert.equal(fleet.rejectedCluster('a:1/y.example.com', 'v1'), undefined);
});
