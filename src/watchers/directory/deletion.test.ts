/** What goes for good, and what only seems to. */
import assert from 'node:assert/strict';
import { readdir, rename, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import type { World } from './test-directory.ts';
import { directoryOf, documents, following, serviceManifest, write } from './test-directory.ts';

const service = serviceManifest;
const NAMES = Array.from({ length: 300 }, (_, index) => `s${index}`);
const FILES = Object.fromEntries(
  NAMES.map((name, index) => [`${index % 2 === 0 ? '' : 'sub/'}${name}.yaml`, service(name)]),
);

const deletions = (world: World) => world.batches.flat().filter(({ type }) => type === 'delete');

test('a directory that is removed with all that is in it keeps every manifest, and says how many', async (t) => {
  const parent = await directoryOf(t);
  const root = join(parent, 'root');
  await write(root, FILES);
  const { world } = await following(t, root, { settleMs: 100 });
  await rm(root, { recursive: true });
  const problem = await world.untilProblem('SLUICE_DIRECTORY_UNREADABLE');
  assert.equal(problem.file, root);
  assert.match(
    problem.message,
    /\(there is none\); what the 300 manifest files in force held stays in place/,
  );
  assert.ok(NAMES.every((name) => world.has(`Service/default/${name}`)));
  assert.deepEqual(deletions(world), []);

  await write(parent, { 'new/a.yaml': service('s0', 2) });
  await rename(join(parent, 'new'), root);
  await world.until(() => world.portsOf('s0')[0] === 2 && world.problemList.length === 0);
  assert.equal(world.has('Service/default/s1'), false);
});

test('a directory whose files go a while before it does keeps them all', async (t) => {
  const parent = await directoryOf(t);
  const root = join(parent, 'root');
  await write(root, { 'a.yaml': service('a'), 'b.yaml': service('b') });
  const beside = await directoryOf(t);
  // Generous: the rest must be gone within one quiet period after the first deletion was looked at.
  const settleMs = 250;
  const { world } = await following(t, root, { settleMs });
  const { world: other } = await following(t, beside, { settleMs });
  await unlink(join(root, 'a.yaml'));
  await write(beside, { 'c.yaml': service('c') });
  // Changed later and settled later, so the deletion has been looked at when this is told.
  await other.until(() => other.has('Service/default/c'));
  await rm(root, { recursive: true });
  const problem = await world.untilProblem('SLUICE_DIRECTORY_UNREADABLE');
  assert.match(problem.message, /the 2 manifest files in force/);
  assert.deepEqual(deletions(world), []);
});

test('files that are removed from a directory that stays are deleted', async (t) => {
  const root = await directoryOf(t, FILES);
  const { world } = await following(t, root);
  for (const name of await readdir(root)) await rm(join(root, name), { recursive: true });
  await world.until(() => world.objects.size === 0);
  assert.deepEqual(world.problemList, []);
});

test('what is written while a deletion is held comes together with it', async (t) => {
  const root = await directoryOf(t, { 'a.yaml': service('a') });
  const { world } = await following(t, root);
  await unlink(join(root, 'a.yaml'));
  await write(root, { 'b.yaml': service('b') });
  await world.until(() => world.has('Service/default/b'));
  assert.equal(world.has('Service/default/a'), false);
});

test('an object that moves to another file is neither deleted nor in two places', async (t) => {
  const root = await directoryOf(t, { 'a.yaml': service('x', 1), 'b.yaml': service('y', 1) });
  const { world } = await following(t, root);
  await unlink(join(root, 'a.yaml'));
  await write(root, { 'b.yaml': documents(service('y', 1), service('x', 2)) });
  await world.until(() => world.portsOf('x')[0] === 2);
  assert.deepEqual(deletions(world), []);
  assert.deepEqual(world.problemList, []);
});

test('a file that is gone for a moment is not deleted', async (t) => {
  const root = await directoryOf(t, { 'a.yaml': service('a', 1), 'b.yaml': service('b', 1) });
  const { world } = await following(t, root, { settleMs: 100 });
  await unlink(join(root, 'a.yaml'));
  await write(root, { 'b.yaml': service('b', 2), 'a.yaml': service('a', 2) });
  await world.until(() => world.portsOf('a')[0] === 2 && world.portsOf('b')[0] === 2);
  assert.deepEqual(deletions(world), []);
});
