import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiFailure } from '../kubernetes-api/api-failure.ts';
import { ManualClock } from '../kubernetes-api/test-clock.ts';
import { LeaderElection } from './leader-election.ts';
import { MemoryLeases } from './test-leases.ts';

const TIMES = { duration: 15_000, renewDeadline: 10_000, retry: 2_000 };
const SILENT = { debug() {}, info() {}, warn() {} };

function world() {
  const clock = new ManualClock();
  const leases = new MemoryLeases();
  const candidate = (identity: string) => {
    const state = { isCut: false, changes: [] as boolean[] };
    const check = <T>(result: () => Promise<T>): Promise<T> =>
      state.isCut ? Promise.reject(new ApiFailure('unreachable', 'cut')) : result();
    const election = new LeaderElection({
      store: {
        namespace: leases.namespace,
        get: (name) => check(() => leases.get(name)),
        put: (lease) => check(() => leases.put(lease)),
        list: () => check(() => leases.list()),
        delete: (name) => check(() => leases.delete(name)),
      },
      leaseName: 'leader',
      identity,
      times: TIMES,
      clock,
      // A wall clock that is wrong by years: nothing may depend on it.
      wallClock: () => new Date(identity === 'a' ? 0 : 4e12),
      onChange: (leading) => state.changes.push(leading),
      logger: SILENT,
    });
    return { election, state };
  };
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 500) {
      clock.advance(Math.min(500, ms - passed));
      for (let step = 0; step < 5; step += 1) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { clock, leases, candidate, pass };
}

test('one of several leads, and goes on leading', async () => {
  const { candidate, pass, leases } = world();
  const all = ['a', 'b', 'c'].map(candidate);
  for (const { election } of all) election.start();
  await pass(60_000);
  assert.equal(all.filter(({ election }) => election.leading).length, 1);
  assert.equal(all.flatMap(({ state }) => state.changes).length, 1);
  assert.equal(leases.leases.get('leader')?.spec?.leaseTransitions, 0);
  assert.match(leases.leases.get('leader')?.spec?.renewTime ?? '', /^\d{4}-.*\.\d{6}Z$/);
});

test('a leader that is cut off gives up before another may begin', async () => {
  const { candidate, pass, clock } = world();
  const [a, b] = [candidate('a'), candidate('b')];
  a.election.start();
  await pass(1_000);
  b.election.start();
  await pass(5_000);
  assert.deepEqual([a.election.leading, b.election.leading], [true, false]);
  a.state.isCut = true;
  const cutAt = clock.now();
  let lostAt = 0;
  let wonAt = 0;
  for (let step = 0; step < 80 && wonAt === 0; step += 1) {
    await pass(500);
    if (lostAt === 0 && !a.election.leading) lostAt = clock.now();
    if (wonAt === 0 && b.election.leading) wonAt = clock.now();
    assert.ok(!(a.election.leading && b.election.leading));
  }
  assert.ok(lostAt > 0 && lostAt - cutAt <= TIMES.renewDeadline);
  assert.ok(wonAt > lostAt && wonAt - cutAt <= TIMES.duration + 2 * TIMES.retry);
  a.state.isCut = false;
  await pass(20_000);
  assert.deepEqual(a.state.changes, [true, false]);
  assert.equal(b.election.holder, 'b');
});

test('a leader that stops hands over at once', async () => {
  const { candidate, pass } = world();
  const [a, b] = [candidate('a'), candidate('b')];
  a.election.start();
  await pass(1_000);
  b.election.start();
  await pass(3_000);
  await a.election.stop();
  assert.equal(a.election.leading, false);
  await pass(4_000);
  assert.equal(b.election.leading, true);
});

test('one that stops before it leads never leads, and takes no lease from another', async () => {
  const { candidate, pass, leases } = world();
  const a = candidate('a');
  a.election.start();
  await a.election.stop();
  await pass(30_000);
  assert.deepEqual(a.state.changes, []);
  assert.equal(leases.leases.get('leader')?.spec?.holderIdentity ?? '', '');
});

test('a leader whose lease somebody else took knows it at its next renewal', async () => {
  const { candidate, pass, leases } = world();
  const a = candidate('a');
  a.election.start();
  await pass(1_000);
  const lease = leases.leases.get('leader');
  assert.ok(lease);
  await leases.put({ ...lease, spec: { ...lease.spec, holderIdentity: 'somebody' } });
  await pass(TIMES.retry);
  assert.equal(a.election.leading, false);
});

test('a namespace that does not exist is told once, with what to do, until it is there', async () => {
  const clock = new ManualClock();
  const leases = new MemoryLeases();
  let exists = false;
  const told: string[] = [];
  const election = new LeaderElection({
    store: {
      namespace: leases.namespace,
      get: (name) => leases.get(name),
      put: (lease) =>
        exists ? leases.put(lease) : Promise.reject(new ApiFailure('not-found', 'namespaces not found')),
      list: () => leases.list(),
      delete: (name) => leases.delete(name),
    },
    leaseName: 'leader',
    identity: 'a',
    times: TIMES,
    clock,
    wallClock: () => new Date(0),
    onChange() {},
    logger: { ...SILENT, warn: (fields, message) => told.push(`${JSON.stringify(fields)} ${message}`) },
  });
  const pass = async (): Promise<void> => {
    clock.advance(2 * TIMES.retry);
    for (let step = 0; step < 5; step += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  election.start();
  for (let time = 0; time < 5; time += 1) await pass();
  assert.equal(told.length, 1);
  assert.match(told[0] ?? '', /SLUICE_LEASE_NAMESPACE.*namespace sluice-system.*--leader-election off/);
  exists = true;
  await pass();
  assert.ok(election.leading);
});
