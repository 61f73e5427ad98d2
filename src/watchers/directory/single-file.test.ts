/** A source whose path is that of one file. */
import assert from 'node:assert/strict';
import { mkdir, rename, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { directoryOf, following, serviceManifest, write } from './test-directory.ts';

const service = serviceManifest;

test('one file is read alone, whatever its name looks like, and named as it was given', async (t) => {
  for (const name of ['a.yaml', 'a.txt', '.hidden']) {
    const root = await directoryOf(t, { [name]: service('a'), 'b.yaml': service('b'), 'bad.yaml': 'a: [' });
    const { world } = await following(t, join(root, name), { watch: false });
    assert.ok(world.has('Service/default/a'));
    assert.equal(world.has('Service/default/b'), false);
    assert.deepEqual(world.problemList, []);
  }
  const root = await directoryOf(t, { 'bad.yaml': 'a: [' });
  const { world } = await following(t, join(root, 'bad.yaml'), { watch: false });
  assert.equal(world.problemList[0]?.file, join(root, 'bad.yaml'));
});

test('one file is followed, and the others beside it are not', async (t) => {
  const root = await directoryOf(t, { 'a.yaml': service('a', 1) });
  const { world } = await following(t, join(root, 'a.yaml'));
  await write(root, { 'b.yaml': service('b') });
  await write(root, { 'a.yaml': service('a', 2) });
  await world.until(() => world.portsOf('a')[0] === 2);
  await write(root, { '.a.swp': service('a', 3) });
  await rename(join(root, '.a.swp'), join(root, 'a.yaml'));
  await world.until(() => world.portsOf('a')[0] === 3);
  assert.equal(world.has('Service/default/b'), false);
});

test('one file that goes is a problem, keeps what it held, and is read again when it is back', async (t) => {
  const root = await directoryOf(t, { 'a.yaml': service('a', 1) });
  const path = join(root, 'a.yaml');
  const { world } = await following(t, path);
  await unlink(path);
  const problem = await world.untilProblem('SLUICE_DIRECTORY_UNREADABLE');
  assert.equal(problem.file, path);
  assert.match(problem.message, /The file is gone; what the one manifest file in force held stays in place/);
  await mkdir(join(root, 'other'));
  assert.deepEqual(world.portsOf('a'), [1]);
  await write(root, { 'a.yaml': service('a', 2) });
  await world.until(() => world.portsOf('a')[0] === 2 && world.problemList.length === 0);
});

test('one file of a mounted ConfigMap is followed through the swap of its hidden link', async (t) => {
  const root = await directoryOf(t, { '..v1/x.yaml': service('x', 1), '..v2/x.yaml': service('x', 2) });
  await symlink('..v1', join(root, '..data'));
  await symlink('..data/x.yaml', join(root, 'x.yaml'));
  const { world } = await following(t, join(root, 'x.yaml'));
  await symlink('..v2', join(root, '..data_tmp'));
  await rename(join(root, '..data_tmp'), join(root, '..data'));
  await world.until(() => world.portsOf('x')[0] === 2);
});
