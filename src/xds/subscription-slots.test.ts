/** What a stream remembers by number, when the numbers change hands. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { request, setUpEach, subscription, TYPE, view } from './test-subscription.ts';
import { versionOf } from './test-view.ts';

setUpEach();

/** Sends what is to be sent now, and acknowledges it: `+name`, `-name`, in order. */
function changes(): string[] {
  const told: string[] = [];
  const next = () =>
    subscription.nextResources({ maxResources: 100, maxBytes: 1e9 }) ?? subscription.nextRemovals(100);
  for (let batch = next(); batch !== undefined; batch = next()) {
    subscription.sent('nonce', batch);
    subscription.acknowledge('nonce');
    told.push(...batch.resources.map(({ name }) => `+${name}`), ...batch.removed.map((name) => `-${name}`));
  }
  assert.equal(subscription.hasWork, false);
  return told;
}

describe('the slots of a subscription', () => {
  const reused = () => {
    const slot = view.slots(TYPE).slotOf('b');
    view.put(TYPE, { b: undefined });
    view.put(TYPE, { d: '1' });
    assert.equal(view.slots(TYPE).slotOf('d'), slot);
  };

  it('a resource in the slot of one that has gone is another one: both are told', () => {
    request({});
    changes();
    reused();
    assert.deepEqual(changes(), ['+d', '-b']);
  });

  it('... and is not sent to those who had asked for the other by name', () => {
    request({ subscribe: ['b'] });
    changes();
    reused();
    assert.deepEqual(changes(), ['-b']);
    assert.equal(subscription.acknowledged()('d', versionOf('1')), false);
    view.put(TYPE, { b: '1' });
    assert.deepEqual(changes(), ['+b']);
  });

  it('... and the name that comes back in another slot is still what the client has', () => {
    request({});
    changes();
    reused();
    view.put(TYPE, { b: '1' });
    assert.notEqual(view.slots(TYPE).slotOf('b'), view.slots(TYPE).slotOf('d'));
    assert.deepEqual(changes(), ['+d']);
    assert.equal(subscription.acknowledged()('b', versionOf('1')), true);
  });

  it('content that is back before it was told about is not sent, however often it flaps', () => {
    request({});
    changes();
    for (const text of ['2', '1', '2', '1']) view.put(TYPE, { a: text });
    assert.deepEqual(changes(), []);
    view.put(TYPE, { a: '3' });
    assert.deepEqual(changes(), ['+a']);
  });

  it('a version that nobody remembers is another one', () => {
    request({});
    changes();
    for (const text of ['2', '3', '4', '2']) view.put(TYPE, { a: text });
    assert.deepEqual(changes(), ['+a']);
  });

  it('a slot that was forgotten while it was due is due once when it is asked for again', () => {
    request({ subscribe: ['a'] });
    request({ unsubscribe: ['a'] });
    assert.equal(subscription.hasWork, false);
    request({ subscribe: ['a'] });
    assert.deepEqual(changes(), ['+a']);
  });

  it('are as many as the most resources that there were at once, not as many as there ever were', () => {
    for (let round = 0; round < 100; round += 1) {
      view.put(TYPE, { [`come-${round}`]: '1' });
      view.put(TYPE, { [`come-${round}`]: undefined });
    }
    assert.equal(view.slots(TYPE).size, 4);
  });
});
