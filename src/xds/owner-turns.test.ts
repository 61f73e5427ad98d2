import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OwnerTurns } from './owner-turns.ts';

/** A window of 4 resources at the first guess of 0.25 ms each. */
const OPTIONS = {
  underWayMs: 1,
  fewest: 2,
  most: 10,
  lightMs: 0,
  burstMs: 5,
  burstMsOfResource: 1,
  msPerSecond: 100,
  mostMs: 4,
};

function setUp(options: Partial<typeof OPTIONS> = {}) {
  const time = { now: 1_000 };
  const turns = new OwnerTurns({ ...OPTIONS, ...options }, () => time.now);
  let nonce = 0;
  const taken = (owner: string, times: number, owned = 0): number => {
    let count = 0;
    for (let index = 0; index < times; index += 1) if (turns.takeTurn(owner, owned)) count += 1;
    return count;
  };
  /** A response with what the owner may send, answered after so many milliseconds; returns how many resources it had. */
  const respond = (owner: string, took: number, owned = 0): number => {
    nonce += 1;
    turns.begin();
    const count = taken(owner, 100, owned);
    turns.sent(String(nonce));
    time.now += took;
    turns.answered(String(nonce));
    return count;
  };
  /** Responses, each answered after so many milliseconds, until the owner has to wait. */
  const useUp = (owner: string, took: number, owned = 0): number => {
    for (let responses = 0; responses < 1_000; responses += 1)
      if (respond(owner, took, owned) === 0) return responses;
    throw new Error(`${owner} never has to wait`);
  };
  return { time, turns, taken, respond, useUp };
}

test('an owner has so many resources under way, and others have theirs', () => {
  const { turns, taken } = setUp();
  turns.begin();
  assert.equal(taken('noisy', 10), 4);
  assert.equal(taken('quiet', 1), 1);
  turns.sent('1');
  turns.begin();
  assert.equal(taken('noisy', 10), 0);
  assert.equal(turns.waitMs, 0, 'only an answer helps');
  turns.answered('1');
  assert.ok(taken('noisy', 10) > 0);
});

test('an owner that has used little lately is not held back by what is under way', () => {
  const { respond } = setUp({ lightMs: 4, burstMs: 50 });
  assert.equal(respond('light', 2.5), OPTIONS.most);
  assert.equal(respond('light', 2.5), OPTIONS.most);
  assert.equal(respond('light', 2.5), 4, 'it has used 5 ms, and got little back');
});

test('answers free the owners of their own response, also one that was sent later', () => {
  const { time, turns, taken } = setUp();
  turns.begin();
  taken('a', 3);
  turns.sent('1');
  turns.begin();
  taken('a', 1);
  turns.sent('2');
  time.now += 0.25;
  turns.answered('2');
  turns.begin();
  assert.equal(taken('a', 10), 1);
  turns.sent('3');
  turns.answered('unknown');
  turns.begin();
  assert.equal(taken('a', 10), 0);
});

test('resources that turn out to be dear are sent in small numbers, cheap ones in large, within limits', () => {
  const { respond } = setUp({ burstMs: 1e6 });
  for (let index = 0; index < 30; index += 1) respond('a', 0.01);
  assert.equal(respond('a', 0), OPTIONS.most);
  for (let index = 0; index < 30; index += 1) respond('a', 1_000);
  assert.equal(respond('a', 1_000), OPTIONS.fewest);
});

test('what an owner may use in the long run is what its resources took, and the wait is known', () => {
  const { time, turns, taken, useUp } = setUp();
  // A response takes 1 ms: six use up more than the burst of 5 ms, of which some came back meanwhile.
  const responses = useUp('noisy', 1);
  assert.equal(responses, 6);
  const wait = turns.waitMs;
  assert.ok(wait >= 10 && wait <= 20, `for a response worth sending: ${wait} ms`);
  assert.equal(taken('quiet', 1), 1, 'others are not held off');
  turns.begin();
  assert.equal(taken('noisy', 1), 0);
  time.now += wait;
  turns.begin();
  assert.ok(taken('noisy', 10) >= OPTIONS.fewest);
});

test('an owner may send all that it has at once, and not again by taking it away and having it again', () => {
  const { respond, useUp } = setUp();
  const responses = useUp('large', 1, 20);
  assert.ok(responses >= 25, `${responses} ms of 5 + 20`);
  assert.equal(respond('large', 1, 0), 0);
  assert.equal(respond('large', 1, 20), 0);
});

test('changed endpoints of an owner wait for the answer to the ones before, those of one response do not for each other', () => {
  const { turns } = setUp();
  const take = (owner: string): boolean => turns.takeTurnOfEndpoints(owner, 0);
  turns.begin();
  assert.deepEqual([take('a'), take('a'), take('b')], [true, true, true]);
  turns.sent('1');
  turns.begin();
  assert.deepEqual([take('a'), take('c')], [false, true]);
  turns.sent('2');
  turns.answered('1');
  turns.begin();
  assert.equal(take('a'), true);
});

test('endpoint sets that turn out to be dear are sent one after the other, cheap ones together', () => {
  const { time, turns } = setUp({ burstMs: 1e6 });
  const respond = (took: number): number => {
    turns.begin();
    let count = 0;
    while (turns.takeTurnOfEndpoints('a', 0)) count += 1;
    turns.sent('1');
    time.now += took;
    turns.answered('1');
    return count;
  };
  assert.equal(respond(0.01), 4, 'at the first guess');
  for (let index = 0; index < 30; index += 1) respond(0.01);
  assert.equal(respond(0.01), OPTIONS.most);
  for (let index = 0; index < 30; index += 1) respond(4);
  assert.equal(respond(4), 1);
});

test('an Envoy that hangs is not the fault of whose resources it had', () => {
  const { time, respond } = setUp();
  respond('unlucky', 60_000);
  time.now += 1;
  assert.ok(respond('unlucky', 1) > 0);
});

test('what Envoy did before a response came to it is not counted', () => {
  const { time, turns, taken } = setUp({ burstMs: 1 });
  turns.begin();
  taken('first', 2);
  turns.sent('1');
  turns.begin();
  taken('second', 2);
  turns.sent('2');
  time.now += 2;
  turns.answered('1');
  turns.answered('2');
  turns.begin();
  assert.equal(taken('first', 1), 0, 'it took 2 ms');
  assert.equal(taken('second', 1), 1, 'it took nothing');
});

test('owners that are quiet are forgotten, those that owe are not', () => {
  const { turns, taken, useUp } = setUp();
  assert.ok(useUp('noisy', 1) > 0);
  turns.begin();
  for (let index = 0; index < 5_000; index += 1) taken(`quiet-${index}`, 1);
  turns.sent('many');
  turns.answered('many');
  turns.begin();
  assert.equal(taken('noisy', 1), 0);
});
