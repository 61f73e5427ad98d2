import assert from 'node:assert/strict';
import { mkdir, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { KINDS } from '../../model/kinds.ts';
import { createDirectorySource } from './directory-source.ts';
import { directoryOf, documents, following, serviceManifest, World, write } from './test-directory.ts';

const service = serviceManifest;

test('manifests are read from the whole tree by their extension', async (t) => {
  const root = await directoryOf(t, {
    'a.yaml': service('a'),
    'sub/deep/b.yml': service('b'),
    'c.json': JSON.stringify({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'c' },
      spec: { ports: [{ port: 443 }] },
    }),
    'notes.txt': 'no: manifest: at all',
    'backup.yaml~': service('d'),
  });
  const { world } = await following(t, root);
  const services = [...world.objects.keys()].filter((key) => key.startsWith('Service/')).sort();
  assert.deepEqual(services, ['Service/default/a', 'Service/default/b', 'Service/default/c']);
  assert.deepEqual(world.problemList, []);
});

test('names that begin with a dot are passed over', async (t) => {
  const root = await directoryOf(t, { '.git/a.yaml': service('a'), '.b.yaml': service('b') });
  const { world } = await following(t, root);
  assert.equal(world.objects.size, 0);
});

test('the initial content is one batch, and then the source is synced once', async (t) => {
  const root = await directoryOf(t, { 'a.yaml': service('a'), 'b.yaml': service('b') });
  const { world, source } = await following(t, root);
  assert.equal(world.batches.length, 1);
  assert.deepEqual(source.pending(), []);
  await write(root, { 'c.yaml': service('c') });
  await world.until(() => world.has('Service/default/c'));
  assert.equal(world.syncs, 1);
});

test('until the first reading is complete every kind is pending', async (t) => {
  const source = createDirectorySource({ path: await directoryOf(t) });
  t.after(() => source.stop());
  assert.deepEqual(
    source.pending().map(({ kind }) => kind),
    KINDS,
  );
});

test('the examples are read without a problem', async (t) => {
  for (const example of ['seed', 'demo']) {
    const path = join(import.meta.dirname, '../../../examples', example);
    const { world } = await following(t, path, { watch: false });
    assert.deepEqual(world.problemList, []);
    const slice = world.objects.get('EndpointSlice/default/demo-cluster-api-proxy-mirrored-0-ipv4');
    assert.equal(slice?.kind === 'EndpointSlice' && slice.serviceName, 'demo-cluster-api-proxy');
    assert.ok(world.has('TLSRoute/default/demo-cluster-api'));
  }
});

test('a new file, also in a new directory, is followed', async (t) => {
  const root = await directoryOf(t);
  const { world } = await following(t, root);
  await write(root, { 'a.yaml': service('a') });
  await world.until(() => world.has('Service/default/a'));
  await write(root, { 'x/y/b.yaml': service('b') });
  await world.until(() => world.has('Service/default/b'));
  await write(root, { 'x/y/b.yaml': service('b', 444) });
  await world.until(() => world.portsOf('b')[0] === 444);
});

test('the objects of a file that is deleted are deleted', async (t) => {
  const root = await directoryOf(t, {
    'a.yaml': service('a'),
    'sub/b.yaml': service('b'),
    'c.yaml': service('c'),
  });
  const { world } = await following(t, root);
  await unlink(join(root, 'a.yaml'));
  await world.until(() => !world.has('Service/default/a'));
  await rm(join(root, 'sub'), { recursive: true });
  await world.until(() => !world.has('Service/default/b'));
  assert.ok(world.has('Service/default/c'));
});

test('a file that is replaced by a rename, as editors do, is read again', async (t) => {
  const root = await directoryOf(t, { 'a.yaml': service('a', 1) });
  const { world } = await following(t, root);
  for (const port of [2, 3, 4]) {
    await write(root, { '.a.yaml.swp': service('a', port) });
    await rename(join(root, 'a.yaml'), join(root, 'a.yaml~'));
    await rename(join(root, '.a.yaml.swp'), join(root, 'a.yaml'));
    await world.until(() => world.portsOf('a')[0] === port);
  }
  const deletes = world.batches.flat().filter(({ type }) => type === 'delete');
  assert.deepEqual(deletes, []);
});

