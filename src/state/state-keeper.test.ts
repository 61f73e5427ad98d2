import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { processTurns } from '../event-loop/turns.ts';
import { ManualClock } from '../kubernetes-api/test-clock.ts';
import type { ObjectEvent } from '../model/events.ts';
import type { KubernetesObject } from '../model/objects.ts';
import { World } from '../snapshot/world/world.ts';
import { RecordingLogger } from '../watchers/kubernetes/test-sink.ts';
import { decoded, route } from '../watchers/objects/test-manifests.ts';
import { StateDirectory } from './state-directory.ts';
import type { StateOwner } from './state-file.ts';
import { StateKeeper } from './state-keeper.ts';
import { StateLock } from './state-lock.ts';

const TIMEOUT = { timeout: 20_000 };
const OWNER: StateOwner = { sluice: '1.0.0', cluster: { server: 'https://a', authority: 'aa', uid: 'u' } };
const EPOCH = 1_000_000;

function tlsRoute(name: string, host = `${name}.example.com`): KubernetesObject {
  return decoded('TLSRoute', route({ hostnames: [host] }, { name }));
}

function keeper(t: TestContext, path = mkdtempSync(join(tmpdir(), 'sluice-keeper-'))) {
  t.after(() => rmSync(path, { recursive: true, force: true }));
  const clock = new ManualClock();
  const logger = new RecordingLogger();
  const world = new World();
  const state = { version: 1, isReading: false, isCurrent: true, isHeldUp: false };
  const directory = new StateDirectory({
    path,
    reading: processTurns.reading,
    writing: processTurns.reports,
  });
  const kept = new StateKeeper({
    directory,
    lock: new StateLock(path, clock),
    owner: () => Promise.resolve(OWNER),
    content: world,
    positions: () =>
      state.isReading
        ? undefined
        : {
            positions: [
              { kind: 'TLSRoute', at: { apiVersion: 'g/v1', resourceVersion: String(state.version) } },
            ],
            isCurrent: state.isCurrent,
          },
    isHeldUp: () => state.isHeldUp,
    clock,
    wallClock: () => EPOCH + clock.now(),
    logger,
  });
  t.after(() => kept.stop());
  return {
    path,
    clock,
    logger,
    state,
    kept,
    apply(...events: readonly ObjectEvent[]) {
      for (const event of events) world.applyEvent(event);
      state.version += events.length;
      kept.changed(events);
    },
    /** So many seconds, each of which has been worked off. */
    async seconds(count: number) {
      for (let second = 0; second < count; second += 1) clock.advance(await clock.timer(1_000));
      await clock.timer(1_000);
    },
    /** What a start would find: names with hosts, and how old it is. */
    async found() {
      const reader = new StateDirectory({
        path,
        reading: processTurns.reading,
        writing: processTurns.reports,
      });
      const read = await reader.read({
        owner: OWNER,
        maxAgeMs: 1e12,
        now: EPOCH,
        onProblem: (problem) => assert.fail(problem.message),
      });
      const objects = new Map<string, string>();
      for (const event of read?.batches.flat() ?? []) {
        if (event.type === 'delete') objects.delete(event.ref.name);
        else if (event.object.kind === 'TLSRoute')
          objects.set(event.object.meta.name, event.object.hostnames.join());
      }
      return (
        read && {
          at: read.at - EPOCH,
          version: read.positions[0]?.at?.resourceVersion,
          objects: Object.fromEntries(objects),
        }
      );
    },
  };
}

const upsert = (object: KubernetesObject): ObjectEvent => ({ type: 'upsert', object });
const remove = (name: string): ObjectEvent => ({
  type: 'delete',
  ref: { kind: 'TLSRoute', namespace: 'ns', name },
});

test('all is written at first, then what changes, each second', TIMEOUT, async (t) => {
  const { kept, apply, seconds, found, path, clock } = keeper(t);
  apply(upsert(tlsRoute('a')), upsert(tlsRoute('b')));
  kept.start();
  await clock.timer(1_000);
  assert.deepEqual(await found(), {
    at: 0,
    version: '3',
    objects: { a: 'a.example.com', b: 'b.example.com' },
  });
  apply(remove('a'), upsert(tlsRoute('b', 'first.example.com')));
  apply(upsert(tlsRoute('b', 'second.example.com')), upsert(tlsRoute('c')));
  await seconds(1);
  assert.deepEqual(await found(), {
    at: 1_000,
    version: '7',
    objects: { b: 'second.example.com', c: 'c.example.com' },
  });
  assert.equal(kept.savedAt, EPOCH + 1_000);
  assert.deepEqual(readdirSync(path).sort(), ['000001.state', 'lock']);
});

