/** Trees that reach further than they should. */
import assert from 'node:assert/strict';
import { mkdir, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { directoryOf, following, serviceManifest, write } from './test-directory.ts';
import { isInside, MAX_DEPTH, MAX_DIRECTORIES, mayRead } from './tree-limits.ts';
import { scanTree } from './tree-scan.ts';

const service = serviceManifest;

test('a link to a directory outside is a problem that names it, and nothing there is visited', async (t) => {
  const outside = await directoryOf(t, { 'sub/x.yaml': service('x') });
  const root = await directoryOf(t, { 'a.yaml': service('a') });
  await symlink(outside, join(root, 'link'));
  await symlink('/', join(root, 'slash'));
  const visited: string[] = [];
  await scanTree(root, ({ real }) => visited.push(real));
  assert.deepEqual(visited, [root]);
  const { world } = await following(t, root);
  assert.ok(world.has('Service/default/a') && !world.has('Service/default/x'));
  assert.deepEqual(
    world.problemList.map(({ code, file }) => [code, file]),
    ['link', 'slash'].map((name) => ['SLUICE_LINK_OUTSIDE', join(root, name)]),
  );
  assert.ok(world.problemList[0]?.message.includes(`a link to ${outside},`));
});

test('a link to a file outside is followed where that is named as a manifest', async (t) => {
  const outside = await directoryOf(t, { 'x.yaml': service('x'), token: service('y') });
  const root = await directoryOf(t);
  await symlink(join(outside, 'x.yaml'), join(root, 'x.yaml'));
  await symlink(join(outside, 'token'), join(root, 'y.yaml'));
  const { world } = await following(t, root);
  assert.ok(world.has('Service/default/x') && !world.has('Service/default/y'));
  assert.deepEqual(
    world.problemList.map(({ code, file }) => [code, file]),
    [['SLUICE_LINK_OUTSIDE', join(root, 'y.yaml')]],
  );
});

test('a link outside that takes the place of a directory keeps what was read there', async (t) => {
  const outside = await directoryOf(t, { 'a.yaml': service('a', 2) });
  const root = await directoryOf(t, { 'sub/a.yaml': service('a', 1) });
  const { world } = await following(t, root);
  await rename(join(root, 'sub'), join(root, '.old'));
  await symlink(outside, join(root, 'sub'));
  await world.untilProblem('SLUICE_LINK_OUTSIDE');
  assert.deepEqual(world.portsOf('a'), [1]);
});

test('links inside are followed, of files and of directories, also through a root that is a link', async (t) => {
  const parent = await directoryOf(t, { 'real/.v1/x.yaml': service('x'), 'real/.v1/y': service('y') });
  await symlink('real', join(parent, 'root'));
  await symlink('.v1', join(parent, 'real/v'));
  await symlink('.v1/y', join(parent, 'real/y.yaml'));
  const { world } = await following(t, join(parent, 'root'));
  assert.ok(world.has('Service/default/x') && world.has('Service/default/y'));
  assert.deepEqual(world.problemList, []);
});

test('a tree that is too deep is a problem, and the rest of it counts', async (t) => {
  const deep = Array.from({ length: MAX_DEPTH + 1 }, () => 'd');
  const root = await directoryOf(t, {
    [`${deep.slice(1).join('/')}/a.yaml`]: service('a'),
    [`${deep.join('/')}/b.yaml`]: service('b'),
  });
  const { world } = await following(t, root, { watch: false });
  assert.ok(world.has('Service/default/a') && !world.has('Service/default/b'));
  assert.deepEqual(
    world.problemList.map(({ code, file }) => [code, file]),
    [['SLUICE_DIRECTORY_TOO_LARGE', join(root, ...deep)]],
  );
});

test('a tree of too many directories is a problem once, and what is near its top counts', async (t) => {
  const root = await directoryOf(t, { 'z/a.yaml': service('a') });
  for (let index = 0; index <= MAX_DIRECTORIES; index += 1) {
    await mkdir(join(root, `many/${index}`), { recursive: true });
  }
  await write(root, { 'many/99999/b.yaml': service('b') });
  const { world } = await following(t, root, { watch: false });
  assert.ok(world.has('Service/default/a') && !world.has('Service/default/b'));
  assert.deepEqual(
    world.problemList.map(({ code }) => code),
    ['SLUICE_DIRECTORY_TOO_LARGE'],
  );
});

test('a path that only begins like the root is not inside', () => {
  assert.equal(isInside('/a/bc', '/a/b'), false);
  assert.ok(isInside('/a/b/c', '/a/b') && isInside('/a/b', '/a/b') && isInside('/x', '/'));
  assert.ok(mayRead('/a/token', '/a') && mayRead('/x/a.yaml', '/a') && !mayRead('/x/token', '/a'));
});
