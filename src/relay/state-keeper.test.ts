import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { processTurns } from '../event-loop/turns.ts';
import { FramedDeltaDiscoveryResponse } from '../proto/index.ts';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE } from '../snapshot/resources/resource.ts';
import { TestView } from '../xds/test-view.ts';
import { RelayedResources } from './relayed-resources.ts';
import { encodeHeader, encodeTime } from './state-file.ts';
import { type FoundState, StateFolder, type StateProblem } from './state-folder.ts';
import { StateKeeper } from './state-keeper.ts';
import { putHosts } from './test-relay.ts';

const HOUR = 3_600_000;
const NOW = 100 * HOUR;
const IDENTITY = { addresses: ['a:1'], authority: '' };

async function setUp(t: TestContext) {
  const path = await mkdtemp(join(tmpdir(), 'sluice-node-state-'));
  const view = new TestView();
  const resources = new RelayedResources();
  let isCurrent = true;
  let identity = IDENTITY;
  const failures: string[] = [];
  const folder = new StateFolder(path, processTurns.reports);
  const keeper = new StateKeeper({
    folder,
    resources,
    identity: () => identity,
    isCurrent: () => isCurrent,
    now: () => NOW,
    onFailure: (error) => failures.push(String(error)),
    onRecovery: () => failures.push('recovered'),
    timesMs: { gather: 1, beat: 60_000, retry: 1 },
  });
  t.after(async () => {
    await keeper.stop();
    await rm(path, { recursive: true, force: true });
  });
  /** The control plane says what the view has now of these hosts. */
  const say = (...hosts: readonly string[]): void => {
    putHosts(view, hosts);
    for (const typeUrl of [ENDPOINT_TYPE, CLUSTER_TYPE, LISTENER_TYPE]) {
      const all = [...view.all(typeUrl)];
      resources.apply({ typeUrl, resources: all, removed: [] });
      const response = { type_url: typeUrl, resources: all.map(({ bytes }) => bytes) };
      keeper.changed(FramedDeltaDiscoveryResponse.encode(response));
    }
  };
  return {
    path,
    keeper,
    failures,
    say,
    setCurrent: (value: boolean) => (isCurrent = value),
    setIdentity: (value: typeof IDENTITY) => (identity = value),
    async read(maxAgeMs = HOUR, now = NOW) {
      const problems: StateProblem[] = [];
      const state = await new StateFolder(path, processTurns.reports).read({
        identity,
        maxAgeMs,
        now,
        onProblem: (problem) => problems.push(problem),
      });
      return { state, codes: problems.map(({ code }) => code), problems };
    },
    names: async () => (await readdir(path)).sort(),
  };
}

function hostsOf(state: FoundState | undefined): string[] {
  const read = new RelayedResources();
  for (const update of state?.updates ?? []) read.apply(update);
  return [...read.table.all(CLUSTER_TYPE)].map(({ name }) => name);
}

test('what the control plane says is kept, first whole, then as it changes', async (t) => {
  const { say, keeper, read, names, path } = await setUp(t);
  say('a', 'b');
  while (keeper.savedAt === undefined) await new Promise(setImmediate);
  const before = keeper.bytes;
  say('c');
  while (keeper.bytes === before) await new Promise(setImmediate);
  assert.deepEqual(hostsOf((await read()).state), ['a', 'b', 'c']);
  assert.deepEqual(await names(), ['000001.node-state']);
  assert.equal((await stat(join(path, '000001.node-state'))).mode & 0o777, 0o600);
});

test('nothing is kept while the control plane has not told everything', async (t) => {
  const { say, keeper, setCurrent, names, read } = await setUp(t);
  setCurrent(false);
  say('a');
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.deepEqual(await names(), []);
  setCurrent(true);
  keeper.completed();
  while (keeper.savedAt === undefined) await new Promise(setImmediate);
  assert.deepEqual(hostsOf((await read()).state), ['a']);
});

test('with new authorities it is written anew, so that a start with these finds it', async (t) => {
  const { say, keeper, setIdentity, read, names } = await setUp(t);
  say('a');
  while (keeper.savedAt === undefined) await new Promise(setImmediate);
  setIdentity({ ...IDENTITY, authority: 'new' });
  assert.deepEqual((await read()).codes, ['SLUICE_STATE_FOREIGN']);
  await keeper.stop();
  assert.deepEqual(hostsOf((await read()).state), ['a']);
  assert.deepEqual(await names(), ['000002.node-state']);
});

