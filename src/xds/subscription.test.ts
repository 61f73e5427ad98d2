/** The incremental variant of the xDS protocol, a test per sentence. The sentences are those of "xDS REST and gRPC protocol" in Envoy's documentation, told in our words. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Batch } from './batch.ts';
import { mentions } from './mentions.ts';
import { request, setUpEach, subscription, TYPE, view } from './test-subscription.ts';
import { versionOf } from './test-view.ts';

let nonces = 0;

setUpEach();

/** Everything that is to be sent now: `+name`, `-name`, in order; `[]` for an empty response, of which there is a note. */
function drain(maxResources = 100): { changes: string[]; responses: number; nonces: string[] } {
  const changes: string[] = [];
  const used: string[] = [];
  const send = (batch: Batch): void => {
    nonces += 1;
    subscription.sent(String(nonces), batch);
    used.push(String(nonces));
    for (const { name } of batch.resources) changes.push(`+${name}`);
    for (const name of batch.removed) changes.push(`-${name}`);
  };
  for (
    let batch = subscription.nextResources({ maxResources, maxBytes: 1e9 });
    batch;
    batch = subscription.nextResources({ maxResources, maxBytes: 1e9 })
  )
    send(batch);
  for (
    let batch = subscription.nextRemovals(maxResources);
    batch;
    batch = subscription.nextRemovals(maxResources)
  )
    send(batch);
  assert.equal(subscription.hasWork, false);
  return { changes, responses: used.length, nonces: used };
}

describe('subscribing', () => {
  it('legacy wildcard: if the client sends a request but has never explicitly subscribed to any resource names, the server should treat that identically to how it would treat the client having explicitly subscribed to *', () => {
    request({});
    assert.deepEqual(drain().changes, ['+a', '+b', '+c']);
    view.put(TYPE, { d: '1' });
    assert.deepEqual(drain().changes, ['+d']);
  });

  it('A client may explicitly subscribe to the wildcard by specifying a special name of *', () => {
    request({ subscribe: ['*'] });
    assert.deepEqual(drain().changes, ['+a', '+b', '+c']);
  });

  it('once a stream has entered non-wildcard mode for a given resource type, there is no way to change it back without *: a later empty request subscribes to nothing', () => {
    request({ subscribe: ['a'] });
    assert.deepEqual(drain().changes, ['+a']);
    request({});
    assert.deepEqual(drain().changes, []);
    view.put(TYPE, { d: '1' });
    assert.deepEqual(drain().changes, []);
  });

  it('answers only for the names that a client subscribed to', () => {
    request({ subscribe: ['b'] });
    assert.deepEqual(drain().changes, ['+b']);
    view.put(TYPE, { a: '2', b: '2' });
    assert.deepEqual(drain().changes, ['+b']);
  });

  it('subscriptions add up over requests', () => {
    request({ subscribe: ['a'] });
    drain();
    request({ subscribe: ['b'] });
    assert.deepEqual(drain().changes, ['+b']);
    view.put(TYPE, { a: '2', b: '2' });
    assert.deepEqual(drain().changes, ['+a', '+b']);
  });

  it('it is legal for a client to subscribe to * and to a name: the name stays subscribed when the wildcard goes', () => {
    request({ subscribe: ['*', 'a'] });
    drain();
    request({ unsubscribe: ['*'] });
    view.put(TYPE, { a: '2', b: '2' });
    assert.deepEqual(drain().changes, ['+a']);
  });

  it('the wildcard may be subscribed to after names: what is known already is not sent again', () => {
    request({ subscribe: ['a'] });
    drain();
    request({ subscribe: ['*'] });
    assert.deepEqual(drain().changes, ['+b', '+c']);
  });
});

