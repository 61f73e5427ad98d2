import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ManualClock } from '../kubernetes-api/test-clock.ts';
import { StateLock } from './state-lock.ts';

function world(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-lock-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const clock = new ManualClock();
  let beats = 0;
  return {
    folder,
    clock,
    a: new StateLock(folder, clock),
    b: new StateLock(folder, clock),
    /** As the holder does, whatever the resolution of the file system's times. */
    touch: () => {
      beats += 1;
      utimesSync(join(folder, 'lock'), 0, beats);
    },
  };
}

test('one of two holds it, and the other one learns who', async (t) => {
  const { a, b, touch } = world(t);
  assert.deepEqual(await a.beat(), { type: 'held' });
  assert.deepEqual(await b.beat(), { type: 'waiting' });
  touch();
  assert.deepEqual(await a.beat(), { type: 'held' });
  const taken = await b.beat();
  assert.ok(taken.type === 'taken');
  assert.match(taken.by, new RegExp(`"pid":${process.pid}`));
  assert.equal(b.isHeld, false);
});

test('one that is released is taken at once', async (t) => {
  const { a, b } = world(t);
  await a.beat();
  await a.release();
  assert.deepEqual(await b.beat(), { type: 'held' });
  await a.release();
  assert.deepEqual(await b.beat(), { type: 'held' });
});

for (const [when, beat] of [
  ['never', false],
  ['once', true],
] as const)
  test(`one whose holder was seen to live ${when} and has not for 20 s is taken, and the holder learns it`, async (t) => {
    const { a, b, clock, touch } = world(t);
    await a.beat();
    await b.beat();
    if (beat) {
      touch();
      assert.equal((await b.beat()).type, 'taken');
    }
    clock.advance(19_999);
    assert.notEqual((await b.beat()).type, 'held');
    clock.advance(1);
    assert.deepEqual(await b.beat(), { type: 'held' });
    assert.equal((await a.beat()).type, 'waiting');
    assert.equal(a.isHeld, false);
    await a.release();
    assert.deepEqual(await b.beat(), { type: 'held' }, 'the release of who lost it takes nothing away');
  });

test('a lock that somebody removed is taken again', async (t) => {
  const { a, folder } = world(t);
  await a.beat();
  rmSync(join(folder, 'lock'));
  assert.deepEqual(await a.beat(), { type: 'held' });
});

test('a folder that is not there is told', async (t) => {
  const { clock, folder } = world(t);
  await assert.rejects(new StateLock(join(folder, 'none'), clock).beat(), /ENOENT/);
});
