import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { makeFolder } from './folder.ts';

test('makes a folder with those above it, and leaves one that is there', async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'sluice-folder-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const deep = path.join(directory, 'a', 'b', 'c');
  await makeFolder(deep, 0o700);
  await makeFolder(deep, 0o700);
  const found = await stat(deep);
  assert.ok(found.isDirectory());
  assert.equal(found.mode & 0o777, 0o700);
  await writeFile(path.join(directory, 'file'), '');
  await assert.rejects(makeFolder(path.join(directory, 'file')), { code: 'EEXIST' });
  await assert.rejects(makeFolder(path.join(directory, 'file', 'x')), { code: 'ENOTDIR' });
});

test('rejects at once where a file system refuses folders', {
  skip: process.platform !== 'linux',
}, async () => {
  await assert.rejects(makeFolder('/proc/sluice/x'), { code: 'ENOENT' });
});
