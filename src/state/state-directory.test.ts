import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { processTurns } from '../event-loop/turns.ts';
import { StateDirectory, type StateProblem } from './state-directory.ts';
import { encodeChanges, encodeComplete, encodeHeader, type StateOwner } from './state-file.ts';

const OWNER: StateOwner = { sluice: '1.0.0', cluster: { server: 'https://a', authority: 'aa', uid: '' } };
const HOUR = 3_600_000;
const NOW = 100 * HOUR;

function empty(at: number): Buffer[] {
  return [encodeComplete({ at, objects: 0, positions: [] })];
}

const emptyOf = (owner: StateOwner): Buffer => Buffer.concat([encodeHeader(owner), ...empty(NOW)]);

function world(t: TestContext) {
  const path = mkdtempSync(join(tmpdir(), 'sluice-state-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  const open = () => {
    const directory = new StateDirectory({
      path,
      reading: processTurns.reading,
      writing: processTurns.reports,
    });
    t.after(() => directory.close());
    return directory;
  };
  return {
    path,
    open,
    async read(directory = open(), owner = OWNER) {
      const problems: StateProblem[] = [];
      const state = await directory.read({
        owner,
        maxAgeMs: 24 * HOUR,
        now: NOW,
        onProblem: (problem) => problems.push(problem),
      });
      return { at: state?.at, codes: problems.map(({ code }) => code), problems };
    },
    names: () => readdirSync(path).sort(),
  };
}

test('what was written last is read, with what was appended; the one before it is gone', async (t) => {
  const { open, read, names, path } = world(t);
  const directory = open();
  await directory.write(OWNER, empty(NOW - 3));
  await directory.write(OWNER, empty(NOW - 2));
  await directory.append(encodeChanges({ at: NOW - 1, events: [], positions: [] }));
  assert.deepEqual(names(), ['000002.state']);
  assert.deepEqual(await read(), { at: NOW - 1, codes: [], problems: [] });
  assert.equal(statSync(join(path, '000002.state')).mode & 0o777, 0o600);
});

test('a new process writes beside what it read, and then removes it', async (t) => {
  const { open, read, names } = world(t);
  await open().write(OWNER, empty(NOW - 1));
  const next = open();
  assert.equal((await read(next)).at, NOW - 1);
  await next.write(OWNER, empty(NOW));
  assert.deepEqual(names(), ['000002.state']);
});

for (const [what, code, make] of [
  ['damaged', 'SLUICE_STATE_DAMAGED', (file: string) => truncateSync(file, 200)],
  ['empty', 'SLUICE_STATE_DAMAGED', (file: string) => truncateSync(file, 0)],
  [
    'of another cluster',
    'SLUICE_STATE_FOREIGN',
    (file: string) => writeFileSync(file, emptyOf({ ...OWNER, cluster: { ...OWNER.cluster, server: 'b' } })),
  ],
  [
    'of a later version',
    'SLUICE_STATE_VERSION',
    (file: string) => writeFileSync(file, emptyOf({ ...OWNER, sluice: '2.0.0' })),
  ],
] as const)
  test(`a state that is ${what} is named and left alone, and those after it are read`, async (t) => {
    const { open, read, names, path } = world(t);
    await open().write(OWNER, empty(NOW));
    const file = join(path, '000001.state');
    make(file);
    const before = readFileSync(file);
    const directory = open();
    const { at, codes, problems } = await read(directory);
    assert.equal(at, undefined);
    assert.deepEqual(codes, [code]);
    assert.match(problems[0]?.message ?? '', /000001\.state .*left alone/);
    await directory.write(OWNER, empty(NOW - 5));
    await directory.write(OWNER, empty(NOW - 4));
    assert.deepEqual(names(), ['000001.state', '000003.state']);
    assert.deepEqual(readFileSync(file), before);
    assert.deepEqual(await read(), { at: NOW - 4, codes: [], problems: [] });
  });

test('behind a damaged state an older one is read', async (t) => {
  const { open, read, path } = world(t);
  await open().write(OWNER, empty(NOW - 7));
  writeFileSync(join(path, '000009.state'), 'nonsense');
  const { at, codes } = await read();
  assert.equal(at, NOW - 7);
  assert.deepEqual(codes, ['SLUICE_STATE_DAMAGED']);
});

for (const [at, isUsed] of [
  [NOW - 24 * HOUR, true],
  [NOW - 24 * HOUR - 1, false],
  [NOW + HOUR, true],
  [NOW + 25 * HOUR, false],
] as const)
  test(`a state of ${(NOW - at) / HOUR} h before is ${isUsed ? '' : 'not '}used`, async (t) => {
    const { open, read } = world(t);
    await open().write(OWNER, empty(at));
    const { at: used, codes } = await read();
    assert.equal(used, isUsed ? at : undefined);
    assert.deepEqual(codes, isUsed ? [] : ['SLUICE_STATE_OLD']);
  });

test('a folder that is missing, and one that is none, are told, and keep nobody from starting', async (t) => {
  const { path, read } = world(t);
  writeFileSync(join(path, 'file'), '');
  for (const name of ['missing', 'file']) {
    const directory = new StateDirectory({
      path: join(path, name),
      reading: processTurns.reading,
      writing: processTurns.reports,
    });
    assert.deepEqual((await read(directory)).codes, ['SLUICE_STATE_DIRECTORY']);
    await assert.rejects(directory.write(OWNER, empty(NOW)));
  }
});

test('what another process wrote meanwhile is removed, but not of another cluster', async (t) => {
  const { open, names, path } = world(t);
  const directory = open();
  await open().write(OWNER, empty(NOW));
  writeFileSync(
    join(path, '000002.state'),
    emptyOf({ ...OWNER, cluster: { ...OWNER.cluster, server: 'b' } }),
  );
  await directory.write(OWNER, empty(NOW));
  assert.deepEqual(names(), ['000002.state', '000003.state']);
});

test('a state that cannot be written leaves the one before it, and no rest', async (t) => {
  const { open, read, names } = world(t);
  const directory = open();
  await directory.write(OWNER, empty(NOW - 1));
  function* failing() {
    yield* empty(NOW);
    throw new Error('ENOSPC: no space left on device');
  }
  await assert.rejects(directory.write(OWNER, failing()), /ENOSPC/);
  assert.deepEqual(names(), ['000001.state']);
  await directory.append(encodeChanges({ at: NOW, events: [], positions: [] }));
  assert.equal((await read()).at, NOW);
});

test('what a crash left half written is removed by the next who writes', async (t) => {
  const { open, names, path } = world(t);
  writeFileSync(join(path, 'x.state.tmp'), 'half');
  appendFileSync(join(path, 'notes.txt'), 'of somebody else');
  await open().write(OWNER, empty(NOW));
  assert.deepEqual(names(), ['000001.state', 'notes.txt']);
});

test('a state that turns out to be of another cluster once its uid is known is not used, nor removed', async (t) => {
  const { open, path, names } = world(t);
  const of = (uid: string): StateOwner => ({ ...OWNER, cluster: { ...OWNER.cluster, uid } });
  writeFileSync(join(path, '000001.state'), emptyOf(of('u-1')));
  const directory = open();
  const problems: StateProblem[] = [];
  const readBy = (uid: string) =>
    directory.read({
      ...{ owner: OWNER, wholeOwner: Promise.resolve(of(uid)), maxAgeMs: 24 * HOUR, now: NOW },
      onProblem: (problem) => problems.push(problem),
    });
  assert.equal((await readBy('u-1'))?.at, NOW);
  assert.equal(await readBy('u-2'), undefined);
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['SLUICE_STATE_FOREIGN'],
  );
  await directory.write(of('u-2'), empty(NOW));
  assert.deepEqual(names(), ['000001.state', '000002.state']);
});
