import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DOMAIN, gatewayObjects, hostOf, tenantObjects, upserts } from '../../../test/harness/tenants.ts';
import { ManualLoop } from '../../event-loop/test-loop.ts';
import { DEFAULT_ENGINE_CONFIG } from '../config.ts';
import { CLUSTER_TYPE, LISTENER_TYPE } from '../resources/resource.ts';
import { Engine } from './engine.ts';
import { type FlushClock, FlushLoop } from './flush-loop.ts';

/** An event loop with timers that are noted: a test decides when they are over. */
class ManualClock extends ManualLoop implements FlushClock {
  readonly timers: { task: () => void; at: number }[] = [];

  after(ms: number, task: () => void): void {
    this.timers.push({ task, at: this.time + ms });
  }

  /** The next timer is over, or the next turn comes; returns how long it had to be waited for. */
  next(): number {
    const timer = this.timers.shift();
    const waited = Math.max(0, (timer?.at ?? 0) - this.time);
    this.time += waited;
    timer?.task();
    assert.ok(!this.isIdle, 'nothing is scheduled');
    this.turn();
    return waited;
  }
}

function setUp(clock = new ManualClock()) {
  const engine = new Engine(DEFAULT_ENGINE_CONFIG);
  const flushes: number[] = [];
  const onFlush = ({ events }: { events: number }) => void flushes.push(events);
  const loop = new FlushLoop(engine, { intervalMs: 5, lane: clock.turns.engine, clock, onFlush });
  return { clock, engine, loop, flushes };
}

function clusters(engine: Engine): string[] {
  return [...engine.resources.all(CLUSTER_TYPE)].map(({ name }) => name);
}

test('nothing is computed or served before the sources have synced', () => {
  const { clock, engine, loop } = setUp();
  loop.takeEvents(upserts([...gatewayObjects(), ...tenantObjects(1)]));
  assert.deepEqual([clock.timers, clock.isIdle], [[], true]);
  assert.equal(engine.resources.synced, false);
  loop.synced();
  assert.equal(engine.resources.synced, true);
  assert.equal(engine.resources.ready, false);
  clock.next();
  assert.equal(engine.resources.ready, true);
  assert.deepEqual(clusters(engine), [`0.0.0.0:443/${hostOf(1)}`]);
});

test('a change after a quiet time is computed at once, the next ones wait for the interval and go together', () => {
  const { clock, engine, loop, flushes } = setUp();
  loop.takeEvents(upserts(gatewayObjects()));
  loop.synced();
  clock.next();
  clock.time += 1000;
  loop.takeEvents(upserts(tenantObjects(1)));
  assert.equal(clock.next(), 0);
  loop.takeEvents(upserts(tenantObjects(2)));
  loop.takeEvents(upserts(tenantObjects(3)));
  assert.equal(clock.timers.length, 1);
  assert.equal(clock.next(), 5);
  assert.equal(clusters(engine).length, 3);
  assert.deepEqual(flushes, [2, 3, 6]);
});

test('a long flush is cut into slices, published as it goes, and is ready only at its end', () => {
  const { clock, engine, loop, flushes } = setUp();
  const tenants = Array.from({ length: 1500 }, (_, index) => tenantObjects(index)).flat();
  loop.takeEvents(upserts([...gatewayObjects(), ...tenants]));
  loop.synced();
  clock.tick = 30;
  let slices = 0;
  const published: number[] = [];
  while (!engine.resources.ready) {
    clock.turn();
    slices += 1;
    published.push(clusters(engine).length);
  }
  assert.ok(slices > 5, `${slices} slices`);
  assert.equal(engine.resources.ready, true);
  assert.ok(
    published.some((count) => count > 0 && count < 1500),
    `published: ${published}`,
  );
  assert.equal(published.at(-1), 1500);
  assert.deepEqual(flushes, [4502]);
});

test('what was saved is computed at once, for Envoys that have nothing', () => {
  const { clock, engine, loop, flushes } = setUp();
  loop.takeEvents(upserts([...gatewayObjects(), ...tenantObjects(1)]));
  loop.restored();
  clock.next();
  assert.deepEqual(clusters(engine), [`0.0.0.0:443/${hostOf(1)}`]);
  const { synced, ready, provisional } = engine.resources;
  assert.deepEqual({ synced, ready, provisional }, { synced: true, ready: false, provisional: true });
  assert.deepEqual(flushes, []);
  loop.takeEvents(upserts(tenantObjects(2)));
  clock.next();
  loop.synced();
  assert.deepEqual([engine.resources.provisional, engine.resources.ready, flushes], [false, false, []]);
  clock.next();
  assert.equal(engine.resources.ready, true);
  assert.deepEqual(flushes, [8]);
  assert.equal(clusters(engine).length, 2);
});

test('a listener that lacks nothing but a host of a list waits, as long as its work is a small part of the time', () => {
  const { clock, engine, loop, flushes } = setUp();
  const [wildcard, ...rest] = tenantObjects(1);
  assert.ok(wildcard?.kind === 'TLSRoute');
  const all = { ...wildcard, hostnames: [`*.${DOMAIN}`] };
  loop.takeEvents(upserts([...gatewayObjects(), all, ...rest]));
  loop.synced();
  clock.tick = 1;
  clock.next();
  clock.tick = 0;
  const listeners = (): unknown[] =>
    [...engine.resources.all(LISTENER_TYPE)].map(({ newHosts }) => newHosts?.count);
  assert.deepEqual(listeners(), [0]);
  loop.takeEvents(upserts(tenantObjects(2)));
  clock.next();
  assert.ok(clusters(engine).includes(`0.0.0.0:443/${hostOf(2)}`));
  assert.ok(engine.hasPatientListeners);
  assert.deepEqual(listeners(), [0]);
  const before = flushes.length;
  while (engine.hasPatientListeners) clock.next();
  assert.deepEqual(listeners(), [1]);
  assert.equal(flushes.length, before, 'no event was in it');
  // After a quiet time it does not wait.
  loop.takeEvents(upserts(tenantObjects(3)));
  clock.time += 10_000;
  clock.next();
  assert.deepEqual(listeners(), [2]);
});

test('an empty world is served as empty once synced', () => {
  const { clock, engine, loop } = setUp();
  loop.synced();
  clock.next();
  assert.equal(engine.resources.ready, true);
});
