import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../kubernetes-api/test-clock.ts';
import { type EnvoyReport, NO_ENVOYS } from './envoy-fleet.ts';
import type { Lease, LeaseStore } from './kubernetes/lease-store.ts';
import { ReplicaReports } from './replica-reports.ts';
import { MemoryLeases } from './test-leases.ts';

const SILENT = { debug() {}, info() {}, warn() {} };

function report(id: string, acknowledged: Readonly<Record<string, string>> = {}): EnvoyReport {
  return { ...NO_ENVOYS, nodes: [{ id, current: true }], acknowledged };
}

function world() {
  const clock = new ManualClock();
  const leases = new MemoryLeases();
  const counted = { puts: 0 };
  const store: LeaseStore = {
    namespace: leases.namespace,
    get: (name) => leases.get(name),
    put: (lease) => {
      counted.puts += 1;
      return leases.put(lease);
    },
    list: () => leases.list(),
    delete: (name) => leases.delete(name),
  };
  const replica = (identity: string) => {
    const state = { own: NO_ENVOYS, changes: 0 };
    const reports = new ReplicaReports({
      store,
      identity,
      own: () => state.own,
      onChange: () => {
        state.changes += 1;
      },
      clock,
      wallClock: () => new Date(clock.now()),
      logger: SILENT,
    });
    return { state, reports };
  };
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 500) {
      for (let step = 0; step < 5; step += 1) await new Promise((resolve) => setImmediate(resolve));
      clock.advance(500);
    }
    for (let step = 0; step < 5; step += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  return { leases, counted, replica, pass };
}

test('the leader learns what the Envoys of others say, and what changes about it', async () => {
  const { replica, pass } = world();
  const [leader, other] = [replica('a'), replica('b')];
  other.state.own = report('gw-2');
  leader.state.own = report('gw-1');
  leader.reports.start();
  other.reports.start();
  leader.reports.setReading(true);
  await pass(3_000);
  assert.deepEqual(leader.reports.others(), [report('gw-2')]);
  other.state.own = report('gw-2', { 'a:1': 'v1' });
  other.reports.reportChanged();
  await pass(5_000);
  assert.deepEqual(leader.reports.others(), [report('gw-2', { 'a:1': 'v1' })]);
  assert.equal(leader.state.changes, 2);
  assert.deepEqual(other.reports.others(), [], 'who does not lead does not read');
});

test('a report that is no longer renewed is no longer believed, one that is renewed is', async () => {
  const { replica, pass, leases } = world();
  const [leader, other, dead] = [replica('a'), replica('b'), replica('c')];
  other.state.own = report('gw-2');
  dead.state.own = report('gw-3');
  for (const { reports } of [other, dead]) reports.start();
  leader.reports.setReading(true);
  await pass(3_000);
  assert.equal(leader.reports.others().length, 2);
  const left = [...leases.leases.values()].find(({ spec }) => spec?.holderIdentity === 'c') as Lease;
  // Ended without a word: its lease stays behind.
  await dead.reports.stop();
  leases.leases.set(left.metadata.name, left);
  await pass(60_000);
  assert.deepEqual(leader.reports.others(), [report('gw-2')]);
  await pass(400_000);
  assert.equal(leases.leases.size, 1, 'what was left behind is cleaned up');
});

test('a replica that stops takes its report with it', async () => {
  const { replica, pass, leases } = world();
  const other = replica('b');
  other.reports.start();
  await pass(1_000);
  assert.equal(leases.leases.size, 1);
  await other.reports.stop();
  assert.equal(leases.leases.size, 0);
});

test('changes are written at most once a second, and renewals four times a minute', async () => {
  const { replica, pass, counted } = world();
  const { state, reports } = replica('a');
  reports.start();
  await pass(1_000);
  counted.puts = 0;
  for (let index = 0; index < 20; index += 1) {
    state.own = report(`gw-${index}`);
    reports.reportChanged();
    await pass(500);
  }
  assert.ok(counted.puts >= 5 && counted.puts <= 11, String(counted.puts));
  await pass(2_000);
  counted.puts = 0;
  await pass(60_000);
  assert.ok(counted.puts >= 3 && counted.puts <= 5, String(counted.puts));
});

test('a report that somebody deleted is written again', async () => {
  const { replica, pass, leases } = world();
  const { state, reports } = replica('a');
  reports.start();
  await pass(1_000);
  leases.leases.clear();
  state.own = report('gw-1');
  reports.reportChanged();
  await pass(5_000);
  assert.equal(leases.leases.size, 1);
});

test('errors are cut, and what a lease cannot hold says nothing rather than something wrong', async () => {
  const { replica, pass, leases } = world();
  const { state, reports } = replica('a');
  const refusal = { version: 'v1', error: 'x'.repeat(5_000), nodes: 1 };
  state.own = { ...report('gw-1'), rejected: { 'a:1': refusal }, rejectedClusters: { 'a:1/host': refusal } };
  reports.start();
  await pass(1_000);
  const text = () => [...leases.leases.values()][0]?.metadata.annotations?.['sluice.dev/envoys'] ?? '';
  assert.ok(text().includes('gw-1') && text().length < 1_200);
  state.own = report(
    'gw-1',
    Object.fromEntries(Array.from({ length: 9_000 }, (_, i) => [`a:${i}`, 'v'.repeat(30)])),
  );
  reports.reportChanged();
  await pass(3_000);
  assert.deepEqual(JSON.parse(text()), report('gw-1'));
});