describe('what a server must answer', () => {
  it('the server should respond with all resources requested: even if it believes that the client already has it, a name subscribed to again is sent again', () => {
    request({ subscribe: ['a'] });
    drain();
    request({ subscribe: ['a'] });
    assert.deepEqual(drain().changes, ['+a']);
  });

  it('a name that does not exist is answered by removed_resources', () => {
    request({ subscribe: ['nothing'] });
    assert.deepEqual(drain().changes, ['-nothing']);
  });

  it('... and is sent as soon as it exists', () => {
    request({ subscribe: ['later'] });
    drain();
    view.put(TYPE, { later: '1' });
    assert.deepEqual(drain().changes, ['+later']);
  });

  it('... and asked for again, is answered again', () => {
    request({ subscribe: ['nothing'] });
    drain();
    request({ subscribe: ['nothing'] });
    assert.deepEqual(drain().changes, ['-nothing']);
  });

  it('a wildcard with no resources is answered by an empty response: Envoy waits for one before it serves', () => {
    view.put(TYPE, { a: undefined, b: undefined, c: undefined });
    request({});
    assert.deepEqual(drain(), { changes: [], responses: 1, nonces: [String(nonces)] });
    assert.equal(drain().responses, 0);
  });

  it('removed_resources names of resources that have been deleted, once', () => {
    request({});
    drain();
    view.put(TYPE, { b: undefined });
    assert.deepEqual(drain().changes, ['-b']);
    assert.deepEqual(drain().changes, []);
  });

  it('only what changed is sent, and nothing where the content is the same', () => {
    request({});
    drain();
    view.put(TYPE, { a: '1', b: '2' });
    assert.deepEqual(drain().changes, ['+b']);
  });

  it('a resource that goes and comes back before it was told about is not told as removed', () => {
    request({});
    drain();
    view.put(TYPE, { a: undefined });
    view.put(TYPE, { a: '1' });
    assert.deepEqual(drain().changes, []);
  });

  it('a resource that comes and goes before it was told about is not told at all', () => {
    request({});
    drain();
    view.put(TYPE, { d: '1' });
    view.put(TYPE, { d: undefined });
    assert.deepEqual(drain().changes, []);
  });

  it('responses are cut by number of resources, and nothing is lost', () => {
    request({});
    const { changes, responses } = drain(2);
    assert.deepEqual(changes, ['+a', '+b', '+c']);
    assert.equal(responses, 2);
  });

  it('responses are cut by bytes, and one resource goes however large it is', () => {
    request({});
    assert.deepEqual(
      subscription.nextResources({ maxResources: 100, maxBytes: 1 })?.resources.map(({ name }) => name),
      ['a'],
    );
  });
});

describe('unsubscribing', () => {
  it('the server will not send updates for a resource that the client has unsubscribed from', () => {
    request({ subscribe: ['a', 'b'] });
    drain();
    request({ unsubscribe: ['a'] });
    view.put(TYPE, { a: '2', b: '2' });
    assert.deepEqual(drain().changes, ['+b']);
  });

  it('if a client unsubscribes from a resource under a wildcard subscription, the server must answer with the resource or its removal', () => {
    request({ subscribe: ['*', 'a', 'nothing'] });
    drain();
    request({ unsubscribe: ['a', 'nothing'] });
    assert.deepEqual(drain().changes, ['+a', '-nothing']);
  });

  it('of a name that was never subscribed to is nothing', () => {
    request({ subscribe: ['a'] });
    drain();
    request({ unsubscribe: ['b', '*'] });
    assert.deepEqual(drain().changes, []);
  });

  it('a name in both lists stays subscribed and is answered', () => {
    request({ subscribe: ['a'] });
    drain();
    request({ subscribe: ['a'], unsubscribe: ['a'] });
    assert.deepEqual(drain().changes, ['+a']);
    view.put(TYPE, { a: '2' });
    assert.deepEqual(drain().changes, ['+a']);
  });

  it('subscribed to again after that, it is sent again', () => {
    request({ subscribe: ['a'] });
    drain();
    request({ unsubscribe: ['a'] });
    request({ subscribe: ['a'] });
    assert.deepEqual(drain().changes, ['+a']);
  });
});

describe('reconnecting', () => {
  it('initial_resource_versions: the server will not send resources whose version the client has', () => {
    request({ initialVersions: { a: versionOf('1'), b: 'old' } });
    assert.deepEqual(drain().changes, ['+b', '+c']);
  });

  it('the server should send removed_resources for those that have been deleted since', () => {
    request({ initialVersions: { a: versionOf('1'), b: versionOf('1'), c: versionOf('1'), gone: 'x' } });
    assert.deepEqual(drain().changes, ['-gone']);
  });

  it('a client that is current gets an empty response, so that it goes on', () => {
    request({ initialVersions: { a: versionOf('1'), b: versionOf('1'), c: versionOf('1') } });
    assert.deepEqual({ ...drain(), nonces: [] }, { changes: [], responses: 1, nonces: [] });
  });

  it('by name: what it has is not sent, what changed is, what has gone is told', () => {
    request({ subscribe: ['a', 'b', 'gone'], initialVersions: { a: versionOf('1'), b: 'old', gone: 'x' } });
    assert.deepEqual(drain().changes, ['+b', '-gone']);
  });

  it('versions of names that it does not subscribe to say nothing', () => {
    request({ subscribe: ['a'], initialVersions: { b: 'old' } });
    assert.deepEqual(drain().changes, ['+a']);
  });

  it('initial_resource_versions must only be populated on the first message: later ones are not looked at', () => {
    request({ subscribe: ['a'], initialVersions: {} });
    drain();
    request({ subscribe: ['b'], initialVersions: { b: versionOf('1') } });
    assert.deepEqual(drain().changes, ['+b']);
  });
});

