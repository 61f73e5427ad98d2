import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE } from '../snapshot/resources/resource.ts';
import { OwnerTurns } from './owner-turns.ts';
import { AdsStream } from './stream.ts';
import { DEFAULT_STREAM_LIMITS } from './stream-limits.ts';
import { responses, subscribeLikeEnvoy } from './test-stream.ts';
import { TestView, versionOf } from './test-view.ts';

describe('turns by owner', () => {
  const TURNS = {
    underWayMs: 0.5,
    fewest: 2,
    most: 2,
    lightMs: 0,
    burstMs: 100,
    burstMsOfResource: 0,
    mostMs: 2,
    msPerSecond: 1,
  };

  function current() {
    const view = new TestView();
    view.setReady();
    const stream = new AdsStream(view, DEFAULT_STREAM_LIMITS, undefined, new OwnerTurns(TURNS, () => 0));
    view.onChange((change) => stream.snapshotChanged(change));
    view.put(CLUSTER_TYPE, { first1: '1', first2: '1', first3: '1' }, undefined, 'noisy');
    view.put(LISTENER_TYPE, { l: '1' });
    subscribeLikeEnvoy(stream, []);
    const start = responses(stream);
    return { view, stream, start };
  }

  it('begin once the client has all that there was: a cold Envoy gets it as fast as it can', () => {
    const { start, stream } = current();
    assert.deepEqual(start, ['cds +first1 +first2 +first3', 'lds +l']);
    assert.ok(stream.hasBeenCurrent);
  });

  it('let one owner have so many clusters under way; those of others do not wait for it', () => {
    const { view, stream } = current();
    view.put(CLUSTER_TYPE, { first1: '2', first2: '2', first3: '2' }, undefined, 'noisy');
    view.put(CLUSTER_TYPE, { good: '1' }, undefined, 'good');
    const first = stream.next();
    assert.deepEqual(
      first?.batch.resources.map(({ name }) => name),
      ['first1', 'first2', 'good'],
    );
    assert.equal(stream.next(), undefined);
    view.put(CLUSTER_TYPE, { first3: '3' }, undefined, 'noisy');
    stream.request({ type_url: CLUSTER_TYPE, response_nonce: first?.nonce ?? '' });
    const [second, ...none] = [stream.next(), stream.next()];
    assert.deepEqual(
      second?.batch.resources.map(({ name, version }) => [name, version]),
      [['first3', versionOf('3')]],
      'once, as it is now',
    );
    assert.deepEqual(none, [undefined]);
  });

  it('hold up neither the endpoints that changed clusters wait for nor listeners', () => {
    const { view, stream } = current();
    stream.request({ type_url: ENDPOINT_TYPE, resource_names_subscribe: ['e'] });
    view.put(ENDPOINT_TYPE, { e: '1' });
    responses(stream);
    view.put(CLUSTER_TYPE, { first1: '2', first2: '2', first3: '2' }, ['e'], 'noisy');
    view.put(LISTENER_TYPE, { l: '2' });
    assert.deepEqual(responses(stream, false), ['cds +first1 +first2', 'eds +e', 'lds +l']);
  });

  it('send endpoints that changed once for all changes that came while the ones before were under way', () => {
    const { view, stream } = current();
    view.put(CLUSTER_TYPE, { first1: '2' }, ['e'], 'noisy');
    view.put(ENDPOINT_TYPE, { e: '1' }, undefined, 'noisy');
    stream.request({ type_url: ENDPOINT_TYPE, resource_names_subscribe: ['e'] });
    responses(stream);
    view.put(ENDPOINT_TYPE, { e: '2' }, undefined, 'noisy');
    const first = stream.next();
    view.put(ENDPOINT_TYPE, { e: '3' }, undefined, 'noisy');
    view.put(ENDPOINT_TYPE, { e: '4' }, undefined, 'noisy');
    assert.equal(stream.next(), undefined);
    stream.request({ type_url: ENDPOINT_TYPE, response_nonce: first?.nonce ?? '' });
    const [second, none] = [stream.next(), stream.next()];
    assert.deepEqual(
      second?.batch.resources.map(({ version }) => version),
      [versionOf('4')],
    );
    assert.equal(none, undefined);
  });

  it('say when to look again where an owner has had its share of a second', () => {
    const view = new TestView();
    view.setReady();
    let now = 0;
    const turns = new OwnerTurns({ ...TURNS, underWayMs: 1, burstMs: 1, msPerSecond: 4 }, () => now);
    const stream = new AdsStream(view, DEFAULT_STREAM_LIMITS, undefined, turns);
    view.onChange((change) => stream.snapshotChanged(change));
    subscribeLikeEnvoy(stream, []);
    responses(stream);
    view.put(CLUSTER_TYPE, { a: '1', b: '1' }, undefined, 'noisy');
    const response = stream.next();
    now += 10;
    stream.request({ type_url: CLUSTER_TYPE, response_nonce: response?.nonce ?? '' });
    view.put(CLUSTER_TYPE, { c: '1' }, undefined, 'noisy');
    assert.equal(stream.next(), undefined);
    assert.equal(stream.waitMs, 500, 'it owes 1 ms, and gets 1 ms for the next response');
    now += 500;
    assert.deepEqual(responses(stream), ['cds +c']);
  });
});