test('a file that is written in steps keeps its last good content until it is complete', async (t) => {
  const root = await directoryOf(t, { 'a.yaml': service('a', 1) });
  const { world } = await following(t, root);
  const complete = documents(service('a', 2), service('b'));
  await write(root, { 'a.yaml': complete.slice(0, complete.lastIndexOf('}')) });
  const problem = await world.untilProblem('SLUICE_FILE_SYNTAX');
  assert.equal(problem.file, join(root, 'a.yaml'));
  assert.equal(typeof problem.line, 'number');
  assert.deepEqual(world.portsOf('a'), [1]);
  await write(root, { 'a.yaml': complete });
  await world.until(() => world.has('Service/default/b'));
  assert.deepEqual(world.portsOf('a'), [2]);
  await world.until(() => world.problemList.length === 0);
});

test('a file that is emptied and then written never deletes what stays in it', async (t) => {
  const root = await directoryOf(t, { 'a.yaml': service('a', 1) });
  const { world } = await following(t, root, { settleMs: 100 });
  await write(root, { 'a.yaml': '' });
  // Settled at the same time or later, so the empty file has been seen when this one is read.
  await write(root, { 'b.yaml': service('b') });
  await world.until(() => world.has('Service/default/b'));
  await write(root, { 'a.yaml': service('a', 2) });
  await world.until(() => world.portsOf('a')[0] === 2);
  assert.equal(world.eventsOf('Service/default/a'), 2);
});

test('a file that stays empty is believed', async (t) => {
  const root = await directoryOf(t, { 'a.yaml': service('a') });
  const { world } = await following(t, root);
  await write(root, { 'a.yaml': '' });
  await world.until(() => !world.has('Service/default/a'));
});

test('content that is written again unchanged is no event', async (t) => {
  const root = await directoryOf(t, { 'a.yaml': service('a'), 'b.yaml': service('b', 1) });
  const { world } = await following(t, root);
  await write(root, { 'a.yaml': service('a') });
  await write(root, { 'b.yaml': service('b', 2) });
  await world.until(() => world.portsOf('b')[0] === 2);
  assert.equal(world.eventsOf('Service/default/a'), 1);
});

test('a mounted ConfigMap is followed through the swap of its hidden link', async (t) => {
  const root = await directoryOf(t, { '..v1/x.yaml': service('x', 1), '..v1/y.yaml': service('y', 1) });
  await symlink('..v1', join(root, '..data'));
  for (const name of ['x.yaml', 'y.yaml']) await symlink(`..data/${name}`, join(root, name));
  const { world } = await following(t, root);
  assert.deepEqual([...world.portsOf('x'), ...world.portsOf('y')], [1, 1]);
  for (const version of [2, 3]) {
    await write(root, {
      [`..v${version}/x.yaml`]: service('x', version),
      [`..v${version}/y.yaml`]: service('y', 1),
    });
    await symlink(`..v${version}`, join(root, '..data_tmp'));
    await rename(join(root, '..data_tmp'), join(root, '..data'));
    await rm(join(root, `..v${version - 1}`), { recursive: true });
    await world.until(() => world.portsOf('x')[0] === version);
  }
  assert.equal(world.eventsOf('Service/default/y'), 1);
  assert.deepEqual(world.problemList, []);
});

test('the target of a link is followed where it is', async (t) => {
  const elsewhere = await directoryOf(t, { 'real.yaml': service('a', 1) });
  const root = await directoryOf(t);
  await symlink(join(elsewhere, 'real.yaml'), join(root, 'a.yaml'));
  const { world } = await following(t, root);
  await write(elsewhere, { 'real.yaml': service('a', 2) });
  await world.until(() => world.portsOf('a')[0] === 2);
});

test('links in a circle end', async (t) => {
  const root = await directoryOf(t, { 'sub/a.yaml': service('a') });
  await symlink('..', join(root, 'sub/up'));
  await symlink('sub', join(root, 'again'));
  const { world } = await following(t, root);
  assert.ok(world.has('Service/default/a'));
  assert.deepEqual(world.problemList, []);
});

test('a file that cannot be read keeps its last good content and is a problem', async (t) => {
  const root = await directoryOf(t, { 'a.yaml': service('a', 1) });
  const { world } = await following(t, root);
  await symlink('a.yaml', join(root, 'tmp'));
  await rename(join(root, 'tmp'), join(root, 'a.yaml'));
  const problem = await world.untilProblem('SLUICE_FILE_UNREADABLE');
  assert.equal(problem.file, join(root, 'a.yaml'));
  assert.deepEqual(world.portsOf('a'), [1]);
  await unlink(join(root, 'a.yaml'));
  await write(root, { 'a.yaml': service('a', 2) });
  await world.until(() => world.portsOf('a')[0] === 2);
  await world.until(() => world.problemList.length === 0);
});

