/** Files that are made to cost as much as they can. */
import assert from 'node:assert/strict';
import { rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { directoryOf, documents, following, serviceManifest, write } from './test-directory.ts';

const service = serviceManifest;
/** Generous: what is not bounded ends with the memory. */
const QUICKLY = { timeout: 60_000 };

test('of a file of garbage the first problems are told, and how many more there are', async (t) => {
  const root = await directoryOf(t, { 'a.json': `{"kind":"List","items":[${'0,'.repeat(4999)}0]}` });
  const { world } = await following(t, root, { watch: false });
  assert.equal(world.problemList.length, 101);
  assert.equal(world.problemList[0]?.code, 'SLUICE_OBJECT_MALFORMED');
  assert.match(world.problemList[100]?.message ?? '', /^And 4900 more problems/);
});

test('an object whose problem there is no room for keeps its last good content too', async (t) => {
  const bad = Array.from({ length: 100 }, () => 'replicas: 3\n');
  const root = await directoryOf(t, { 'a.yaml': documents(service('a', 1), service('b', 1)) });
  const { world } = await following(t, root);
  await write(root, { 'a.yaml': documents(...bad, service('a', '[]'), service('b', 2)) });
  await world.until(() => world.portsOf('b')[0] === 2);
  assert.deepEqual(world.portsOf('a'), [1]);
});

test('a list of millions of items, and a file of too many documents, are refused', QUICKLY, async (t) => {
  const root = await directoryOf(t, {
    'a.json': `{"kind":"List","items":[${'0,'.repeat(5_000_000)}0]}`,
    'b.yaml': '0\n---\n'.repeat(100_001),
    'c.yaml': service('c'),
  });
  const { world } = await following(t, root, { watch: false });
  assert.deepEqual(
    world.problemList.map(({ code, message }) => [
      code,
      /more than 100000 documents and items/.test(message),
    ]),
    [
      ['SLUICE_FILE_SYNTAX', true],
      ['SLUICE_FILE_SYNTAX', true],
    ],
  );
  assert.ok(world.has('Service/default/c'));
});

test('a large object with a bad field far inside is refused without its path', QUICKLY, async (t) => {
  const filler = '[],'.repeat(4_000_000);
  const root = await directoryOf(t, {
    'a.json': `{"apiVersion":"v1","kind":"Service","filler":[${filler}[]],"metadata":{"name":"x"},"spec":{"ports":[{"port":"y"}]}}`,
  });
  const { world } = await following(t, root, { watch: false });
  const problem = world.problemList.find(({ code }) => code === 'SLUICE_OBJECT_INVALID');
  assert.match(problem?.message ?? '', /^Service default\/x: a field port in it must be a whole number/);
});

const large = (...manifests: readonly string[]) => documents(`# ${'x'.repeat(300_000)}\n`, ...manifests);

test('small files do not wait for a large one, but what moves between them is never gone', async (t) => {
  const root = await directoryOf(t, {
    '..v1/moves.yaml': service('x', 1),
    '..v1/small.yaml': service('s', 1),
    '..v2/large.yaml': large(service('l'), service('x', 2)),
    '..v2/moves.yaml': service('y'),
    '..v2/small.yaml': service('s', 2),
  });
  await symlink('..v1', join(root, '..data'));
  for (const name of ['large', 'moves', 'small'])
    await symlink(`..data/${name}.yaml`, join(root, `${name}.yaml`));
  const { world } = await following(t, root);
  const before = world.batches.length;
  // All of them change in the same instant, however busy the machine is.
  await symlink('..v2', join(root, '..data_tmp'));
  await rename(join(root, '..data_tmp'), join(root, '..data'));
  await world.until(() => world.portsOf('x')[0] === 2 && world.has('Service/default/y'));
  const names = world.batches
    .slice(before)
    .map((batch) => batch.map((event) => (event.type === 'upsert' ? event.object.meta.name : 'deletion')));
  assert.deepEqual(names[0], ['s']);
  assert.deepEqual(names[1]?.toSorted(), ['l', 'x', 'y']);
  await world.until(() => world.problemList.length === 0);
});
