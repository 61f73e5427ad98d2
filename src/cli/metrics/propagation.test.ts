import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { CLUSTER_TYPE, type EncodedResource, LISTENER_TYPE } from '../../snapshot/resources/resource.ts';
import { type FollowedConnection, Propagation } from './propagation.ts';

function cluster(name: string, version: string): EncodedResource {
  return { typeUrl: CLUSTER_TYPE, name, version, bytes: new Uint8Array() };
}

function setUp() {
  const registry = new Registry();
  const versions = new Map<string, string>();
  const sent = new Map<string, string>();
  let eventAt: number | undefined = performance.now() - 1_000;
  const propagation = new Propagation(registry, {
    versionOf: (_typeUrl, name) => versions.get(name),
    eventAt: () => eventAt,
  });
  const stream = {
    hasBeenCurrent: true,
    isCurrent: false,
    window: { isOpen: false },
    hasSent: (_typeUrl: string, name: string, version: string) => sent.get(name) === version,
  };
  const connection: FollowedConnection & { behindSince: number | undefined } = {
    stream,
    behindSince: undefined,
  };
  propagation.connected(connection);
  const publish = (...resources: EncodedResource[]): void => {
    for (const { name, version } of resources) versions.set(name, version);
    propagation.published({ upserts: resources, removals: [] });
  };
  const send = (nonce: string, ...resources: EncodedResource[]): void => {
    for (const { name, version } of resources) sent.set(name, version);
    propagation.sent(connection, CLUSTER_TYPE, nonce);
  };
  const counts = async (): Promise<Readonly<Record<string, number>>> => {
    const text = await registry.metrics();
    const found = [...text.matchAll(/_count\{stage="(\w+)"\} (\d+)/g)];
    return Object.fromEntries(found.map(([, stage = '', count]) => [stage, Number(count)]));
  };
  const setEventAt = (at: number | undefined): void => {
    eventAt = at;
  };
  return { propagation, connection, stream, versions, publish, send, counts, registry, setEventAt };
}

test('a change is followed to each Envoy until that has acknowledged it, from when its event was read', async () => {
  const { propagation, connection, publish, send, counts, registry } = setUp();
  publish(cluster('a', '1'), cluster('b', '1'));
  assert.deepEqual(await counts(), { computed: 0, sent: 0, acknowledged: 0 });
  send('1', cluster('a', '1'));
  assert.equal((await counts())['sent'], 0, 'the last of the change is not sent yet');
  send('2', cluster('b', '1'));
  assert.equal((await counts())['sent'], 1);
  connection.behindSince = performance.now();
  assert.ok(propagation.lagOf(connection) >= 1, String(propagation.lagOf(connection)));
  propagation.acknowledged(connection, CLUSTER_TYPE, '1');
  assert.equal((await counts())['acknowledged'], 0);
  propagation.acknowledged(connection, LISTENER_TYPE, '2');
  assert.equal((await counts())['acknowledged'], 0, 'of another type');
  propagation.acknowledged(connection, CLUSTER_TYPE, '2');
  assert.equal((await counts())['acknowledged'], 1);
  const sum = /_sum\{stage="acknowledged"\} (\S+)/.exec(await registry.metrics())?.[1];
  assert.ok(Number(sum) >= 1 && Number(sum) < 60, sum);
});

test('what changes again before it is sent counts from the first time, what goes does not count', async () => {
  const { publish, send, counts, versions, propagation, connection } = setUp();
  publish(cluster('a', '1'));
  publish(cluster('a', '2'));
  send('1', cluster('a', '2'));
  assert.equal((await counts())['sent'], 2);
  propagation.acknowledged(connection, CLUSTER_TYPE, '1');
  assert.equal((await counts())['acknowledged'], 2);
  publish(cluster('b', '1'));
  versions.delete('b');
  send('2');
  propagation.acknowledged(connection, CLUSTER_TYPE, '2');
  assert.deepEqual([(await counts())['sent'], (await counts())['acknowledged']], [2, 2]);
});

test('what was rejected is not waited for', async () => {
  const { publish, send, counts, propagation, connection } = setUp();
  publish(cluster('a', '1'));
  send('1', cluster('a', '1'));
  publish(cluster('b', '1'));
  send('2', cluster('b', '1'));
  // Envoy answers in order: there was another answer to the first.
  propagation.acknowledged(connection, CLUSTER_TYPE, '2');
  assert.equal((await counts())['acknowledged'], 1);
  assert.equal(propagation.followedCount(connection), 0);
});

test('an Envoy that starts is told in another order: nothing is followed there, nor what no event caused', () => {
  const { publish, propagation, connection, stream, setEventAt } = setUp();
  stream.window.isOpen = true;
  publish(cluster('a', '1'));
  stream.window.isOpen = false;
  stream.hasBeenCurrent = false;
  publish(cluster('a', '2'));
  stream.hasBeenCurrent = true;
  setEventAt(undefined);
  publish(cluster('a', '3'));
  assert.equal(propagation.followedCount(connection), 0);
});

test('a few changes are followed at once, however slow an Envoy is, and none after it has gone', () => {
  const { publish, propagation, connection } = setUp();
  for (let change = 0; change < 1_000; change += 1) publish(cluster(`c${change}`, '1'));
  assert.equal(propagation.followedCount(connection), 8);
  propagation.disconnected(connection);
  publish(cluster('a', '1'));
  assert.equal(propagation.followedCount(connection), 0);
});

test('without a change that is followed, an Envoy lags since it last answered, or began to owe an answer', () => {
  const { propagation, connection } = setUp();
  connection.behindSince = performance.now() - 5_000;
  assert.ok(propagation.lagOf(connection) < 1, 'it has connected since');
  propagation.acknowledged(connection, LISTENER_TYPE, '1');
  connection.behindSince = performance.now();
  assert.ok(propagation.lagOf(connection) < 1);
});

test('who has acknowledged everything lags behind nothing', () => {
  const { propagation, connection, stream, publish, send } = setUp();
  publish(cluster('a', '1'));
  send('1', cluster('a', '1'));
  connection.behindSince = performance.now();
  stream.isCurrent = true;
  propagation.acknowledged(connection, LISTENER_TYPE, '5');
  assert.equal(propagation.lagOf(connection), 0);
});
