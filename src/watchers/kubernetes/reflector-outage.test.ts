import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  bookmark,
  event,
  kubeconfigOf,
  rawService,
  SERVICES,
  startSource,
  type TestSource,
} from './test-source.ts';

const TIMEOUT = { timeout: 20_000 };
const NODES = '/api/v1/nodes';
const INGRESSES = '/apis/networking.k8s.io/v1/ingresses';

test(
  'Retry-After is obeyed, from the header and from the status, and not beyond five minutes',
  TIMEOUT,
  async (t) => {
    const { api, clock, logger } = await startSource(t, ['Service']);
    (await api.list(SERVICES)).refuse(429, 'too many requests', { 'retry-after': '7' });
    clock.advance(await clock.timer(7_200));
    const status = { code: 429, message: 'too many requests', details: { retryAfterSeconds: 3 } };
    (await api.list(SERVICES)).json(429, status);
    clock.advance(await clock.timer(3_400));
    (await api.list(SERVICES)).refuse(429, 'too many requests', { 'retry-after': '86400' });
    clock.advance(await clock.timer(300_800));
    (await api.list(SERVICES)).page([], '1');
    await logger.times(1, /read again/);
  },
);

test(
  'a server that says when to come back is asked then, give or take a second, however often it refused',
  TIMEOUT,
  async (t) => {
    const { api, clock, logger } = await startSource(t, ['Service']);
    for (const wait of [1_200, 1_400, 1_800, 2_000, 2_000, 2_000]) {
      (await api.list(SERVICES)).refuse(429, 'too many requests', { 'retry-after': '1' });
      clock.advance(await clock.timer(wait));
    }
    (await api.list(SERVICES)).page([], '1');
    await logger.times(1, /read again/);
  },
);

test('failures are backed off from, to a limit, and a good page begins anew', TIMEOUT, async (t) => {
  const { api, clock, sink, source } = await startSource(t, ['Service'], { limits: { backoffMaxMs: 1000 } });
  for (const delay of [200, 400, 800, 1000, 1000]) {
    (await api.list(SERVICES)).refuse(500, 'etcdserver: leader changed');
    clock.advance(await clock.timer(delay));
  }
  assert.match(
    source.pending()[0]?.reason ?? '',
    /SLUICE_KUBE_SERVER_ERROR: .*answered 500: etcdserver: leader/,
  );
  (await api.list(SERVICES)).page([], '1', 'more');
  (await api.list(SERVICES)).refuse(503, 'shutting down');
  clock.advance(await clock.timer(200));
  (await api.list(SERVICES)).page([], '1');
  await sink.untilSynced('Service');
});

test('delays are jittered between half and the whole of what they may be', TIMEOUT, async (t) => {
  const { api, clock } = await startSource(t, ['Service'], { random: () => 0 });
  for (const delay of [100, 200, 400]) {
    (await api.list(SERVICES)).refuse(500, 'no');
    clock.advance(await clock.timer(delay));
  }
  (await api.list(SERVICES)).page([], '1');
  assert.equal((await api.watch(SERVICES)).query['timeoutSeconds'], '300');
});

test('a request that is not answered, or stops halfway, is given up', TIMEOUT, async (t) => {
  const { api, clock, sink } = await startSource(t, ['Service']);
  const silent = await api.list(SERVICES);
  clock.advance(await clock.timer(30_000));
  await silent.closed;
  await sink.until(() => sink.present[0]?.code === 'SLUICE_KUBE_SILENT');
  clock.advance(await clock.timer(200));
  const halfway = await api.list(SERVICES);
  halfway.watch().write('{"items":[');
  await clock.timer(30_000);
  clock.advance(30_000);
  await halfway.closed;
  clock.advance(await clock.timer(400));
  (await api.list(SERVICES)).page([], '1');
  await sink.untilSynced('Service');
});

test('after a silence no connection is used that was idle meanwhile', TIMEOUT, async (t) => {
  const { api, clock } = await startSource(t, ['Service', 'Node']);
  (await api.list(SERVICES)).page([], '1');
  (await api.list(NODES)).page([], '1');
  const services = (await api.watch(SERVICES)).watch();
  const nodes = (await api.watch(NODES)).watch();
  nodes.send(bookmark(5)).end();
  clock.advance(await clock.timer(200));
  const next = (await api.watch(NODES)).watch();
  await clock.timer(150_000);
  const before = api.connections;
  clock.advance(150_000);
  await Promise.all([services.closed, next.closed]);
  clock.advance(await clock.timer(200, 2));
  await Promise.all([api.watch(SERVICES), api.watch(NODES)]);
  assert.equal(api.connections, before + 2);
});

