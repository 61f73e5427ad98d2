import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { nodeOptionsOf } from './shipped.ts';

test('the options of Node.js are those of the entry point', () => {
  const text =
    '# ENTRYPOINT ["/node", "/not.js"]\nENTRYPOINT ["/nodejs/bin/node", "--a=1", "--b", "/app/main.js"]\n';
  assert.deepEqual(nodeOptionsOf(text), ['--a=1', '--b']);
});

test('a share of the memory is one of what the container may use', () => {
  const text = 'ENTRYPOINT ["/node", "--max-old-space-size-percentage=75", "/app/main.js"]\n';
  assert.deepEqual(nodeOptionsOf(text), ['--max-old-space-size=1536']);
});

test('our own image has an entry point that can be read', async () => {
  const dockerfile = path.join(import.meta.dirname, '..', '..', 'deploy', 'Dockerfile');
  assert.ok(nodeOptionsOf(await readFile(dockerfile, 'utf8')).every((option) => option.startsWith('--')));
});

test('an image without one is told', () => {
  assert.throws(() => nodeOptionsOf('ENTRYPOINT node /app/main.js\n'), /no ENTRYPOINT in the exec form/);
});
