import assert from 'node:assert/strict';
import test from 'node:test';
import { BusyGate } from './busy-gate.ts';

test('is open while nothing is under way', () => {
  assert.equal(new BusyGate(() => false).isClosed, false);
});

test('is closed while something is, and open as soon as it has ended', () => {
  let isBusy = true;
  const gate = new BusyGate(() => isBusy);
  assert.equal(gate.isClosed, true);
  isBusy = false;
  assert.equal(gate.isClosed, false);
});

test('opens when something never ends, and closes again for what comes after it', () => {
  let isBusy = true;
  let now = 0;
  const gate = new BusyGate(
    () => isBusy,
    5_000,
    () => now,
  );
  assert.equal(gate.isClosed, true);
  now = 4_999;
  assert.equal(gate.isClosed, true);
  now = 5_000;
  assert.equal(gate.isClosed, false);
  isBusy = false;
  assert.equal(gate.isClosed, false);
  isBusy = true;
  assert.equal(gate.isClosed, true);
});
