import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../kubernetes-api/test-clock.ts';
import { ownedId } from '../intent/objects.ts';
import { Contention } from './contention.ts';

const ID = ownedId('TLSRoute', 'shop', 'demo');

test('an object that is put right ten times in a minute is left alone for a minute, then looked at', () => {
  const clock = new ManualClock();
  const released: string[] = [];
  const contention = new Contention<string>({ clock, onRelease: (key) => released.push(key) });
  for (let count = 1; count < 10; count += 1) contention.repaired(ID, 'tenant');
  assert.equal(contention.isHeld(ID), false);
  contention.repaired(ID, 'tenant');
  assert.equal(contention.isHeld(ID), true);
  clock.advance(59_999);
  assert.deepEqual(released, []);
  clock.advance(1);
  assert.deepEqual([released, contention.isHeld(ID)], [['tenant'], false]);
});

test('repairs that are a minute apart are none of another writer', () => {
  const clock = new ManualClock();
  const contention = new Contention<string>({ clock, onRelease: () => {} });
  for (let count = 0; count < 50; count += 1) {
    contention.repaired(ID, 'tenant');
    clock.advance(10_000);
  }
  assert.equal(contention.isHeld(ID), false);
});
