/** The table of annotations, the README and the golden scenarios name the same annotations. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { POLICY_ANNOTATIONS, READ_ANNOTATIONS } from '../src/model/annotations.ts';

const ROOT = path.join(import.meta.dirname, '..');

function read(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8');
}

test("the README's table is that of the annotations", () => {
  const rows = read('README.md')
    .split('\n')
    .filter((line) => line.startsWith('| `sluice.dev/'));
  const expected = Object.values(POLICY_ANNOTATIONS).map(
    ({ name, example, doc }) => `| \`${name}: ${example}\` | ${doc} |`,
  );
  assert.deepEqual(rows.sort(), expected.sort());
});

test('every annotation stands in the manifests of a golden scenario', () => {
  const manifests = globSync('test/scenarios/*/in/**/*.yaml', { cwd: ROOT }).map(read).join('\n');
  const missing = READ_ANNOTATIONS.map(({ name }) => name).filter((name) => !manifests.includes(`${name}:`));
  assert.deepEqual(missing, []);
});