test('a folder that cannot be written is told once, and that it can be again', async (t) => {
  const { say, keeper, failures, path } = await setUp(t);
  await rm(path, { recursive: true });
  say('a');
  while (failures.length === 0) await new Promise(setImmediate);
  await writeFile(path, 'a file');
  await new Promise((resolve) => setTimeout(resolve, 20));
  await rm(path);
  await mkdir(path);
  while (failures.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.match(failures.join(' '), /ENOENT.* recovered$/);
  assert.ok(keeper.savedAt !== undefined);
});

test('what is damaged, foreign or of a later version is named and left alone; an older one is read', async (t) => {
  const { say, keeper, read, names, path } = await setUp(t);
  say('a');
  while (keeper.savedAt === undefined) await new Promise(setImmediate);
  const files = {
    '000007.node-state': Buffer.from('nonsense'),
    '000008.node-state': Buffer.concat([encodeHeader({ ...IDENTITY, addresses: ['b:1'] }), encodeTime(NOW)]),
    '000009.node-state': Buffer.concat([
      encodeHeader({ ...IDENTITY, format: 9 } as typeof IDENTITY),
      encodeTime(NOW),
    ]),
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content);
  const { state, codes, problems } = await read();
  assert.deepEqual(hostsOf(state), ['a']);
  assert.deepEqual(codes, ['SLUICE_STATE_VERSION', 'SLUICE_STATE_FOREIGN', 'SLUICE_STATE_DAMAGED']);
  for (const { message } of problems) assert.match(message, /left alone/);
  await keeper.stop();
  assert.deepEqual(await names(), ['000001.node-state', ...Object.keys(files)]);
  for (const [name, content] of Object.entries(files))
    assert.deepEqual(await readFile(join(path, name)), content);
});

test('a state that is too old, or of the future, is not used', async (t) => {
  const { say, keeper, read } = await setUp(t);
  say('a');
  while (keeper.savedAt === undefined) await new Promise(setImmediate);
  assert.notEqual((await read(HOUR, NOW + HOUR)).state, undefined);
  assert.deepEqual((await read(HOUR, NOW + HOUR + 1)).codes, ['SLUICE_STATE_OLD']);
  assert.deepEqual((await read(HOUR, NOW - HOUR - 1)).codes, ['SLUICE_STATE_OLD']);
});

test('a folder that is missing, and a file in its place, are told', async (t) => {
  const { read, path } = await setUp(t);
  await rm(path, { recursive: true });
  assert.deepEqual((await read()).codes, ['SLUICE_STATE_DIRECTORY']);
  await writeFile(path, '');
  assert.deepEqual((await read()).codes, ['SLUICE_STATE_DIRECTORY']);
});

test('what a crash left half written is removed by the next who writes', async (t) => {
  const { say, keeper, names, path } = await setUp(t);
  await writeFile(join(path, 'x.node-state.tmp'), 'half');
  await writeFile(join(path, 'notes.txt'), 'of somebody else');
  say('a');
  while (keeper.savedAt === undefined) await new Promise(setImmediate);
  assert.deepEqual(await names(), ['000001.node-state', 'notes.txt']);
});

test('an older state that a crash left is removed by the next who has read the newer one, and writes', async (t) => {
  const { say, keeper, names, path } = await setUp(t);
  say('a');
  while (keeper.savedAt === undefined) await new Promise(setImmediate);
  await keeper.stop();
  const good = await readFile(join(path, '000001.node-state'));
  await writeFile(join(path, '000002.node-state'), 'nonsense');
  await writeFile(join(path, '000003.node-state'), good);
  const folder = new StateFolder(path, processTurns.reports);
  await folder.read({ identity: IDENTITY, maxAgeMs: HOUR, now: NOW, onProblem: () => {} });
  assert.equal((await names()).length, 3, 'nothing before there is a newer one');
  await folder.write([good]);
  await folder.close();
  assert.deepEqual(
    await names(),
    ['000002.node-state', '000004.node-state'],
    'what is damaged is left alone',
  );
});
