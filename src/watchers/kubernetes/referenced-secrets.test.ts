import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { event, startSource, type TestSource } from './test-source.ts';

const CERT = { namespace: 'shop', name: 'cert' };
const SECRETS = '/api/v1/namespaces/shop/secrets';
const KEY = 'Secret/shop/cert';

function rawSecret(version: number, name = 'cert') {
  return { metadata: { name, namespace: 'shop', resourceVersion: String(version) }, data: {} };
}

async function reading(t: TestContext, ...items: readonly object[]): Promise<TestSource> {
  const started = await startSource(t, []);
  started.source.readSecrets?.([CERT]);
  const list = await started.api.list(SECRETS);
  assert.equal(list.query['fieldSelector'], 'metadata.name=cert');
  list.page(items, '5');
  await started.sink.until(() => started.sink.objects.has(KEY));
  return started;
}

function known({ sink }: TestSource, key = KEY): string | undefined {
  const object = sink.objects.get(key);
  return object?.kind === 'Secret' ? object.certificate : undefined;
}

test('a Secret that is asked for is read alone, and followed as it comes and goes', async (t) => {
  const started = await reading(t);
  const { api, sink } = started;
  assert.equal(known(started), 'absent');
  const watch = await api.watch(SECRETS);
  assert.equal(watch.query['fieldSelector'], 'metadata.name=cert');
  watch.watch(event('ADDED', rawSecret(6)));
  await sink.until(() => known(started) === 'malformed');
  watch.send(event('DELETED', rawSecret(7)));
  await sink.until(() => known(started) === 'absent');
  assert.deepEqual(sink.present, []);
});

test('a Secret that is there from the start is never told as absent', async (t) => {
  const started = await reading(t, rawSecret(4));
  assert.equal(known(started), 'malformed');
  const told = started.sink.events.map((each) => (each.type === 'upsert' ? each.object : undefined));
  assert.ok(told.every((object) => object?.kind === 'Secret' && object.certificate === 'malformed'));
});

test('a Secret that is no longer asked for is forgotten, and its watch ended', async (t) => {
  const { api, sink, source } = await reading(t);
  const watch = (await api.watch(SECRETS)).watch();
  source.readSecrets?.([]);
  await watch.closed;
  assert.equal(sink.objects.has(KEY), false);
});

test('to ask for the same again changes nothing', async (t) => {
  const { api, sink, source } = await reading(t);
  const watch = (await api.watch(SECRETS)).watch();
  source.readSecrets?.([CERT, { namespace: 'shop', name: 'more' }]);
  (await api.list(SECRETS)).page([rawSecret(5, 'more')], '5');
  await sink.until(() => sink.objects.has('Secret/shop/more'));
  watch.send(event('ADDED', rawSecret(6)));
  await sink.until(() => sink.events.length === 3);
});

test('without permission nothing is told, nobody waits, and the log says so once', async (t) => {
  const { api, clock, sink, logger, source } = await startSource(t, []);
  source.readSecrets?.([CERT]);
  for (const delay of [200, 400, 800]) {
    (await api.list(SECRETS)).refuse(403, 'secrets is forbidden');
    clock.advance(await clock.timer(delay));
  }
  assert.equal(logger.lines.filter(({ message }) => /no permission to read Secrets/.test(message)).length, 1);
  assert.deepEqual(logger.of('warn'), []);
  assert.deepEqual(sink.events, []);
  assert.deepEqual(source.pending(), []);
  assert.deepEqual(sink.present, []);
});

test('more Secrets than can be watched are not read, and the log says so', async (t) => {
  const { api, logger, source } = await startSource(t, []);
  const names = Array.from({ length: 102 }, (_, index) => ({ namespace: 'shop', name: `cert-${index}` }));
  source.readSecrets?.(names);
  for (let index = 0; index < 100; index += 1) (await api.list(SECRETS)).page([], '5');
  await logger.times(1, /refer to 102 Secrets; of 100/);
});
