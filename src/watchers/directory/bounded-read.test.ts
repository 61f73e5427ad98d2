import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { readBounded } from './bounded-read.ts';
import { directoryOf, following, serviceManifest, write } from './test-directory.ts';

const anything = async () => {};
/** Generous: what is guarded against here takes until somebody writes, which nobody does. */
const QUICKLY = { timeout: 20_000 };

test('a file is read up to the limit, and one beyond it is not', async (t) => {
  const root = await directoryOf(t, { a: 'x'.repeat(100), empty: '' });
  const read = async (name: string, limit: number) =>
    (await readBounded(join(root, name), limit, anything)).bytes?.length;
  assert.equal(await read('a', 100), 100);
  assert.equal(await read('a', 99), undefined);
  assert.equal(await read('empty', 10), 0);
});

test('a file of many chunks is read whole', async (t) => {
  const root = await directoryOf(t);
  const content = Buffer.from(Array.from({ length: 2_500_000 }, (_, index) => index % 251));
  await writeFile(join(root, 'a'), content);
  const { bytes } = await readBounded(join(root, 'a'), 4_000_000, anything);
  assert.ok(bytes !== undefined && content.equals(bytes));
});

test('a file that grows beyond the limit after it was opened is not read', async (t) => {
  const root = await directoryOf(t, { a: 'x' });
  const path = join(root, 'a');
  const { bytes } = await readBounded(path, 10, () => appendFile(path, 'y'.repeat(1000)));
  assert.equal(bytes, undefined);
});

test('a FIFO, a device and a directory are refused at once', QUICKLY, async (t) => {
  const root = await directoryOf(t);
  execFileSync('mkfifo', [join(root, 'fifo')]);
  for (const path of [join(root, 'fifo'), '/dev/zero', root]) {
    await assert.rejects(readBounded(path, 10, anything), /it is no regular file/);
  }
});

test('a file that does not answer is given up, and not asked again before it does', async (t) => {
  const root = await directoryOf(t, { a: 'x', b: 'x', c: 'x', d: 'x' });
  const path = (name: string) => join(root, name);
  const answer = Promise.withResolvers<void>();
  const silent = () => answer.promise;
  await assert.rejects(readBounded(path('a'), 10, silent, 10), /does not answer within 0.01 s/);
  await assert.rejects(readBounded(path('a'), 10, anything), /still does not answer/);
  assert.equal((await readBounded(path('b'), 10, anything)).bytes?.length, 1);
  await assert.rejects(readBounded(path('b'), 10, silent, 10), /does not answer/);
  await assert.rejects(readBounded(path('c'), 10, anything), /2 other files do not answer/);
  answer.resolve();
  for (const name of ['a', 'b', 'c']) {
    let bytes: Uint8Array | undefined;
    while (bytes === undefined) {
      // What has hung ends in a turn of the event loop.
      await nextTurn();
      bytes = (await readBounded(path(name), 10, anything).catch(() => undefined))?.bytes;
    }
    assert.equal(bytes.length, 1);
  }
});

test('a FIFO that takes the place of a manifest concerns that file alone', QUICKLY, async (t) => {
  const root = await directoryOf(t, { 'a.yaml': serviceManifest('a', 1) });
  const { world } = await following(t, root);
  execFileSync('mkfifo', [join(root, '.fifo')]);
  await rename(join(root, '.fifo'), join(root, 'a.yaml'));
  const problem = await world.untilProblem('SLUICE_FILE_UNREADABLE');
  assert.equal(problem.file, join(root, 'a.yaml'));
  assert.match(problem.message, /no regular file.*last good content stays in place/);
  await write(root, { 'b.yaml': serviceManifest('b') });
  await world.until(() => world.has('Service/default/b'));
  assert.deepEqual(world.portsOf('a'), [1]);
});

test('FIFOs and devices that are there at the start, linked or not, are problems', QUICKLY, async (t) => {
  const root = await directoryOf(t, { 'b.yaml': serviceManifest('b') });
  execFileSync('mkfifo', [join(root, 'fifo.yaml'), join(root, 'other-fifo')]);
  await symlink('fifo.yaml', join(root, 'link.yaml'));
  const { world } = await following(t, root, { watch: false });
  assert.ok(world.has('Service/default/b'));
  assert.deepEqual(
    world.problemList.map(({ code, file }) => [code, file]),
    ['fifo.yaml', 'link.yaml'].map((name) => ['SLUICE_FILE_UNREADABLE', join(root, name)]),
  );
});
