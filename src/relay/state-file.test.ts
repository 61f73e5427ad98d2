import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FramedDeltaDiscoveryResponse } from '../proto/index.ts';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE } from '../snapshot/resources/resource.ts';
import { TestView } from '../xds/test-view.ts';
import { RelayedResources } from './relayed-resources.ts';
import {
  encodeHeader,
  encodeResources,
  encodeResponseRecord,
  encodeTime,
  type ReadState,
  readState,
} from './state-file.ts';
import { putHosts } from './test-relay.ts';

const IDENTITY = { addresses: ['sluice.example.com:18000'], authority: 'ab'.repeat(32) };

const view = new TestView();
putHosts(view, ['a', 'b', 'c']);
const resources = new RelayedResources();
for (const typeUrl of [ENDPOINT_TYPE, CLUSTER_TYPE, LISTENER_TYPE])
  resources.apply({ typeUrl, resources: [...view.all(typeUrl)], removed: [] });

const header = encodeHeader(IDENTITY);
const base = Buffer.concat([header, ...encodeResources(resources), encodeTime(1_000)]);
const removal = FramedDeltaDiscoveryResponse.encode({ type_url: CLUSTER_TYPE, removed_resources: ['a'] });
const change = Buffer.concat([encodeResponseRecord(removal), encodeTime(2_000)]);
const whole = Buffer.concat([base, change]);

/** What a table has after the state was applied to it. */
function namesAfter(state: ReadState): string[] {
  assert.ok(state.type === 'state');
  const read = new RelayedResources();
  for (const update of state.updates) read.apply(update);
  read.waitNoLonger();
  return [CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE].flatMap((typeUrl) =>
    [...read.table.all(typeUrl)].map(({ name, version, bytes }) => {
      const original = view.get(typeUrl, name);
      assert.equal(version, original?.version);
      assert.deepEqual(Buffer.from(bytes), Buffer.from(original?.bytes ?? []));
      return name;
    }),
  );
}

test('what was kept is read as it came, with what was appended', () => {
  const state = readState(whole, IDENTITY);
  assert.deepEqual(namesAfter(state), ['b', 'c', 'set-a', 'set-b', 'set-c', 'main']);
  assert.ok(state.type === 'state');
  assert.deepEqual([state.at, state.unreadBytes], [2_000, 0]);
});

test('cut off at any byte it is what was true once, or damaged', () => {
  for (let length = 0; length < whole.length; length += 1) {
    const state = readState(whole.subarray(0, length), IDENTITY);
    if (length < base.length) assert.equal(state.type, 'damaged', `cut at ${length}`);
    else {
      assert.ok(state.type === 'state', `cut at ${length}`);
      assert.deepEqual([state.at, state.unreadBytes], [1_000, length - base.length]);
      assert.ok(namesAfter(state).includes('a'));
    }
  }
});

test('with any bytes changed it is what was true once, or is refused', () => {
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ mask;
      const state = readState(bytes, IDENTITY);
      if (at < base.length) assert.equal(state.type, 'damaged');
      else assert.ok(state.type === 'state' && state.at === 1_000);
    }),
    { numRuns: 300 },
  );
});

test('any bytes at all are damaged', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      assert.equal(readState(Buffer.from(bytes), IDENTITY).type, 'damaged');
      assert.equal(readState(Buffer.concat([header, bytes]), IDENTITY).type, 'damaged');
    }),
  );
});

test('a state of another control plane is named so', () => {
  for (const other of [
    { ...IDENTITY, authority: '' },
    { ...IDENTITY, addresses: ['other.example.com:18000'] },
  ]) {
    const state = readState(whole, other);
    assert.ok(state.type === 'foreign');
    assert.match(
      state.why,
      /of the control plane at sluice\.example\.com:18000 \(authority abab.*, and this is/,
    );
  }
});

test('a state of a later version is named so', () => {
  const later = { ...IDENTITY, format: 2 };
  const state = readState(Buffer.concat([encodeHeader(later), base.subarray(header.length)]), IDENTITY);
  assert.ok(state.type === 'other-version');
  assert.match(state.why, /format 2, and this Sluice reads 1/);
});
