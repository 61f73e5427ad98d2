import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatewayObjects, hostOf, tenantObjects, upserts } from '../../../test/harness/tenants.ts';
import { DEFAULT_ENGINE_CONFIG } from '../config.ts';
import { CLUSTER_TYPE } from '../resources/resource.ts';
import { Engine } from './engine.ts';
import { FlushLoop, type LoopClock } from './flush-loop.ts';

/** A clock that stands still until it is told otherwise; every look at it costs `tick`. */
class ManualClock implements LoopClock {
  time = 0;
  tick = 0;
  readonly tasks: { task: () => void; at: number }[] = [];

  now(): number {
    this.time += this.tick;
    return this.time;
  }

  schedule(task: () => void, delayMs: number): void {
    this.tasks.push({ task, at: this.time + delayMs });
  }

  /** Runs the next task; returns how long it had to be waited for. */
  next(): number {
    const task = this.tasks.shift();
    assert.ok(task, 'nothing is scheduled');
    const waited = Math.max(0, task.at - this.time);
    this.time += waited;
    task.task();
    return waited;
  }
}

function setUp(clock = new ManualClock()) {
  const engine = new Engine(DEFAULT_ENGINE_CONFIG);
  const flushes: number[] = [];
  const onFlush = ({ events }: { events: number }) => void flushes.push(events);
  const loop = new FlushLoop(engine, { intervalMs: 5, sliceMs: 20, clock, onFlush });
  return { clock, engine, loop, flushes };
}

function clusters(engine: Engine): string[] {
  return [...engine.resources.all(CLUSTER_TYPE)].map(({ name }) => name);
}

test('nothing is computed or served before the sources have synced', () => {
  const { clock, engine, loop } = setUp();
  loop.take(upserts([...gatewayObjects(), ...tenantObjects(1)]));
  assert.deepEqual(clock.tasks, []);
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
  loop.take(upserts(gatewayObjects()));
  loop.synced();
  clock.next();
  clock.time += 1000;
  loop.take(upserts(tenantObjects(1)));
  assert.equal(clock.next(), 0);
  loop.take(upserts(tenantObjects(2)));
  loop.take(upserts(tenantObjects(3)));
  assert.equal(clock.tasks.length, 1);
  assert.equal(clock.next(), 5);
  assert.equal(clusters(engine).length, 3);
  assert.deepEqual(flushes, [2, 3, 6]);
});

test('a long flush is cut into slices, published as it goes, and is ready only at its end', () => {
  const { clock, engine, loop, flushes } = setUp();
  const tenants = Array.from({ length: 1500 }, (_, index) => tenantObjects(index)).flat();
  loop.take(upserts([...gatewayObjects(), ...tenants]));
  loop.synced();
  clock.tick = 30;
  let slices = 0;
  const published: number[] = [];
  while (clock.tasks.length > 0) {
    assert.equal(engine.resources.ready, false);
    clock.next();
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

test('an empty world is served as empty once synced', () => {
  const { clock, engine, loop } = setUp();
  loop.synced();
  clock.next();
  assert.equal(engine.resources.ready, true);
});
