import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { tlsRoute } from '../../../gateway/test-objects.ts';
import { CLUSTER_TYPE, ENDPOINT_TYPE } from '../../../snapshot/resources/resource.ts';
import type { RejectionEvent } from '../../../xds/rejections.ts';
import { TestView } from '../../../xds/test-view.ts';
import { ChangeFeed } from './change-feed.ts';
import type { ChangeEvent } from './shapes.ts';

/** An Envoy that has what a test says. */
class TestEnvoy {
  readonly node: { readonly id: string };
  readonly stream = this;
  /** Versions by type and name. */
  readonly has = new Map<string, string>();
  isCurrent = false;

  constructor(id: string) {
    this.node = { id };
  }

  acknowledged(typeUrl: string) {
    return (name: string, version: string) => this.has.get(`${typeUrl} ${name}`) === version;
  }

  acknowledge(view: TestView, typeUrl: string, name: string): void {
    this.has.set(`${typeUrl} ${name}`, view.get(typeUrl, name)?.version ?? '');
  }
}

type Server = ReturnType<ConstructorParameters<typeof ChangeFeed>[1]>;

function setup(...envoys: readonly TestEnvoy[]) {
  const view = new TestView();
  const rejectionListeners = new Set<(event: RejectionEvent) => void>();
  const server = {
    nodes: () => envoys.map((stream) => ({ id: stream.node.id, stream })),
    rejections: {
      onEvent: (listener: (event: RejectionEvent) => void) => {
        rejectionListeners.add(listener);
        return () => rejectionListeners.delete(listener);
      },
    },
  };
  const feed = new ChangeFeed(view, () => server as unknown as Server);
  const events: ChangeEvent[] = [];
  const listen = () => feed.listen((event) => events.push(event));
  const answered = (envoy: TestEnvoy) =>
    feed.answered(envoy as unknown as Parameters<ChangeFeed['answered']>[0]);
  const reject = (event: RejectionEvent) => {
    for (const listener of rejectionListeners) listener(event);
  };
  const take = () => events.splice(0);
  return { view, feed, listen, answered, reject, take, rejectionListeners };
}

const HOST = '0.0.0.0:443/demo.example.com';

function kinds(events: readonly ChangeEvent[]): readonly string[] {
  return events.map((event) =>
    event.type === 'acknowledged' ? `acknowledged by ${event.node}` : event.type,
  );
}

describe('changes as they go through', () => {
  it('are told with what was read, what was computed, and when each Envoy had all of it', () => {
    const [one, two] = [new TestEnvoy('gw-1'), new TestEnvoy('gw-2')];
    const { view, feed, listen, answered, take } = setup(one, two);
    listen();
    const object = tlsRoute({ path: 'a/demo' });
    feed.objectsChanged([
      { type: 'upsert', object },
      { type: 'delete', ref: { kind: 'TLSRoute', namespace: 'a', name: 'gone' } },
    ]);
    view.put(CLUSTER_TYPE, { [HOST]: 'v1' });
    view.put(ENDPOINT_TYPE, { [HOST]: 'v1' });
    assert.deepEqual(take(), [], 'nothing before it is computed');
    feed.flushed();
    const [change] = take();
    assert.ok(change?.type === 'change');
    assert.deepEqual(change.objects, { count: 2, names: ['TLSRoute a/demo', 'TLSRoute a/gone (deleted)'] });
    assert.deepEqual(change.hosts, { count: 1, names: ['demo.example.com'] });
    assert.deepEqual(change.resources, { upserts: 2, removals: 0 });
    assert.equal(change.nodes, 2);

    one.acknowledge(view, CLUSTER_TYPE, HOST);
    answered(one);
    assert.deepEqual(take(), [], 'half of it is not all');
    one.acknowledge(view, ENDPOINT_TYPE, HOST);
    answered(one);
    answered(one);
    assert.deepEqual(kinds(take()), ['acknowledged by gw-1']);
    // It has a later version by now: what came after is another change's.
    two.isCurrent = true;
    answered(two);
    assert.deepEqual(kinds(take()), ['acknowledged by gw-2']);
  });

  it('count what is removed, and what came back meanwhile as there', () => {
    const { view, feed, listen, take } = setup();
    view.put(CLUSTER_TYPE, { [HOST]: 'v1', 'b/two.example.com': 'v1' });
    listen();
    view.put(CLUSTER_TYPE, { [HOST]: undefined, 'b/two.example.com': undefined });
    view.put(CLUSTER_TYPE, { [HOST]: 'v2' });
    feed.flushed();
    const [change] = take();
    assert.ok(change?.type === 'change');
    assert.deepEqual(change.resources, { upserts: 1, removals: 1 });
  });

  it('are not told where nothing is another for Envoys', () => {
    const { feed, listen, take } = setup();
    listen();
    feed.objectsChanged([{ type: 'upsert', object: tlsRoute({ path: 'a/demo' }) }]);
    feed.flushed();
    assert.deepEqual(take(), []);
  });

  it('wait for the 64 latest alone, however slow an Envoy is', () => {
    const envoy = new TestEnvoy('gw-1');
    const { view, feed, listen, answered, take } = setup(envoy);
    listen();
    for (let change = 0; change < 100; change += 1) {
      view.put(CLUSTER_TYPE, { [HOST]: `v${change}` });
      feed.flushed();
    }
    assert.equal(take().length, 100);
    envoy.isCurrent = true;
    envoy.acknowledge(view, CLUSTER_TYPE, HOST);
    answered(envoy);
    assert.equal(take().length, 64);
  });

  it('list ten names, and say how many there are', () => {
    const { view, feed, listen, take } = setup();
    listen();
    view.put(
      CLUSTER_TYPE,
      Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`b/h${index}`, 'v'])),
    );
    feed.flushed();
    const [change] = take();
    assert.ok(change?.type === 'change');
    assert.equal(change.hosts.count, 25);
    assert.equal(change.hosts.names.length, 10);
  });

  it('go with rejections, and with Envoys that come and go', () => {
    const { feed, listen, reject, take } = setup();
    listen();
    const node = { id: 'gw-1', version: '1.40.0', peer: '10.0.0.1:1' };
    const names = Array.from({ length: 12 }, (_, index) => `c${index}`);
    reject({ type: 'rejected', node, typeUrl: CLUSTER_TYPE, names, error: 'no' } as RejectionEvent);
    reject({ type: 'accepted', node, typeUrl: CLUSTER_TYPE, names });
    feed.nodeChanged('gw-2', true);
    feed.nodeChanged('gw-2', false, 'reset');
    assert.deepEqual(take(), [
      { type: 'rejected', node: 'gw-1', names: names.slice(0, 10), error: 'no' },
      { type: 'node', node: 'gw-2', connected: true },
      { type: 'node', node: 'gw-2', connected: false, reason: 'reset' },
    ]);
  });

  it('cost nothing while nobody listens, and nothing is left of before', () => {
    const { view, feed, listen, take, rejectionListeners } = setup();
    const end = listen();
    assert.equal(rejectionListeners.size, 1);
    view.put(CLUSTER_TYPE, { [HOST]: 'v1' });
    end();
    assert.equal(feed.isWatched, false);
    assert.equal(rejectionListeners.size, 0);
    view.put(CLUSTER_TYPE, { [HOST]: 'v2' });
    listen();
    feed.flushed();
    assert.deepEqual(take(), []);
  });
});
