import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingFiles } from './check-docs.ts';

const exists = (file: string) => file === 'src/a.ts' || file === 'docs/b.md';

test('a path in a code span that is gone', () => {
  assert.deepEqual(missingFiles('README.md', 'see `src/a.ts` and `src/gone.ts`', exists), ['src/gone.ts']);
});

test('a link is relative to its document; its fragment does not count, and the web is not looked at', () => {
  const text = '[b](b.md#part) [gone](../c.md) [web](https://example.com/x.md) [here](#part)';
  assert.deepEqual(missingFiles('docs/a.md', text, exists), ['c.md']);
});

test('patterns and places that are not paths of the project are left alone', () => {
  assert.deepEqual(missingFiles('README.md', '`src/**/*.ts` `/etc/x` `src`', exists), []);
});
