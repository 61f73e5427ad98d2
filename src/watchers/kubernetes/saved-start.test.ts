/** A source that begins with what was read before. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ObjectEvent } from '../../model/events.ts';
import type { Kind, KubernetesObject } from '../../model/objects.ts';
import type { KindPosition } from '../../model/positions.ts';
import { decodeObject } from '../objects/decode.ts';
import { event, GATEWAY_API, rawService, SERVICES, startSource } from './test-source.ts';

const TIMEOUT = { timeout: 20_000 };
const NODES = '/api/v1/nodes';

function upsert(name: string): ObjectEvent {
  const decoded = decodeObject({ apiVersion: 'v1', kind: 'Service', ...rawService(name, 1) });
  assert.ok(decoded.type === 'object');
  return { type: 'upsert', object: decoded.object as KubernetesObject };
}

const AT_10: KindPosition = { kind: 'Service', at: { apiVersion: 'v1', resourceVersion: '10' } };
const NODES_AT_20: KindPosition = { kind: 'Node', at: { apiVersion: 'v1', resourceVersion: '20' } };

async function start(
  t: TestContext,
  kinds: readonly Kind[] = ['Service'],
  positions: readonly KindPosition[] = [AT_10],
  options: Parameters<typeof startSource>[2] = {},
) {
  const uids: string[] = [];
  const world = await startSource(t, kinds, {
    saved: async (uid) => {
      uids.push(await uid());
      return {
        file: 'saved',
        at: 0,
        unreadBytes: 0,
        positions,
        batches: [
          [upsert('a'), upsert('b')],
          [upsert('c'), { type: 'delete', ref: { kind: 'Service', namespace: 'shop', name: 'c' } }],
        ],
      };
    },
    ...options,
  });
  return { ...world, uids };
}

/** The first request: which cluster it is. */
const KUBE_SYSTEM = '/api/v1/namespaces/kube-system';

test('it is told at once, and read on from', TIMEOUT, async (t) => {
  const { api, clock, sink, source, uids } = await start(t);
  (await api.list(KUBE_SYSTEM)).json(200, { metadata: { name: 'kube-system', uid: 'u-1' } });
  const watch = await api.watch(SERVICES);
  assert.deepEqual(uids, ['u-1']);
  assert.equal(watch.query['resourceVersion'], '10');
  assert.deepEqual(sink.keys, ['Service/shop/a', 'Service/shop/b']);
  assert.equal(sink.restoredAfter, 4);
  assert.deepEqual(sink.syncedKinds, [], 'the API server may have something newer');
  assert.deepEqual(source.unconfirmed?.(), ['Service']);
  assert.deepEqual(source.pending(), [
    { kind: 'Service', reason: 'saved, not confirmed by the API server yet' },
  ]);
  assert.equal(source.positions?.(), undefined, 'nothing is to be saved yet');
  watch.watch(event('DELETED', rawService('a', 11)), event('ADDED', rawService('d', 12)));
  await sink.until(() => sink.objects.has('Service/shop/d'));
  clock.advance(await clock.timer(50));
  assert.deepEqual(sink.syncedKinds, ['Service']);
  assert.deepEqual(sink.keys, ['Service/shop/b', 'Service/shop/d']);
  assert.deepEqual([source.unconfirmed?.(), source.pending(), sink.confirmations], [[], [], 1]);
  assert.deepEqual(source.positions?.(), {
    positions: [{ kind: 'Service', at: { apiVersion: 'v1', resourceVersion: '12' } }],
    isCurrent: true,
  });
});

test(
  'without an API server it is served as soon as that is known, and confirmed when it is back',
  TIMEOUT,
  async (t) => {
    const { api, clock, sink, source } = await start(t, ['Service', 'Node'], [AT_10, NODES_AT_20]);
    (await api.list(KUBE_SYSTEM)).reset();
    (await api.watch(SERVICES)).reset();
    (await api.watch(NODES)).reset();
    await clock.timer(200, 2);
    clock.advance(await clock.timer(50));
    assert.deepEqual(sink.syncedKinds, ['Service', 'Node']);
    assert.deepEqual(source.unconfirmed?.(), ['Service', 'Node']);
    assert.deepEqual(
      source.pending().map(({ reason }) => reason.split(':')[0]),
      ['SLUICE_KUBE_UNREACHABLE', 'SLUICE_KUBE_UNREACHABLE'],
    );
    assert.equal(source.positions?.(), undefined);
    clock.advance(await clock.timer(150, 2));
    (await api.watch(NODES)).watch();
    const services = await api.watch(SERVICES);
    assert.equal(services.query['resourceVersion'], '10');
    services.watch();
    await sink.until(() => sink.confirmations === 1);
  },
);