describe('ACK and NACK', () => {
  it('a resource is acknowledged when its response is, and not before', () => {
    request({});
    const [nonce = ''] = drain().nonces;
    assert.equal(subscription.acknowledged()('a', versionOf('1')), false);
    assert.equal(subscription.acknowledge(nonce), 3);
    assert.equal(subscription.acknowledged()('a', versionOf('1')), true);
    assert.equal(subscription.acknowledged()('a', versionOf('2')), false);
  });

  it('a nonce that is unknown or answered before says nothing', () => {
    request({});
    const [nonce = ''] = drain().nonces;
    subscription.acknowledge(nonce);
    assert.equal(subscription.acknowledge(nonce), undefined);
    assert.equal(subscription.reject('nonsense', 'a'), undefined);
    assert.deepEqual(drain().changes, []);
  });

  it('what an error names is held back, the rest of its response goes out again', () => {
    request({});
    const [nonce = ''] = drain().nonces;
    assert.deepEqual(subscription.reject(nonce, 'Error adding/updating cluster(s) b: bad'), ['b']);
    assert.deepEqual(drain().changes, ['+a', '+c']);
    assert.equal(subscription.held.get('b')?.version, versionOf('1'));
    assert.equal(subscription.acknowledged()('b', versionOf('1')), false);
  });

  it('what is held back goes out as soon as its content changes', () => {
    request({});
    const [nonce = ''] = drain().nonces;
    subscription.reject(nonce, 'b: bad');
    drain();
    view.put(TYPE, { b: '2' });
    assert.deepEqual(drain().changes, ['+b']);
    assert.equal(subscription.held.size, 0);
  });

  it('an error that names nothing: the response is halved until it is clear which resource it is', () => {
    view.put(TYPE, { d: '1' });
    request({});
    const rejectWith = (bad: string): void => {
      for (let round = 0; round < 10 && subscription.held.size === 0; round += 1) {
        for (
          let batch = subscription.nextResources({ maxResources: 100, maxBytes: 1e9 });
          batch;
          batch = subscription.nextResources({ maxResources: 100, maxBytes: 1e9 })
        ) {
          nonces += 1;
          subscription.sent(String(nonces), batch);
          if (batch.resources.some(({ name }) => name === bad))
            subscription.reject(String(nonces), 'proto constraint');
          else subscription.acknowledge(String(nonces));
        }
      }
    };
    rejectWith('c');
    assert.deepEqual([...subscription.held.keys()], ['c']);
    for (const name of ['a', 'b', 'd'])
      assert.equal(subscription.acknowledged()(name, versionOf('1')), true, name);
  });

  it('what is held back is tried again when asked to, each alone', () => {
    request({});
    const [nonce = ''] = drain().nonces;
    subscription.reject(nonce, 'a: cannot bind, b: cannot bind');
    drain();
    assert.equal(subscription.retryHeld(), 2);
    const again = drain();
    assert.deepEqual(again.changes, ['+a', '+b']);
    assert.equal(again.responses, 2);
  });

  it('what is held back and removed is told as removed', () => {
    request({});
    const [nonce = ''] = drain().nonces;
    subscription.reject(nonce, 'b: bad');
    drain();
    view.put(TYPE, { b: undefined });
    assert.deepEqual(drain().changes, ['-b']);
    assert.equal(subscription.held.size, 0);
  });

  it('a client that never answers costs a bounded amount', () => {
    request({});
    for (let round = 0; round < 3_000; round += 1) {
      view.put(TYPE, { a: `text ${round}` });
      drain();
    }
    assert.ok(subscription.unansweredCount <= 1_024);
  });
});

describe('finding the resource that an error names', () => {
  for (const [text, name, expected] of [
    ['Error adding/updating cluster(s) 0.0.0.0:443/a.b: x', '0.0.0.0:443/a.b', true],
    ["cluster '0.0.0.0:443/a.b.c' is wrong", '0.0.0.0:443/a.b', false],
    ["cluster 'x.0.0.0.0:443/a.b' is wrong", '0.0.0.0:443/a.b', false],
    ['0.0.0.0:443/a.b.', '0.0.0.0:443/a.b', true],
    ['0.0.0.0:443/a.b-c 0.0.0.0:443/a.b', '0.0.0.0:443/a.b', true],
    ['[0.0.0.0:443/*.a]', '0.0.0.0:443/*.a', true],
    ['anything', '', false],
  ] as const) {
    it(`${name} in ${text}: ${expected}`, () => assert.equal(mentions(text, name), expected));
  }
});
