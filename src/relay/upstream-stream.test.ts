/** What is said to the control plane, and when, of what an Envoy answers. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type DeltaRequest, decodeDeltaRequest } from '../proto/index.ts';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE } from '../snapshot/resources/resource.ts';
import { encodeResponse } from '../xds/service.ts';
import { AdsStream } from '../xds/stream.ts';
import { TestView } from '../xds/test-view.ts';
import { RelayedResources } from './relayed-resources.ts';
import { putHosts } from './test-relay.ts';
import { UpstreamStream } from './upstream-stream.ts';

const NODE = Buffer.from([0x0a, 4, 0x0a, 2, 0x67, 0x77]);

/** The resources of a control plane, the stream of an Envoy that the test plays, and what was said to the control plane. */
function setUp() {
  const view = new TestView();
  const resources = new RelayedResources();
  const envoy = new AdsStream(resources.table);
  resources.table.onChange((change) => envoy.snapshotChanged(change));
  const said: string[] = [];
  const stream = new UpstreamStream(resources, { stream: envoy, isHeldOff: false }, (request) =>
    said.push(inWords(decodeDeltaRequest(Buffer.from(request)))),
  );
  let nonce = 0;
  return {
    view,
    resources,
    stream,
    /** What was said since this was asked last. */
    said: () => said.splice(0),
    /** The control plane sends what it has of the names; those that it has not, it removes. */
    tell(typeUrl: string, ...names: readonly string[]): void {
      nonce += 1;
      const found = names.flatMap((name) => view.get(typeUrl, name) ?? []);
      const removed = names.filter((name) => view.get(typeUrl, name) === undefined);
      const batch = { resources: found, removed };
      stream.response(encodeResponse({ typeUrl, nonce: String(nonce), batch }, '1'));
      resources.table.setReady();
    },
    ask(typeUrl: string, ...names: readonly string[]): void {
      envoy.request({ type_url: typeUrl, resource_names_subscribe: [...names] });
      stream.progress();
    },
    /** Envoy answers the next response; with an error where one is given. */
    answer(error?: string): string {
      const next = envoy.next();
      assert.ok(next !== undefined, 'nothing to answer');
      const { typeUrl, nonce: id, batch } = next;
      envoy.request({
        type_url: typeUrl,
        response_nonce: id,
        ...(error !== undefined && { error_detail: { message: error } }),
      });
      stream.progress();
      return [...batch.resources.map(({ name }) => name), ...batch.removed.map((name) => `-${name}`)].join();
    },
  };
}

function inWords(request: DeltaRequest): string {
  const { type_url = '', node, response_nonce = '', error_detail, resource_names_subscribe = [] } = request;
  const { initial_resource_versions: initial = {} } = request;
  const type = type_url.split('.').at(-1) ?? '';
  const pairs = Symbol.iterator in initial ? [...initial] : Object.entries(initial);
  const versions = pairs.map(([name]) => name).sort();
  return [
    ...(node ? [`${node.id}:`] : []),
    type,
    ...(response_nonce === '' ? resource_names_subscribe : [response_nonce]),
    ...(versions.length > 0 ? [`has ${versions.join()}`] : []),
    ...(error_detail ? [`rejected: ${error_detail.message}`] : []),
  ].join(' ');
}

