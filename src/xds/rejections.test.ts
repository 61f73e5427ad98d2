import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LISTENER_TYPE } from '../snapshot/resources/resource.ts';
import { type RejectionEvent, Rejections } from './rejections.ts';
import { AdsStream } from './stream.ts';
import { TestView, versionOf } from './test-view.ts';

function setUp() {
  const view = new TestView();
  const rejections = new Rejections(view);
  const events: RejectionEvent[] = [];
  rejections.onEvent((event) => events.push(event));
  const connect = (id: string) => {
    const node = { id, version: '1.40.0', peer: `127.0.0.1:${id}` };
    const stream = new AdsStream(view);
    view.onChange((change) => stream.snapshotChanged(change));
    stream.request({ type_url: LISTENER_TYPE });
    const send = () => {
      const response = stream.next();
      assert.ok(response);
      return response;
    };
    /** Answers a response, the next one unless given, as the connection would. */
    const answer = (error?: string, response = send()): void => {
      const { rejected } = stream.request({
        type_url: LISTENER_TYPE,
        response_nonce: response.nonce,
        ...(error !== undefined && { error_detail: { message: error } }),
      });
      if (rejected === undefined) rejections.acknowledged(node, stream, LISTENER_TYPE);
      else rejections.rejected(node, stream, rejected);
    };
    return { stream, send, answer };
  };
  const names = () => [...rejections.ofType(LISTENER_TYPE).keys()];
  /** The events since the last call, each with its names. */
  const told = () => events.splice(0).map(({ type, names }) => [type, ...names]);
  return { view, rejections, connect, names, told };
}

test('a resource is rejected until a corrected version is accepted', () => {
  const { view, connect, names, told } = setUp();
  const { answer } = connect('1');
  view.put(LISTENER_TYPE, { a: '1', b: '1' });
  answer('a: cannot bind');
  answer();
  assert.deepEqual(told(), [['rejected', 'a']], 'only b was accepted');
  assert.deepEqual(names(), ['a']);
  view.put(LISTENER_TYPE, { a: '2' });
  assert.deepEqual(names(), [], 'the new version is on its way');
  answer();
  assert.deepEqual(told(), [['accepted', 'a']]);
});

test('a rejection of what is corrected already, with the correction under way, is none of the correction', () => {
  const { view, connect, names } = setUp();
  const { stream, send, answer } = connect('1');
  view.put(LISTENER_TYPE, { a: '1' });
  const wrong = send();
  view.put(LISTENER_TYPE, { a: '2' });
  const corrected = send();
  answer('a: cannot bind', wrong);
  assert.deepEqual(names(), []);
  answer(undefined, corrected);
  assert.ok(stream.isAcknowledged(LISTENER_TYPE, 'a', versionOf('2')));
  assert.ok(stream.isCurrent);
  view.put(LISTENER_TYPE, { a: '3', b: '1' });
  const both = send();
  view.put(LISTENER_TYPE, { a: '4' });
  const corrected4 = send();
  answer('a: cannot bind', both);
  answer('a: cannot bind', corrected4);
  assert.deepEqual(names(), ['a'], 'also rejected');
  answer();
  assert.ok(stream.isAcknowledged(LISTENER_TYPE, 'b', versionOf('1')), 'what was with it came again');
});

test('a resource that is tried again as it was stays rejected until it is accepted', () => {
  const { view, connect, names, told } = setUp();
  const { stream, answer } = connect('1');
  view.put(LISTENER_TYPE, { a: '1', b: '1' });
  answer('a: cannot bind, b: cannot bind');
  stream.retryHeld();
  assert.deepEqual(names(), ['a', 'b']);
  answer();
  assert.deepEqual(told(), [['rejected', 'a', 'b']], 'the other one is not sent yet');
  answer();
  assert.deepEqual(told(), [['accepted', 'a', 'b']]);
  assert.deepEqual(names(), []);
});

test('a rejection is forgotten where the resource is gone, nobody wants it, or its Envoy is gone', () => {
  const { view, rejections, connect, names, told } = setUp();
  const { stream, answer } = connect('1');
  view.setReady();
  view.put(LISTENER_TYPE, { a: '1', b: '1' });
  answer('a: cannot bind');
  answer();
  view.put(LISTENER_TYPE, { a: undefined });
  assert.deepEqual(names(), []);
  answer();
  view.put(LISTENER_TYPE, { c: '1', d: '1' });
  answer('c: cannot bind');
  answer();
  assert.deepEqual(names(), ['c']);
  stream.request({
    type_url: LISTENER_TYPE,
    resource_names_subscribe: ['d'],
    resource_names_unsubscribe: ['*'],
  });
  answer();
  assert.deepEqual(names(), []);
  view.put(LISTENER_TYPE, { d: '2' });
  answer('d: cannot bind');
  assert.deepEqual(names(), ['d']);
  rejections.ended(stream);
  view.put(LISTENER_TYPE, { d: '3' });
  answer();
  assert.deepEqual(
    told().filter(([type]) => type === 'accepted'),
    [],
  );
});

test('a resource that several Envoys rejected is told with how many they are', () => {
  const { view, rejections, connect } = setUp();
  const [first, second, third] = [connect('1'), connect('2'), connect('3')];
  view.put(LISTENER_TYPE, { a: '1' });
  first.answer('a: cannot bind');
  second.answer('a: address in use');
  third.answer();
  const rejected = { version: versionOf('1'), error: 'a: address in use', nodes: 2 };
  assert.deepEqual(Object.fromEntries(rejections.ofType(LISTENER_TYPE)), { a: rejected });
  assert.equal(rejections.count, 2);
  assert.deepEqual(rejections.of(third.stream, LISTENER_TYPE).size, 0);
});
