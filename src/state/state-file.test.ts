import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { processTurns } from '../event-loop/turns.ts';
import type { ObjectEvent } from '../model/events.ts';
import type { KubernetesObject } from '../model/objects.ts';
import type { KindPosition } from '../model/positions.ts';
import { decoded, route } from '../watchers/objects/test-manifests.ts';
import {
  encodeChanges,
  encodeComplete,
  encodeHeader,
  encodeObjects,
  type ReadState,
  readState,
  type StateOwner,
} from './state-file.ts';

const OWNER: StateOwner = {
  sluice: '1.2.3',
  cluster: { server: 'https://10.96.0.1', authority: 'ab'.repeat(32), uid: 'uid-1' },
};

function positions(version: number): readonly KindPosition[] {
  return [
    {
      kind: 'TLSRoute',
      at: { apiVersion: 'gateway.networking.k8s.io/v1', resourceVersion: String(version) },
    },
    { kind: 'UDPRoute', at: undefined },
  ];
}

function routes(count: number): KubernetesObject[] {
  return Array.from({ length: count }, (_, index) =>
    decoded('TLSRoute', route({ hostnames: [`h${index}.example.com`] }, { name: `r${index}` })),
  );
}

const CHANGES: readonly (readonly ObjectEvent[])[] = [
  [{ type: 'delete', ref: { kind: 'TLSRoute', namespace: 'default', name: 'r1' } }],
  routes(3).map((object) => ({ type: 'upsert', object })),
];

const objects = routes(450);
const header = encodeHeader(OWNER);
const base = Buffer.concat([
  header,
  ...encodeObjects(objects),
  encodeComplete({ at: 1_000, objects: 450, positions: positions(10) }),
]);
const changes = CHANGES.map((events, index) =>
  encodeChanges({ at: 2_000 + index, events, positions: positions(11 + index) }),
);
const whole = Buffer.concat([base, ...changes]);

const read = (bytes: Buffer, owner = OWNER): Promise<ReadState> =>
  readState(bytes, owner, processTurns.reading);

test('what was written is read, in order, as it was', async () => {
  const state = await read(whole);
  assert.ok(state.type === 'state');
  assert.equal(state.at, 2_001);
  assert.equal(state.unreadBytes, 0);
  assert.deepEqual(state.positions, positions(12));
  const events = state.batches.flat();
  assert.deepEqual(
    events.slice(0, 450),
    objects.map((object) => ({ type: 'upsert', object })),
  );
  assert.deepEqual(events.slice(450), CHANGES.flat());
  const [first, second] = events;
  assert.ok(first?.type === 'upsert' && second?.type === 'upsert');
  assert.ok(first.object.kind === 'TLSRoute' && second.object.kind === 'TLSRoute');
  assert.equal(first.object.parentRefs, second.object.parentRefs, 'what objects share is one copy');
});

test('a state without objects is one', async () => {
  const empty = Buffer.concat([header, encodeComplete({ at: 1, objects: 0, positions: [] })]);
  const state = await read(empty);
  assert.deepEqual(state, { type: 'state', at: 1, positions: [], batches: [], unreadBytes: 0 });
});

/** The state after so many of the changes. */
function isStateAfter(state: ReadState, count: number): boolean {
  return (
    state.type === 'state' &&
    state.at === (count === 0 ? 1_000 : 1_999 + count) &&
    state.batches.flat().length === 450 + CHANGES.slice(0, count).flat().length
  );
}

test('cut off at any byte it is a state that was true once, or damaged', async () => {
  const ends = [base.byteLength];
  for (const change of changes) ends.push((ends.at(-1) ?? 0) + change.byteLength);
  for (let length = 0; length <= whole.byteLength; length += length < base.byteLength - 200 ? 97 : 1) {
    const state = await read(whole.subarray(0, length));
    const complete = ends.filter((end) => end <= length).length;
    if (complete === 0) assert.equal(state.type, 'damaged', `cut at ${length}`);
    else {
      assert.ok(isStateAfter(state, complete - 1), `cut at ${length}`);
      assert.equal(state.type === 'state' && state.unreadBytes, length - (ends[complete - 1] ?? 0));
    }
  }
});

test('with any bytes changed it is a state that was true once, or is refused', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(whole.byteLength - 1), fc.integer({ min: 1, max: 255 })), {
        minLength: 1,
        maxLength: 4,
      }),
      async (flips) => {
        const bytes = Buffer.from(whole);
        for (const [at, mask] of flips) bytes[at] = (bytes[at] ?? 0) ^ mask;
        if (bytes.equals(whole)) return;
        const state = await read(bytes);
        const first = Math.min(...flips.map(([at]) => at));
        if (first < base.byteLength) assert.equal(state.type, 'damaged');
        else assert.ok(isStateAfter(state, 0) || isStateAfter(state, 1));
      },
    ),
    { numRuns: 300 },
  );
});

test('any bytes at all are damaged', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      assert.equal((await read(Buffer.from(bytes))).type, 'damaged');
      assert.equal((await read(Buffer.concat([header, bytes]))).type, 'damaged');
    }),
  );
});

test('a file of another cluster is named so, and one of the same cluster whose uid is not known is read', async () => {
  for (const [cluster, type] of [
    [{ ...OWNER.cluster, uid: 'uid-2' }, 'foreign'],
    [{ ...OWNER.cluster, server: 'https://10.0.0.1' }, 'foreign'],
    [{ ...OWNER.cluster, authority: '' }, 'foreign'],
    [{ ...OWNER.cluster, uid: '' }, 'state'],
  ] as const) {
    const state = await read(whole, { ...OWNER, cluster });
    assert.equal(state.type, type);
    if (state.type === 'foreign')
      assert.match(state.why, /of the cluster at https:\/\/10\.96\.0\.1 .*, and this is/);
  }
});

test('a file of another version is named so', async () => {
  const state = await read(whole, { ...OWNER, sluice: '1.2.2' });
  assert.ok(state.type === 'other-version');
  assert.match(state.why, /of Sluice 1\.2\.3 .*and this is Sluice 1\.2\.2/);
});
