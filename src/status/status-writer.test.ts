import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ApiClient } from '../kubernetes-api/api-client.ts';
import { hastyClock } from '../kubernetes-api/test-clock.ts';
import { condition } from '../model/conditions.ts';
import type { DesiredStatus } from '../model/desired-status.ts';
import { key } from '../model/test-key.ts';
import { StatusResources } from './kubernetes/status-resources.ts';
import { StatusWriter, type WrittenStatus } from './status-writer.ts';
import { type Answer, type Asked, startTestApiServer } from './test-api-server.ts';

const V1 = '/apis/gateway.networking.k8s.io/v1';
const NOW = '2026-01-01T00:00:00Z';

function desiredClass(uid = 'u1'): DesiredStatus {
  return {
    kind: 'GatewayClass',
    uid,
    conditions: [condition('Accepted', true, 'Accepted', '', 1)],
    supportedFeatures: ['Gateway'],
  };
}

const STATUS = {
  conditions: [
    {
      type: 'Accepted',
      status: 'True',
      reason: 'Accepted',
      message: '',
      observedGeneration: 1,
      lastTransitionTime: NOW,
    },
  ],
  supportedFeatures: [{ name: 'Gateway' }],
};

function object(name: string, status?: unknown, resourceVersion = '7') {
  return { metadata: { name, uid: 'u1', resourceVersion }, status };
}

async function setUp(
  t: TestContext,
  answer: (asked: Asked, earlier: number) => Answer | undefined,
  desired: (key: string) => DesiredStatus | undefined = () => desiredClass(),
  isHeldUp = () => false,
) {
  const counts = new Map<string, number>();
  const server = await startTestApiServer(t, (asked) => {
    if (asked.path === V1) return { status: 200, body: { resources: [{ name: 'gatewayclasses' }] } };
    const what = `${asked.method} ${asked.path}`;
    const earlier = counts.get(what) ?? 0;
    counts.set(what, earlier + 1);
    return answer(asked, earlier);
  });
  const clock = hastyClock();
  const warnings: { readonly code?: string }[] = [];
  const client = new ApiClient({ kubeconfig: server.kubeconfig, clock });
  const first = Promise.withResolvers<WrittenStatus>();
  const writer = new StatusWriter({
    client,
    resources: new StatusResources(client),
    desired,
    onWritten: (written) => first.resolve(written),
    onLooked: () => {},
    perSecond: 1_000,
    isHeldUp,
    clock,
    wallClock: () => new Date(NOW),
    logger: { debug() {}, info() {}, warn: (fields) => warnings.push(fields) },
  });
  t.after(() => {
    writer.stop();
    client.close();
  });
  return { server, writer, clock, warnings, written: first.promise };
}

const isPatch = ({ method }: Asked): boolean => method === 'PATCH';

test('a status is read, merged, and patched with the version and identity that were read', async (t) => {
  const { server, writer, written } = await setUp(t, ({ method }) => ({
    status: 200,
    body: object('a', method === 'PATCH' ? STATUS : undefined),
  }));
  writer.lead();
  writer.statusChanged(key('GatewayClass//a'));
  const { kind, name, apiVersion, transitions } = await written;
  assert.deepEqual([kind, name, apiVersion], ['GatewayClass', 'a', 'gateway.networking.k8s.io/v1']);
  assert.deepEqual(
    transitions.map(({ condition: { type } }) => type),
    ['Accepted'],
  );
  const patch = await server.saw(isPatch);
  assert.equal(patch.path, `${V1}/gatewayclasses/a/status?fieldManager=sluice`);
  assert.deepEqual(patch.body, { metadata: { resourceVersion: '7', uid: 'u1' }, status: STATUS });
  // It is known now what it says: nothing more is asked.
  const asked = server.asked.length;
  writer.statusChanged(key('GatewayClass//a'));
  writer.statusChanged(key('GatewayClass//b'));
  await server.saw(({ path }) => path.endsWith('/gatewayclasses/b'));
  assert.equal(server.asked.slice(asked).filter(({ path }) => path.endsWith('/a')).length, 0);
});

test('a follower writes nothing, a leader nothing that is right', async (t) => {
  const { server, writer } = await setUp(t, () => ({ status: 200, body: object('a', STATUS) }));
  writer.statusChanged(key('GatewayClass//before'));
  writer.lead();
  writer.statusChanged(key('GatewayClass//a'));
  writer.statusChanged(key('Service/ns/not-ours'));
  await server.saw(({ path }) => path.endsWith('/a'));
  assert.deepEqual(
    server.asked.filter(({ path }) => path !== V1).map(({ method, path }) => `${method} ${path}`),
    [`GET ${V1}/gatewayclasses/a`],
  );
});

test('a conflict is read and merged again', async (t) => {
  const { server, writer, written, clock } = await setUp(t, ({ method }, earlier) => {
    if (method === 'GET') return { status: 200, body: object('a', undefined, String(earlier)) };
    return earlier < 2 ? { status: 409, body: {} } : { status: 200, body: object('a', STATUS) };
  });
  writer.lead();
  writer.statusChanged(key('GatewayClass//a'));
  await written;
  const versions = server.asked
    .filter(isPatch)
    .map(({ body }) => (body as { metadata: { resourceVersion: string } }).metadata.resourceVersion);
  assert.deepEqual(versions, ['0', '1', '2']);
  assert.equal(writer.counts.conflicts, 2);
  assert.ok(clock.waits.every((ms) => ms <= 200));
});