describe('a stream to the control plane', () => {
  it('begins with the node of the Envoy, clusters and endpoint sets, and asks for listeners when Envoy does', () => {
    const { stream, said, ask } = setUp();
    stream.start(NODE);
    assert.deepEqual(said(), ['gw: Cluster *', 'ClusterLoadAssignment *']);
    ask(CLUSTER_TYPE);
    assert.deepEqual(said(), []);
    ask(LISTENER_TYPE);
    assert.deepEqual(said(), ['Listener *', 'TypedExtensionConfig *', 'End *']);
  });

  it('says what is there already, and asks for listeners when Envoy has these', () => {
    const { view, resources, stream, said, ask, answer } = setUp();
    putHosts(view, ['a']);
    for (const typeUrl of [ENDPOINT_TYPE, CLUSTER_TYPE, LISTENER_TYPE])
      resources.apply({ typeUrl, resources: [...view.all(typeUrl)], removed: [] });
    resources.table.setReady();
    stream.start(NODE);
    assert.deepEqual(said(), ['gw: Cluster * has a', 'ClusterLoadAssignment * has set-a']);
    ask(LISTENER_TYPE);
    assert.deepEqual(said(), []);
    assert.equal(answer(), 'main');
    assert.deepEqual(said(), ['Listener * has main', 'TypedExtensionConfig *', 'End *']);
  });

  it('acknowledges a response when Envoy has acknowledged all of it', () => {
    const { view, stream, said, ask, tell, answer } = setUp();
    stream.start(NODE);
    ask(CLUSTER_TYPE);
    said();
    putHosts(view, ['a', 'b']);
    tell(CLUSTER_TYPE, 'a', 'b');
    tell(ENDPOINT_TYPE, 'set-a');
    assert.equal(answer(), 'a');
    ask(ENDPOINT_TYPE, 'set-a');
    assert.equal(answer(), 'set-a');
    assert.deepEqual(said(), ['ClusterLoadAssignment 2'], 'b waits for its set');
    tell(ENDPOINT_TYPE, 'set-b');
    assert.deepEqual(said(), []);
    assert.equal(answer(), 'b');
    assert.deepEqual(said().sort(), ['Cluster 1', 'ClusterLoadAssignment 3']);
    assert.equal(stream.pendingCount, 0);
  });

  it('acknowledges a removal when Envoy has nothing more to answer', () => {
    const { view, stream, said, ask, tell, answer } = setUp();
    stream.start(NODE);
    ask(CLUSTER_TYPE);
    putHosts(view, ['a']);
    tell(ENDPOINT_TYPE, 'set-a');
    tell(CLUSTER_TYPE, 'a');
    answer();
    said();
    tell(CLUSTER_TYPE, 'gone');
    tell(CLUSTER_TYPE, 'a');
    view.stage(CLUSTER_TYPE, 'a', undefined);
    view.publish();
    tell(CLUSTER_TYPE, 'a');
    assert.deepEqual(said(), ['Cluster 3', 'Cluster 4'], 'of these Envoy is told nothing');
    assert.equal(answer(), '-a');
    assert.deepEqual(said(), ['Cluster 5']);
  });

  it('rejects what Envoy rejects, in its words, and takes back nothing else', () => {
    const { view, stream, said, ask, tell, answer } = setUp();
    stream.start(NODE);
    ask(CLUSTER_TYPE);
    putHosts(view, ['a', 'b']);
    tell(ENDPOINT_TYPE, 'set-a', 'set-b');
    assert.equal(said().at(-1), 'ClusterLoadAssignment 1', 'no cluster of Envoy refers to them');
    tell(CLUSTER_TYPE, 'a', 'b');
    answer('no port for a');
    assert.deepEqual(said(), [], 'b is tried without it first');
    assert.equal(answer(), 'b');
    assert.deepEqual(said(), ['Cluster 2 rejected: no port for a']);
  });

  it('names the resource where Envoy does not', () => {
    const { view, stream, said, ask, tell, answer } = setUp();
    stream.start(NODE);
    ask(CLUSTER_TYPE);
    putHosts(view, ['host']);
    tell(ENDPOINT_TYPE, 'set-host');
    said();
    tell(CLUSTER_TYPE, 'host');
    answer('no port');
    assert.deepEqual(said(), ['Cluster 2 rejected: host: no port']);
  });

  it('refuses what is no resource, and what it has not asked for', () => {
    const { view, stream, said, ask, tell } = setUp();
    stream.start(NODE);
    ask(CLUSTER_TYPE);
    said();
    view.put('type.example.com/Other', { x: '1' });
    tell('type.example.com/Other', 'x');
    assert.match(said().join(), /rejected: nobody asked for type\.example\.com\/Other/);
    assert.throws(() => stream.response(Buffer.from([0x12, 9, 1])), /not a protobuf message/);
  });
});