test(
  'one kind that is forbidden is named, in the log and as pending, and the others work',
  TIMEOUT,
  async (t) => {
    const { api, clock, sink, logger, source } = await startSource(t, ['Service', 'Ingress', 'Node']);
    const refusal = 'ingresses.networking.k8s.io is forbidden: User "sluice" cannot list resource';
    (await api.list(INGRESSES)).refuse(403, refusal);
    (await api.list(SERVICES)).page([rawService('a', 1)], '10');
    (await api.list(NODES)).page([], '10');
    await sink.until(() => sink.syncedKinds.length === 2 && sink.present.length === 1);
    const [pending, ...rest] = source.pending();
    assert.deepEqual(rest, []);
    assert.equal(pending?.kind, 'Ingress');
    assert.match(
      pending.reason,
      /^SLUICE_KUBE_FORBIDDEN: .*cannot list resource; allow list and watch on ingresses/,
    );
    assert.equal(sink.present[0]?.code, 'SLUICE_KUBE_FORBIDDEN');
    assert.deepEqual(
      logger.of('warn').map(({ fields }) => fields),
      [{ code: 'SLUICE_KUBE_FORBIDDEN', kind: 'Ingress', retryInMs: 200 }],
    );
    (await api.watch(SERVICES)).watch(event('ADDED', rawService('b', 11)));
    await sink.until(() => sink.objects.has('Service/shop/b'));
    clock.advance(200);
    (await api.list(INGRESSES)).page([], '12');
    await sink.untilSynced('Ingress');
    assert.deepEqual(source.pending(), []);
    assert.deepEqual(sink.present, []);
  },
);

test('while a server is away all stays in place, and then every watch resumes', TIMEOUT, async (t) => {
  const { api, clock, sink, logger, source } = await startSource(t, ['Service', 'Node'], {
    // Told from a back-off by its length.
    limits: { requestSilenceMs: 45_000 },
  });
  const node = { metadata: { name: 'n', resourceVersion: '20' } };
  (await api.list(SERVICES)).page([rawService('a', 1)], '10');
  (await api.list(NODES)).page([], '10');
  (await api.watch(SERVICES)).watch(event('ADDED', rawService('b', 11)));
  (await api.watch(NODES)).watch(event('ADDED', node));
  await sink.until(() => sink.objects.size === 3);
  await api.stop();
  clock.advance(await clock.timer(200, 2));
  await clock.timer(400, 2);
  await logger.times(2, /ECONNREFUSED.*check the server address/);
  assert.equal(logger.of('warn').length, 1, 'one line for both kinds');
  assert.equal(sink.present.length, 2);
  // Some 81 s in which one reminder is due.
  for (const delay of [400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000]) {
    clock.advance(await clock.timer(delay, 2));
  }
  await clock.timer(30_000, 2);
  assert.equal(logger.of('warn').length, 2, 'a reminder');
  assert.deepEqual(sink.keys, ['Node//n', 'Service/shop/a', 'Service/shop/b']);
  assert.deepEqual(source.pending(), []);
  await api.start();
  clock.advance(30_000);
  const services = await api.watch(SERVICES);
  assert.equal(services.query['resourceVersion'], '11');
  services.watch(event('DELETED', rawService('a', 30)));
  const nodes = await api.watch(NODES);
  assert.equal(nodes.query['resourceVersion'], '20');
  nodes.watch();
  await sink.until(() => sink.present.length === 0 && sink.objects.size === 2);
  await logger.times(1, /read again/);
});

test(
  'of a server that is ready again every kind is read at once, whatever was left to wait',
  TIMEOUT,
  async (t) => {
    const { api, clock, sink } = await startSource(t, ['Service', 'Node'], {
      limits: { requestSilenceMs: 45_000 },
    });
    (await api.list(SERVICES)).page([], '10');
    (await api.list(NODES)).page([], '20');
    (await api.watch(SERVICES)).watch(event('ADDED', rawService('a', 11)));
    const node = { metadata: { name: 'n', resourceVersion: '21' } };
    (await api.watch(NODES)).watch(event('ADDED', node));
    await sink.until(() => sink.objects.size === 2);
    api.readyz = 500;
    await api.stop();
    clock.advance(await clock.timer(200, 2));
    await clock.timer(400, 2);
    await api.start();
    for (const delay of [400, 800, 1600]) {
      clock.advance(await clock.timer(delay, 2));
      (await api.watch(SERVICES)).refuse(503, 'starting');
      (await api.watch(NODES)).refuse(503, 'starting');
    }
    await clock.timer(3200, 2);
    clock.advance(await clock.timer(250));
    await clock.timer(250);
    assert.equal(api.looks, 1);
    api.readyz = 200;
    clock.advance(await clock.timer(250));
    assert.equal((await api.watch(SERVICES)).query['resourceVersion'], '11');
    (await api.watch(NODES)).refuse(500, 'still wrong');
    // Back-offs begin anew, and nobody is called back by a server that was ready before.
    clock.advance(await clock.timer(200));
    assert.equal((await api.watch(NODES)).query['resourceVersion'], '21');
    assert.equal(api.unanswered.length, 0);
  },
);