test('a file that is too large is a problem and keeps its last good content', async (t) => {
  const root = await directoryOf(t, { 'a.yaml': service('a') });
  const { world } = await following(t, root);
  await writeFile(join(root, 'a.yaml'), Buffer.alloc(16 * 1024 * 1024 + 1, '#'));
  await world.untilProblem('SLUICE_FILE_TOO_LARGE');
  assert.ok(world.has('Service/default/a'));
});

test('a directory that is missing at the start, or something else, is an error with a code', async (t) => {
  const root = await directoryOf(t);
  for (const path of [join(root, 'missing'), '/dev/null']) {
    const source = createDirectorySource({ path });
    t.after(() => source.stop());
    await assert.rejects(source.start(new World()), { code: 'SLUICE_DIRECTORY_UNREADABLE' });
  }
});

test('a root that vanishes is a problem, keeps the last good state, and recovers', async (t) => {
  const parent = await directoryOf(t, { 'root/a.yaml': service('a', 1), 'root/b.yaml': service('b') });
  const root = join(parent, 'root');
  const { world } = await following(t, root);
  await rename(root, join(parent, 'old'));
  const problem = await world.untilProblem('SLUICE_DIRECTORY_UNREADABLE');
  assert.equal(problem.file, root);
  assert.ok(world.has('Service/default/a'));
  await write(parent, { 'new/a.yaml': service('a', 2) });
  await rename(join(parent, 'new'), root);
  await world.until(() => world.portsOf('a')[0] === 2);
  assert.equal(world.has('Service/default/b'), false);
  await world.until(() => world.problemList.length === 0);
});

test('a root that is replaced by an empty directory, as by an unmount, keeps the last good state', async (t) => {
  const parent = await directoryOf(t, { 'root/a.yaml': service('a', 1) });
  const root = join(parent, 'root');
  const { world } = await following(t, root);
  await mkdir(join(parent, 'empty'));
  await rename(root, join(parent, 'old'));
  await rename(join(parent, 'empty'), root);
  await world.until(() => world.problemList.some(({ message }) => /without manifests/.test(message)));
  assert.deepEqual(world.portsOf('a'), [1]);
  await write(root, { 'b.yaml': service('b') });
  await world.until(() => world.has('Service/default/b'));
  assert.equal(world.has('Service/default/a'), false);
});

test('a root that is a link is followed when it is pointed elsewhere', async (t) => {
  const parent = await directoryOf(t, { 'v1/a.yaml': service('a', 1), 'v2/a.yaml': service('a', 2) });
  await symlink('v1', join(parent, 'current'));
  const { world } = await following(t, join(parent, 'current'));
  await symlink('v2', join(parent, 'next'));
  await rename(join(parent, 'next'), join(parent, 'current'));
  await world.until(() => world.portsOf('a')[0] === 2);
});

test('changes that no event tells of are found by looking again', async (t) => {
  const root = await directoryOf(t, {
    '.outer/a/b/real/x.yaml': service('x', 1),
    '.outer/c/b/real/x.yaml': service('x', 2),
  });
  const outer = join(root, '.outer');
  await symlink('a', join(outer, 'current'));
  await symlink(join(outer, 'current/b/real'), join(root, 'sub'));
  const { world } = await following(t, root, { rescanMs: 30 });
  await unlink(join(outer, 'current'));
  await symlink('c', join(outer, 'current'));
  await world.until(() => world.portsOf('x')[0] === 2);
});

test('a source that reads once follows nothing and keeps nothing open', async (t) => {
  const root = await directoryOf(t, { 'a.yaml': service('a') });
  const { world } = await following(t, root, { watch: false });
  assert.ok(world.has('Service/default/a'));
  assert.equal(process.getActiveResourcesInfo().includes('FSEventWrap'), false);
});

test('a source that has been stopped says nothing more', async (t) => {
  const root = await directoryOf(t, { 'a.yaml': service('a') });
  const { world, source } = await following(t, root);
  const other = await following(t, root);
  await source.stop();
  await write(root, { 'b.yaml': service('b') });
  await other.world.until(() => other.world.has('Service/default/b'));
  assert.equal(world.has('Service/default/b'), false);
});
