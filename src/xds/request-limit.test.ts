import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE } from '../snapshot/resources/resource.ts';
import { DEFAULT_REQUEST_LIMIT, requestLimit } from './request-limit.ts';
import { cleanUp, NODE, open, serve } from './test-client.ts';
import { TestView, versionOf } from './test-view.ts';

afterEach(cleanUp);

const LIMIT = { least: 1_000, perResource: 100, most: 100_000 };

function contents(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, '1']));
}

describe('the limit of requests', () => {
  it('follows what is served, between two bounds; before that is known it is the upper one', () => {
    const view = new TestView();
    assert.equal(requestLimit(view, LIMIT), 100_000);
    view.put(CLUSTER_TYPE, { a: '1' });
    view.setReady();
    assert.equal(requestLimit(view, LIMIT), 1_000);
    view.put(ENDPOINT_TYPE, contents(Array.from({ length: 50 }, (_, index) => `e${index}`)));
    assert.equal(requestLimit(view, LIMIT), 5_000);
    view.put(CLUSTER_TYPE, contents(Array.from({ length: 2_000 }, (_, index) => `c${index}`)));
    assert.equal(requestLimit(view, LIMIT), 100_000);
  });

  it('is that of the time at which a stream begins', async () => {
    const { view, port } = await serve({ requestLimit: LIMIT });
    view.setReady();
    const names = Array.from({ length: 50 }, (_, index) => `e${index}`);
    const request = {
      node: NODE,
      type_url: ENDPOINT_TYPE,
      resource_names_subscribe: names.map((n) => n.padEnd(40, '-')),
    };
    const refused = open(port).stream;
    refused.send(request);
    assert.equal((await refused.ended.promise).code, status.RESOURCE_EXHAUSTED);
    view.put(ENDPOINT_TYPE, contents(names));
    const { stream } = open(port);
    stream.send(request);
    assert.equal((await stream.next()).removed_resources?.length, 50);
  });
});

describe('an Envoy that comes back', () => {
  it('with 200,000 hosts is told only what has changed meanwhile', { timeout: 180_000 }, async () => {
    const count = 200_000;
    const { view, port } = await serve();
    const clusters = Array.from(
      { length: count },
      (_, index) => `0.0.0.0:443/cluster-${index}.stage.example.com`,
    );
    const sets = Array.from({ length: count }, (_, index) => `tenant-${index}/kubernetes-api-server/6443`);
    view.put(CLUSTER_TYPE, contents(clusters));
    view.put(ENDPOINT_TYPE, contents(sets));
    view.setReady();
    view.put(CLUSTER_TYPE, { [clusters[7] ?? '']: '2' });
    view.put(ENDPOINT_TYPE, { [sets[8] ?? '']: '2' });
    const has = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, versionOf('1')]));
    const { stream } = open(port);
    stream.send({ node: NODE, type_url: CLUSTER_TYPE, initial_resource_versions: has(clusters) });
    stream.send({
      type_url: ENDPOINT_TYPE,
      resource_names_subscribe: sets,
      initial_resource_versions: has(sets),
    });
    stream.send({ type_url: LISTENER_TYPE });
    const told = [await stream.names(), await stream.names(), await stream.names()];
    assert.deepEqual(told.flat().sort(), [`+${clusters[7]}`, `+${sets[8]}`].sort());
    assert.ok(count * 100 > DEFAULT_REQUEST_LIMIT.least, 'more than fits in the lower bound');
  });
});