test('what changes while a state is written whole is appended to it', TIMEOUT, async (t) => {
  const { kept, apply, seconds, found, clock } = keeper(t);
  apply(upsert(tlsRoute('a')));
  kept.start();
  await Promise.resolve();
  apply(upsert(tlsRoute('b')));
  await clock.timer(1_000);
  await seconds(1);
  assert.deepEqual((await found())?.objects, { a: 'a.example.com', b: 'b.example.com' });
});

test(
  'without changes the time and the versions are written each minute, as long as all is told',
  TIMEOUT,
  async (t) => {
    const { kept, seconds, found, state } = keeper(t);
    kept.start();
    await seconds(59);
    assert.equal((await found())?.at, 0);
    state.version = 50;
    await seconds(1);
    assert.deepEqual(await found(), { at: 60_000, version: '50', objects: {} });
    state.isCurrent = false;
    await seconds(120);
    assert.equal((await found())?.at, 60_000, 'how things are is not known since');
    state.isCurrent = true;
    await seconds(1);
    assert.equal((await found())?.at, 181_000);
  },
);

test('what is half read is not written until it is read', TIMEOUT, async (t) => {
  const { kept, apply, seconds, found, state } = keeper(t);
  apply(upsert(tlsRoute('a')));
  kept.start();
  await seconds(1);
  state.isReading = true;
  apply(upsert(tlsRoute('b')));
  await seconds(5);
  assert.deepEqual((await found())?.objects, { a: 'a.example.com' });
  state.isReading = false;
  apply(remove('a'));
  await seconds(1);
  assert.deepEqual((await found())?.objects, { b: 'b.example.com' });
});

test('nothing is written while others have more urgent work', TIMEOUT, async (t) => {
  const { kept, seconds, found, state } = keeper(t);
  state.isHeldUp = true;
  kept.start();
  await seconds(3);
  assert.equal(await found(), undefined);
  state.isHeldUp = false;
  await seconds(1);
  assert.equal((await found())?.at, 4_000);
});

test('many changes are written as a new state, once a minute at most', TIMEOUT, async (t) => {
  const { kept, apply, seconds, found, path } = keeper(t);
  kept.start();
  await seconds(1);
  const many = Array.from({ length: 10_001 }, (_, index) => upsert(tlsRoute(`r${index}`)));
  apply(...many);
  await seconds(3);
  assert.deepEqual((await found())?.objects, {});
  await seconds(57);
  assert.equal(Object.keys((await found())?.objects ?? {}).length, 10_001);
  assert.deepEqual(readdirSync(path).sort(), ['000002.state', 'lock']);
});

test('the end writes what is left, and leaves the folder to others', TIMEOUT, async (t) => {
  const { kept, apply, seconds, found, path } = keeper(t);
  kept.start();
  await seconds(1);
  apply(upsert(tlsRoute('a')));
  await kept.stop();
  assert.deepEqual((await found())?.objects, { a: 'a.example.com' });
  assert.deepEqual(readdirSync(path), ['000001.state']);
});

test(
  'a folder that another Sluice writes in is left to it, told once, and taken when it has gone',
  TIMEOUT,
  async (t) => {
    const first = keeper(t);
    first.kept.start();
    await first.seconds(1);
    const second = keeper(t, first.path);
    second.kept.start();
    for (let second5 = 0; second5 < 4; second5 += 1) {
      await first.seconds(5);
      await second.seconds(5);
    }
    assert.deepEqual(
      second.logger.of('warn').map(({ fields }) => fields['code']),
      ['SLUICE_STATE_LOCKED'],
    );
    assert.equal(second.kept.savedAt, undefined);
    await first.kept.stop();
    await second.seconds(5);
    await second.logger.times(1, /saved again/);
    assert.deepEqual(readdirSync(first.path).sort(), ['000002.state', 'lock']);
  },
);

test('a folder that cannot be written to is told once, and used when it can', TIMEOUT, async (t) => {
  const path = join(tmpdir(), `sluice-keeper-${process.pid}-missing`);
  const { kept, seconds, logger, found } = keeper(t, path);
  kept.start();
  await seconds(20);
  assert.deepEqual(
    logger.of('warn').map(({ fields }) => fields['code']),
    ['SLUICE_STATE_WRITE'],
  );
  const { mkdirSync } = await import('node:fs');
  mkdirSync(path);
  await seconds(5);
  assert.deepEqual((await found())?.objects, {});
  await logger.times(1, /saved again/);
});