test(
  'a server that fills its caches after a start is asked again soon, not after its Retry-After',
  TIMEOUT,
  async (t) => {
    const { api, clock, sink } = await startSource(t, ['Service']);
    const status = { code: 429, message: 'storage is (re)initializing', details: { retryAfterSeconds: 1 } };
    for (const delay of [200, 300, 300]) {
      (await api.list(SERVICES)).json(429, status, { 'retry-after': '1' });
      clock.advance(await clock.timer(delay));
    }
    (await api.list(SERVICES)).page([], '1');
    await sink.untilSynced('Service');
  },
);

test(
  'a server that has just started is not believed at once that a kind may not be read',
  TIMEOUT,
  async (t) => {
    const { api, clock, sink, logger } = await startSource(t, ['Service']);
    (await api.list(SERVICES)).page([], '10');
    (await api.watch(SERVICES)).watch(event('ADDED', rawService('a', 11)));
    await sink.until(() => sink.objects.size === 1);
    await api.stop();
    for (const delay of [200, 400, 800]) clock.advance(await clock.timer(delay));
    await clock.timer(1600);
    await api.start();
    clock.advance(1600);
    for (let tries = 0; tries < 20; tries += 1) {
      (await api.watch(SERVICES)).refuse(403, 'not yet');
      clock.advance(await clock.timer(300));
    }
    assert.match(sink.present[0]?.message ?? '', /ECONNREFUSED/);
    (await api.watch(SERVICES)).refuse(403, 'for good');
    await logger.times(1, /403: for good; allow list and watch on services/);
    assert.match(sink.present[0]?.message ?? '', /for good/);
  },
);

test('a kubeconfig that is missing, and then of no use, is waited for', TIMEOUT, async (t) => {
  const { api, clock, sink, logger, source, kubeconfig } = await startSource(t, ['Service'], { late: true });
  await logger.times(1, /No usable credentials .*ENOENT.*check the kubeconfig/);
  assert.match(source.pending()[0]?.reason ?? '', /^SLUICE_KUBE_CONFIG/);
  assert.equal(sink.present[0]?.code, 'SLUICE_KUBE_CONFIG');
  for (const [tries, text] of ['', 'nonsense', '{"clusters": 7}', '{"kind": "Config"}'].entries()) {
    writeFileSync(kubeconfig, text);
    clock.advance(await clock.timer(200 * 2 ** tries));
    await logger.times(tries + 2, /No usable credentials/);
  }
  writeFileSync(kubeconfig, kubeconfigOf(api.url, { token: 'secret' }));
  clock.advance(await clock.timer(3200));
  (await api.list(SERVICES)).page([], '1');
  await sink.untilSynced('Service');
  await logger.times(1, /read again/);
});

test('credentials that are refused are read again', TIMEOUT, async (t) => {
  const { api, clock, sink, kubeconfig, logger } = await startSource(t, ['Service']);
  (await api.list(SERVICES)).refuse(401, 'Unauthorized');
  await logger.times(1, /answered 401: Unauthorized; renew the token/);
  writeFileSync(kubeconfig, kubeconfigOf(api.url, { token: 'renewed' }));
  clock.advance(await clock.timer(200));
  const again = await api.list(SERVICES);
  assert.equal(again.headers['authorization'], 'Bearer renewed');
  again.page([], '1');
  await sink.untilSynced('Service');
});

for (const [moment, reach] of [
  ['before a list is answered', async () => {}],
  [
    'while a watch runs',
    async ({ api, sink }: TestSource) => {
      (await api.list(SERVICES)).page([], '1');
      (await api.watch(SERVICES)).watch(event('ADDED', rawService('a', 2)));
      await sink.until(() => sink.objects.size === 1);
    },
  ],
  [
    'while a failure is waited out',
    async ({ api, logger }: TestSource) => {
      (await api.list(SERVICES)).refuse(500, 'no');
      await logger.times(1, /answered 500/);
    },
  ],
] as const) {
  test(`a source that is stopped ${moment} leaves nothing behind`, TIMEOUT, async (t) => {
    const world = await startSource(t, ['Service']);
    const open = moment === 'before a list is answered' ? await world.api.list(SERVICES) : undefined;
    await reach(world);
    const seen = world.sink.events.length;
    await world.source.stop();
    assert.deepEqual(world.clock.delays(), []);
    open?.page([rawService('late', 1)], '5');
    await open?.closed;
    await world.api.idle();
    assert.equal(world.sink.events.length, seen);
  });
}