test('an API server that says nothing is waited for one second', TIMEOUT, async (t) => {
  const { api, clock, sink } = await start(t);
  (await api.list(KUBE_SYSTEM)).reset();
  await api.watch(SERVICES);
  clock.advance(999);
  assert.deepEqual(sink.syncedKinds, []);
  clock.advance(1);
  assert.deepEqual(sink.syncedKinds, ['Service']);
});

test(
  'where the version is forgotten all is listed, and what is not there any more is gone',
  TIMEOUT,
  async (t) => {
    const { api, clock, sink, source } = await start(t);
    (await api.list(KUBE_SYSTEM)).reset();
    (await api.watch(SERVICES)).refuse(410, 'too old resource version');
    (await api.list(SERVICES)).page([rawService('b', 3), rawService('e', 15)], '30');
    assert.equal((await api.watch(SERVICES)).query['resourceVersion'], '30');
    assert.deepEqual(sink.keys, ['Service/shop/b', 'Service/shop/e']);
    clock.advance(await clock.timer(50));
    assert.deepEqual(sink.syncedKinds, ['Service']);
    assert.deepEqual(source.unconfirmed?.(), []);
  },
);

test('once all is quiet all is listed: a watch tells nothing of what was restored', TIMEOUT, async (t) => {
  const { api, clock, sink } = await start(t);
  (await api.list(KUBE_SYSTEM)).reset();
  const watch = await api.watch(SERVICES);
  assert.equal(watch.query['timeoutSeconds'], '30');
  watch.watch(event('ADDED', rawService('d', 12)));
  await sink.until(() => sink.objects.has('Service/shop/d'));
  clock.advance(30_000);
  watch.end();
  (await api.list(SERVICES)).page([rawService('b', 3)], '9');
  const next = await api.watch(SERVICES);
  assert.deepEqual([next.query['resourceVersion'], next.query['timeoutSeconds']], ['9', '600']);
  assert.deepEqual(sink.keys, ['Service/shop/b']);
});

test('a CRD that was not installed is not waited for, and looked for', TIMEOUT, async (t) => {
  const positions: readonly KindPosition[] = [AT_10, { kind: 'ListenerSet', at: undefined }];
  const { api, clock, sink, source } = await start(t, ['Service', 'ListenerSet'], positions);
  (await api.list(KUBE_SYSTEM)).reset();
  (await api.watch(SERVICES)).watch();
  const looked = await api.list(`${GATEWAY_API}/v1`);
  clock.advance(await clock.timer(50));
  assert.deepEqual(sink.syncedKinds, ['Service', 'ListenerSet']);
  assert.deepEqual(source.unconfirmed?.(), ['ListenerSet']);
  looked.json(200, { resources: [{ name: 'listenersets' }] });
  (await api.list(`${GATEWAY_API}/v1/listenersets`)).page([], '40');
  await sink.until(() => sink.confirmations === 1);
});

test(
  'a kind that may not be read is saved as nothing of it, and keeps nothing from being current',
  TIMEOUT,
  async (t) => {
    const positions: readonly KindPosition[] = [AT_10, { kind: 'Node', at: undefined }];
    const { api, clock, sink, source } = await start(t, ['Service', 'Node'], positions);
    (await api.list(KUBE_SYSTEM)).reset();
    (await api.watch(SERVICES)).watch();
    (await api.list(NODES)).refuse(403, 'nodes is forbidden');
    await sink.until(() => sink.present.length === 1);
    clock.advance(await clock.timer(50));
    assert.deepEqual(sink.syncedKinds, ['Service', 'Node']);
    assert.deepEqual(source.unconfirmed?.(), ['Node']);
    assert.deepEqual(source.positions?.(), {
      positions: [
        { kind: 'Service', at: { apiVersion: 'v1', resourceVersion: '10' } },
        { kind: 'Node', at: undefined },
      ],
      isCurrent: true,
    });
  },
);

test('a kind that was not read is waited for as without a state', TIMEOUT, async (t) => {
  const { api, clock, sink, source } = await start(t, ['Service', 'Node']);
  (await api.list(KUBE_SYSTEM)).reset();
  (await api.watch(SERVICES)).watch();
  clock.advance(await clock.timer(50));
  assert.deepEqual(sink.syncedKinds, ['Service']);
  assert.deepEqual(source.pending(), [{ kind: 'Node', reason: '0 objects read so far' }]);
  (await api.list(NODES)).page([], '7');
  await sink.untilSynced('Node');
});