for (const [what, failing, leastMs] of [
  ['429 with its Retry-After', { status: 429, body: {}, retryAfterSeconds: 7 }, 7_000],
  ['500', { status: 500, body: { message: 'etcd' } }, 250],
  ['a cut connection', undefined, 250],
] as const) {
  test(`${what}: nothing is tried for a while, then all of it`, async (t) => {
    const { writer, written, clock, warnings } = await setUp(t, ({ method }, earlier) => {
      if (method === 'GET' && earlier === 0) return failing;
      return { status: 200, body: object('a', method === 'PATCH' ? STATUS : undefined) };
    });
    writer.lead();
    writer.statusChanged(key('GatewayClass//a'));
    await written;
    assert.ok(clock.waits.some((ms) => ms >= leastMs));
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['SLUICE_STATUS_FAILED'],
    );
  });
}

test('an object that is gone is dropped; a version that is gone is looked for again', async (t) => {
  const { server, writer, written } = await setUp(t, ({ method, path }, earlier) => {
    if (path.endsWith('/gone')) return { status: 404, body: { details: { name: 'gone' } } };
    if (method === 'GET' && earlier === 0) return { status: 404, body: { details: {} } };
    return { status: 200, body: object('a', method === 'PATCH' ? STATUS : undefined) };
  });
  writer.lead();
  writer.statusChanged(key('GatewayClass//gone'));
  writer.statusChanged(key('GatewayClass//a'));
  await written;
  assert.equal(server.asked.filter(({ path }) => path.endsWith('/gone')).length, 1);
  assert.equal(server.asked.filter(({ path }) => path === V1).length, 2);
});

test('a refusal holds up nothing else, and is told once with what to allow', async (t) => {
  const { server, writer, written, warnings, clock } = await setUp(t, ({ method, path }) => {
    if (path.includes('/no-')) return { status: 403, body: { message: 'no' } };
    return { status: 200, body: object('a', method === 'PATCH' ? STATUS : undefined) };
  });
  writer.lead();
  writer.statusChanged(key('GatewayClass//no-1'));
  await server.saw(({ path }) => path.endsWith('/no-1'));
  writer.statusChanged(key('GatewayClass//a'));
  await written;
  assert.equal(warnings[0]?.code, 'SLUICE_STATUS_FORBIDDEN');
  assert.ok(clock.waits.includes(60_000));
});

test('a sweep reads pages, and writes only what is not right', async (t) => {
  const { server, writer, written } = await setUp(
    t,
    ({ method, path }) => {
      if (path.includes('limit=100&continue=next'))
        return { status: 200, body: { metadata: {}, items: [object('wrong'), object('other')] } };
      if (path.includes('limit=100'))
        return { status: 200, body: { metadata: { continue: 'next' }, items: [object('right', STATUS)] } };
      return { status: 200, body: object('wrong', method === 'PATCH' ? STATUS : undefined) };
    },
    (key) => (key.endsWith('/other') ? undefined : desiredClass()),
  );
  writer.lead();
  await writer.sweep('GatewayClass');
  writer.statusChanged(key('GatewayClass//right'));
  assert.equal((await written).name, 'wrong');
  const single = server.asked.filter(({ method, path }) => method === 'GET' && !path.includes('limit'));
  assert.deepEqual(
    single.map(({ path }) => path),
    [V1, `${V1}/gatewayclasses/wrong`],
  );
});

test('a sweep reads no page while it is held up, and is not held up once another replica leads', async (t) => {
  let looks = 0;
  const { server, writer } = await setUp(
    t,
    () => ({ status: 200, body: { metadata: {}, items: [] } }),
    () => desiredClass(),
    () => {
      looks += 1;
      if (looks === 3) writer.follow();
      return true;
    },
  );
  writer.lead();
  await writer.sweep('GatewayClass');
  assert.equal(looks, 3);
  assert.ok(!server.asked.some(({ path }) => path.includes('limit=')));
});

test('who stops leading lets go of what waits', async (t) => {
  const { server, writer } = await setUp(t, () => undefined);
  writer.lead();
  writer.statusChanged(key('GatewayClass//a'));
  await server.saw(({ path }) => path.endsWith('/a'));
  writer.follow();
  assert.equal(writer.pending <= 1, true);
  writer.statusChanged(key('GatewayClass//b'));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(
    server.asked.some(({ path }) => path.endsWith('/b')),
    false,
  );
});

test('an object that the server fails at holds up no other one', async (t) => {
  const { writer, clock, written } = await setUp(t, ({ method, path }) => {
    if (method === 'PATCH' && path.includes('/a/'))
      return { status: 500, body: { message: 'request is too large' } };
    return {
      status: 200,
      body: object(path.includes('/b') ? 'b' : 'a', method === 'PATCH' ? STATUS : undefined),
    };
  });
  // What is waited for here never comes.
  const { after } = clock;
  clock.after = (ms, then) => (ms >= 100 ? () => {} : after(ms, then));
  writer.lead();
  writer.statusChanged(key('GatewayClass//a'));
  while (writer.counts.failed === 0) await new Promise((resolve) => setImmediate(resolve));
  writer.statusChanged(key('GatewayClass//b'));
  assert.equal((await written).name, 'b');
});

test('a page of objects that are too large together is read in smaller ones', async (t) => {
  const { server, writer, written } = await setUp(t, ({ method, path }) => {
    if (path.includes('limit=100')) return { status: 200, body: 'x'.repeat(65 * 1024 * 1024) };
    if (path.includes('limit=')) return { status: 200, body: { metadata: {}, items: [object('wrong')] } };
    return { status: 200, body: object('wrong', method === 'PATCH' ? STATUS : undefined) };
  });
  writer.lead();
  await writer.sweep('GatewayClass');
  assert.equal((await written).name, 'wrong');
  assert.ok(server.asked.some(({ path }) => path.includes('limit=13')));
});
