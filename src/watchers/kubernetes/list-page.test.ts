import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ApiFailure } from '../../kubernetes-api/api-failure.ts';
import { resourceOf, type WatchedKind } from '../../kubernetes-api/watched-kind.ts';
import { type PageBody, parsePage, tokenOf } from './list-page.ts';
import { enveloped, serviceList } from './test-protobuf.ts';
import { rawService, watchedKinds } from './test-source.ts';

const SERVICES = resourceOf(watchedKinds('Service')[0] as WatchedKind, 'v1');

const json = (text: string): PageBody => ({ bytes: Buffer.from(text), protobuf: false });
const protobuf = (bytes: Uint8Array): PageBody => ({ bytes: Buffer.from(bytes), protobuf: true });
const parse = (body: PageBody) => parsePage('list', body, SERVICES);

/** What parsing says; `undefined` where the page is not believed. */
function parsedToken(body: PageBody): string | undefined {
  try {
    return parse(body).token;
  } catch (error) {
    assert.ok(error instanceof ApiFailure, String(error));
    assert.equal(error.reason, 'malformed');
    return undefined;
  }
}

/** Texts that look like what stands around the items. */
const tricky = fc.oneof(
  fc.string(),
  fc.constantFrom('}]', '"items":[', '],"metadata":{"continue":"no"}}', '{"items":[0]}', '\\', 'ä€😀'),
);
const item = fc.record({
  metadata: fc.record({ name: fc.constant('a'), resourceVersion: fc.constant('1'), note: tricky }),
  items: fc.array(fc.record({ value: tricky }), { maxLength: 2 }),
});
const page = fc.record({
  items: fc.array(item, { minLength: 1, maxLength: 4 }),
  metadata: fc.record({ resourceVersion: fc.constant('7'), continue: tricky, note: tricky }),
  first: fc.boolean(),
});

test('the token that is found before a page is parsed is the one that parsing finds', () => {
  let found = 0;
  fc.assert(
    fc.property(page, ({ items, metadata, first }) => {
      const text = JSON.stringify(first ? { metadata, items } : { items, kind: 'List', metadata });
      const token = tokenOf(json(text), SERVICES);
      if (token === undefined) return;
      found += 1;
      assert.equal(token, parsedToken(json(text)));
    }),
  );
  assert.ok(found > 10, 'most pages are not tricky');
});

test('both orders of a page are understood', () => {
  const items = [rawService('a', 1), rawService('b', 2)];
  const metadata = { resourceVersion: '7', continue: 'more' };
  for (const list of [
    { metadata, items },
    { apiVersion: 'v1', items, metadata },
  ])
    assert.equal(tokenOf(json(JSON.stringify(list)), SERVICES), 'more');
  assert.equal(tokenOf(json(JSON.stringify({ metadata: { resourceVersion: '7' }, items })), SERVICES), '');
  assert.equal(tokenOf(protobuf(serviceList([], '7', 'more')), SERVICES), 'more');
  assert.equal(tokenOf(protobuf(serviceList([], '7')), SERVICES), '');
});

test('where the token is not certain, the page is parsed first', () => {
  for (const text of ['', '{}', '[]', 'null', '{"items":[]}', '{"metadata":{"items":[{}]}}', '{"items":[{}]'])
    assert.equal(tokenOf(json(text), SERVICES), undefined, text);
  assert.equal(tokenOf(protobuf(Buffer.from('{"items":[{}]}')), SERVICES), undefined);
});

test('JSON that is no list is malformed, and nothing else', () => {
  for (const text of ['', 'null', '7', '"x"', '[]', '{}', '{"metadata":null}', '{"metadata":{},"items":{}}'])
    assert.equal(parsedToken(json(text)), undefined, text);
});

test('protobuf gives what JSON would', () => {
  const { items, token, resourceVersion } = parse(
    protobuf(serviceList([{ name: 'a', resourceVersion: '5', port: 443 }], '7', 'more')),
  );
  assert.deepEqual({ token, resourceVersion }, { token: 'more', resourceVersion: '7' });
  assert.deepEqual(items, [
    {
      metadata: {
        name: 'a',
        namespace: 'shop',
        uid: 'uid-a',
        resourceVersion: '5',
        generation: 3,
        creationTimestamp: '2026-01-01T00:00:00Z',
      },
      spec: { ports: [{ name: 'api', protocol: 'TCP', port: 443 }], type: 'ClusterIP' },
    },
  ]);
});

test('protobuf of another kind, or encoded further, is malformed', () => {
  const list = serviceList([], '7');
  assert.equal(parsedToken(protobuf(list)), '');
  assert.equal(parsedToken(protobuf(enveloped('Status', new Uint8Array()))), undefined);
  assert.equal(parsedToken(protobuf(Buffer.concat([list, Buffer.from([0x1a, 1, 0x7a])]))), undefined);
});

test('malformed protobuf gives a malformed failure, and nothing else', () => {
  const whole = serviceList(
    ['a', 'b', 'c'].map((name) => ({ name, resourceVersion: '5', port: 443 })),
    '7',
    'more',
  );
  for (let length = 0; length < whole.length; length += 1) {
    tokenOf(protobuf(whole.subarray(0, length)), SERVICES);
    assert.equal(parsedToken(protobuf(whole.subarray(0, length))), undefined, `cut after ${length} bytes`);
  }
  const change = fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 }));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 5 }), (changes) => {
      const bytes = Buffer.from(whole);
      for (const [at, byte] of changes) bytes[at] = byte;
      tokenOf(protobuf(bytes), SERVICES);
      parsedToken(protobuf(bytes));
    }),
    { numRuns: 2_000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (raw) => {
      parsedToken(protobuf(raw));
      parsedToken(protobuf(enveloped('ServiceList', raw)));
    }),
    { numRuns: 2_000 },
  );
});
