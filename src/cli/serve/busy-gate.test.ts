import assert from 'node:assert/strict';
import test from 'node:test';
import { BusyGate } from './busy-gate.ts';

/** Asks every 20 ms for so long; returns how often the gate was closed. */
function gateWith(isBusyAt: (ms: number) => boolean) {
  let now = 0;
  const gate = new BusyGate(() => isBusyAt(now), { now: () => now });
  const ask = (forMs: number): number => {
    let closed = 0;
    for (const end = now + forMs; now < end; now += 20) if (gate.isClosed) closed += 1;
    return closed * 20;
  };
  const rest = (ms: number): void => {
    now += ms;
  };
  return { ask, rest };
}

test('is open while nothing is under way', () => {
  assert.equal(gateWith(() => false).ask(1_000), 0);
});

test('is closed while something is, and open as soon as it has ended', () => {
  const { ask } = gateWith((ms) => ms < 2_000);
  assert.equal(ask(2_000), 2_000);
  assert.equal(ask(1_000), 0);
});

test('opens after five seconds when something never ends, and gives way to what comes a minute later', () => {
  const { ask, rest } = gateWith((ms) => ms < 10_000 || ms >= 100_000);
  assert.ok(Math.abs(ask(10_000) - 5_000) <= 600);
  rest(90_000);
  assert.equal(ask(4_000), 4_000);
});

for (const idleEvery of [200, 1_000, 4_000, 30_000]) {
  test(`short rests do not hold anybody up for longer (20 ms in each ${idleEvery} ms)`, () => {
    const { ask } = gateWith((ms) => ms % idleEvery >= 20);
    assert.ok(ask(600_000) <= 60_000);
  });
}

test('what was not asked for hours ago does not count', () => {
  const { ask, rest } = gateWith(() => true);
  ask(100);
  rest(3_600_000);
  assert.equal(ask(3_000), 3_000);
});
