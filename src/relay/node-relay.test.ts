/** The relay of a node between a control plane and an Envoy, all over gRPC in this process. */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE } from '../snapshot/resources/resource.ts';
import type { AdsServer } from '../xds/server.ts';
import { cleanUp } from '../xds/test-client.ts';
import { TestView } from '../xds/test-view.ts';
import { PlayedEnvoy, putHosts, removeHost, startControlPlane, startRelay } from './test-relay.ts';

afterEach(cleanUp);

/** Names of the events of a relay, awaited by how often they happened. */
function signals() {
  const counts = new Map<string, number>();
  const waiting: (() => void)[] = [];
  const note = (what: string) => (): void => {
    counts.set(what, (counts.get(what) ?? 0) + 1);
    for (const wake of waiting.splice(0)) wake();
  };
  return {
    events: {
      onComplete: note('complete'),
      onUpstreamConnect: note('connect'),
      onUpstreamEnd: note('end'),
    },
    async until(what: string, count = 1): Promise<void> {
      while ((counts.get(what) ?? 0) < count) await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
}

async function untilCurrent(server: AdsServer, wake: (again: () => void) => void): Promise<void> {
  const isCurrent = () =>
    server.nodes().some(({ stream }) => stream.isCurrent && stream.hasAskedFor(LISTENER_TYPE));
  while (!isCurrent()) await new Promise<void>((resolve) => wake(resolve));
}

const soon = (again: () => void): void => void setImmediate(again);

describe('the relay of a node', () => {
  it('gives its Envoy what the control plane has, clusters before listeners, and says so once Envoy has it', async () => {
    const plane = await startControlPlane();
    putHosts(plane.view, ['a', 'b']);
    plane.view.setReady();
    const { port } = await startRelay([plane.port]);
    const envoy = new PlayedEnvoy(port);
    await envoy.untilTold('+listener:main');
    assert.deepEqual(
      [...envoy.has.keys()],
      ['cluster:a', 'cluster:b', 'endpoint:set-a', 'endpoint:set-b', 'listener:main'],
    );
    const expected = plane.view.get(CLUSTER_TYPE, 'a')?.version;
    assert.equal(envoy.has.get('cluster:a'), expected);
    await plane.until('ack gw-1 Listener 1');
    await untilCurrent(plane.server, soon);
    assert.deepEqual(
      plane.server.nodes().map(({ id, version }) => [id, version]),
      [['gw-1', '1.40.0']],
    );
  });

  it('takes a change, an addition and a removal, and acknowledges none before Envoy does', async () => {
    const plane = await startControlPlane();
    putHosts(plane.view, ['a', 'b']);
    plane.view.setReady();
    const { port } = await startRelay([plane.port]);
    const envoy = new PlayedEnvoy(port);
    await envoy.untilTold('+listener:main');
    putHosts(plane.view, ['c']);
    await envoy.untilTold('+cluster:c', '+endpoint:set-c');
    removeHost(plane.view, 'a');
    await envoy.untilTold('-cluster:a');
    putHosts(plane.view, ['b'], 7);
    await envoy.until(() => envoy.has.get('cluster:b') === plane.view.get(CLUSTER_TYPE, 'b')?.version);
    await untilCurrent(plane.server, soon);
    // The set that a changed cluster waits for comes again, though it is the same.
    await envoy.until(() => envoy.told.filter((each) => each === '+endpoint:set-b').length === 2);
  });

  it('serves an Envoy that starts again from memory, with the control plane gone', async () => {
    const plane = await startControlPlane();
    putHosts(plane.view, ['a']);
    plane.view.setReady();
    const { events, until } = signals();
    const { port } = await startRelay([plane.port], events);
    const first = new PlayedEnvoy(port);
    await first.untilTold('+listener:main');
    await until('complete');
    await plane.server.close(0);
    await until('end');
    first.close();
    const second = new PlayedEnvoy(port);
    await second.untilTold('+listener:main');
    assert.deepEqual([...second.has], [...first.has]);
  });

  it('takes only the difference when the control plane is back', async () => {
    const plane = await startControlPlane();
    putHosts(plane.view, ['a', 'b', 'c']);
    plane.view.setReady();
    const { events, until } = signals();
    const { port } = await startRelay([plane.port], events);
    const envoy = new PlayedEnvoy(port);
    await envoy.untilTold('+listener:main');
    await until('complete');
    await plane.server.close(0);
    envoy.told.length = 0;
    removeHost(plane.view, 'a');
    putHosts(plane.view, ['d']);
    const again = await startControlPlane(plane.view, plane.port);
    await until('complete', 2);
    await envoy.untilTold('-cluster:a', '+cluster:d', '+endpoint:set-d');
    await untilCurrent(again.server, soon);
    assert.deepEqual(envoy.told.filter((each) => !each.includes('set-a')).sort(), [
      '+cluster:d',
      '+endpoint:set-d',
      '-cluster:a',
    ]);
  });

  it('tells the control plane what Envoy rejects, and when Envoy takes it after all', async () => {
    const plane = await startControlPlane();
    putHosts(plane.view, ['a', 'b']);
    plane.view.setReady();
    const { port } = await startRelay([plane.port]);
    const envoy = new PlayedEnvoy(port);
    await envoy.untilTold('+listener:main');
    envoy.rejects.add('c');
    putHosts(plane.view, ['c', 'd']);
    await plane.until('rejected gw-1 c');
    await envoy.untilTold('+endpoint:set-d');
    assert.equal(plane.server.rejections.count, 1);
    const held = plane.server.rejections.ofType(CLUSTER_TYPE).get('c');
    assert.match(held?.error ?? '', /cannot take c/);
    envoy.rejects.clear();
    putHosts(plane.view, ['c'], 3);
    await plane.until('accepted gw-1 c');
  });

  it('tells the control plane also of a rejection of what an Envoy before had accepted', async () => {
    const plane = await startControlPlane();
    putHosts(plane.view, ['a', 'b']);
    plane.view.setReady();
    const { port } = await startRelay([plane.port]);
    const first = new PlayedEnvoy(port);
    await first.untilTold('+listener:main');
    first.close();
    await plane.until('disconnect gw-1');
    const second = new PlayedEnvoy(port);
    second.rejects.add('main');
    await plane.until('rejected gw-1 main');
    assert.equal(plane.server.rejections.ofType(LISTENER_TYPE).get('main')?.nodes, 1);
    second.close();
  });

  it('is there for the control plane only while its Envoy is', async () => {
    const plane = await startControlPlane();
    putHosts(plane.view, ['a']);
    plane.view.setReady();
    const { port } = await startRelay([plane.port]);
    assert.deepEqual(plane.seen, []);
    const envoy = new PlayedEnvoy(port);
    await plane.until('connect gw-1 1.40.0');
    envoy.close();
    await plane.until('disconnect gw-1');
  });

  it('takes away nothing from an Envoy before the control plane has told everything', async () => {
    const plane = await startControlPlane();
    putHosts(plane.view, ['a', 'b']);
    plane.view.setSynced();
    const { relay, port } = await startRelay([plane.port]);
    const has = new Map(
      ['a', 'b', 'old'].map((host) => [
        `cluster:${host}`,
        plane.view.get(CLUSTER_TYPE, host)?.version ?? 'v',
      ]),
    );
    const envoy = new PlayedEnvoy(port, has);
    await envoy.untilTold('+listener:main');
    assert.ok(
      !envoy.told.some((each) => each.startsWith('-') || each.includes('cluster')),
      envoy.told.join(),
    );
    assert.equal(relay.isCurrent, false);
    plane.view.setReady();
    await envoy.untilTold('-cluster:old');
  });

  it('takes away nothing while it is told of all in portions, with nothing of its own yet', async () => {
    const demandWindow = { fewClusters: 2, clustersPerResponse: 2, unknownNames: 100 };
    const plane = await startControlPlane(new TestView(), 0, { demandWindow });
    const hosts = Array.from({ length: 20 }, (_, index) => `host-${index}`);
    putHosts(plane.view, [...hosts, 'gone']);
    plane.view.putListener('main', '1');
    plane.view.setReady();
    const has = new Map<string, string>();
    for (const host of [...hosts, 'gone']) {
      has.set(`cluster:${host}`, plane.view.get(CLUSTER_TYPE, host)?.version ?? '');
      has.set(`endpoint:set-${host}`, plane.view.get(ENDPOINT_TYPE, `set-${host}`)?.version ?? '');
    }
    removeHost(plane.view, 'gone');
    const { port } = await startRelay([plane.port]);
    const envoy = new PlayedEnvoy(port, has);
    await envoy.untilTold('-cluster:gone');
    assert.deepEqual(
      envoy.told.filter((each) => each.startsWith('-cluster')),
      ['-cluster:gone'],
    );
  });

  it('keeps what it has from before to itself while an Envoy that runs has something else', async () => {
    const plane = await startControlPlane(new TestView());
    const { relay, port } = await startRelay([plane.port]);
    const before = new TestView();
    putHosts(before, ['a', 'gone'], 5);
    for (const typeUrl of [CLUSTER_TYPE, LISTENER_TYPE])
      relay.resources.apply({ typeUrl, resources: [...before.all(typeUrl)], removed: [] });
    relay.resources.waitNoLonger();
    relay.resources.table.setProvisional();
    relay.resources.table.setReady();
    const fresh = new PlayedEnvoy(port);
    await fresh.untilTold('+cluster:a', '+cluster:gone');
    fresh.close();
    // Its stream broke before it had all of it.
    const again = new PlayedEnvoy(
      port,
      new Map([['cluster:a', before.get(CLUSTER_TYPE, 'a')?.version ?? '']]),
    );
    await again.untilTold('+cluster:gone', '+listener:main');
    again.close();
    const running = new PlayedEnvoy(port, new Map([['cluster:new', 'v']]));
    await plane.until('connect gw-1 1.40.0');
    putHosts(plane.view, ['a', 'new']);
    plane.view.setReady();
    await running.untilTold('+cluster:a', '+cluster:new', '+listener:main');
    assert.ok(!running.told.includes('+cluster:gone'), running.told.join());
    assert.equal(running.has.get('cluster:a'), plane.view.get(CLUSTER_TYPE, 'a')?.version);
  });

  it('goes to the next replica where one is gone', async () => {
    const gone = await startControlPlane();
    await gone.server.close(0);
    const plane = await startControlPlane();
    putHosts(plane.view, ['a']);
    plane.view.setReady();
    const { port } = await startRelay([gone.port, plane.port]);
    await new PlayedEnvoy(port).untilTold('+listener:main');
  });
});
