import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { ApiFailure } from './api-failure.ts';
import { Readiness } from './readiness.ts';
import { ManualClock } from './test-clock.ts';
import type { ApiRequest, ApiResponse } from './transport.ts';

const TIMEOUT = { timeout: 10_000 };
const LIMITS = { probeMs: 250, probeSilenceMs: 500, recallMs: 1_000 };
const LONG = 30_000;

function world() {
  const clock = new ManualClock();
  const looks: ApiRequest[] = [];
  const state = { answer: 0 };
  const transport = {
    get: (request: ApiRequest): Promise<ApiResponse> => {
      looks.push(request);
      if (state.answer === 0) return Promise.reject(new ApiFailure('unreachable', 'nobody is there'));
      async function* body() {}
      return Promise.resolve({ status: state.answer, retryAfterMs: undefined, body: body() });
    },
  };
  const readiness = new Readiness({ transport, clock, random: () => 1, limits: LIMITS });
  const end = new AbortController();
  const ended: boolean[] = [];
  return {
    clock,
    looks,
    state,
    ended,
    end: () => end.abort(),
    wait: (ms = LONG, isOutage = true) =>
      readiness.wait(ms, isOutage, end.signal).then((wasRecalled) => {
        ended.push(wasRecalled);
        return wasRecalled;
      }),
    /** The next look, answered so. */
    async look(answer: number): Promise<void> {
      state.answer = answer;
      const before = looks.length;
      clock.advance(await clock.timer(250));
      await turn();
      assert.equal(looks.length, before + 1);
    },
  };
}

test('all who wait are called back once a server that was away is ready', TIMEOUT, async () => {
  const { wait, look, looks, ended, clock } = world();
  const waits = [wait(), wait(), wait(LONG, false)];
  await look(0);
  await look(500);
  assert.deepEqual(ended, []);
  await look(200);
  assert.deepEqual(await Promise.all(waits), [true, true, true]);
  assert.deepEqual(
    new Set(looks.map(({ path, silenceMs }) => `${path} ${silenceMs}`)),
    new Set(['/readyz 500']),
  );
  assert.deepEqual(clock.delays(), [], 'nobody looks any more');
});

test(
  'a server that is ready all the time calls nobody, and is looked at once for each failure',
  TIMEOUT,
  async () => {
    const { wait, look, looks, clock, ended } = world();
    const first = wait();
    await look(200);
    await turn();
    assert.deepEqual(clock.delays(), [LONG - 250]);
    const second = wait();
    await look(403);
    clock.advance(LONG);
    assert.deepEqual(await Promise.all([first, second]), [false, false]);
    assert.equal(looks.length, 2);
    assert.deepEqual(ended, [false, false]);
  },
);

test('without an outage nobody looks', TIMEOUT, async () => {
  const { wait, clock, looks } = world();
  const waiting = wait(LONG, false);
  clock.advance(LONG);
  assert.equal(await waiting, false);
  assert.equal(looks.length, 0);
});

test('looks end with the last who waits, and begin anew with the next', TIMEOUT, async () => {
  const { wait, look, clock, looks } = world();
  const short = wait(400);
  await look(0);
  clock.advance(150);
  assert.equal(await short, false);
  assert.deepEqual(clock.delays(), []);
  const next = wait();
  await look(200);
  assert.equal(await next, true, 'it was away when the looks ended');
  assert.equal(looks.length, 2);
});

test('a server that comes and goes calls back once a second at most', TIMEOUT, async () => {
  const { wait, look, clock } = world();
  for (const recall of [1, 2]) {
    const waiting = wait();
    await look(0);
    await look(200);
    if (recall === 2) {
      await look(200);
      await look(200);
    }
    assert.equal(await waiting, true);
  }
  assert.equal(clock.now(), 500 + 1_000);
});

test('the end of the source ends the wait and the looks', TIMEOUT, async () => {
  const { wait, look, end, clock } = world();
  const waiting = wait();
  await look(0);
  end();
  assert.equal(await waiting, false);
  assert.deepEqual(clock.delays(), []);
});
