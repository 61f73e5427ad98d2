import assert from 'node:assert/strict';
import { test } from 'node:test';
import { troubleshootingPage } from './table.ts';

test('docs/troubleshooting.md says what the program prints; "npm run golden" rewrites it', async () => {
  const { present, expected } = await troubleshootingPage();
  assert.equal(present, expected);
  const [, table = ''] = expected.split('## Fifteen');
  assert.equal(table.match(/^\| (?!---|what)/gm)?.length, 18, 'fifteen broken routes, and three names');
});
