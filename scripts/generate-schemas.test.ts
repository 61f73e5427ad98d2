import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { generateSchemas, isIntact, SCHEMAS_FILE } from './generate-schemas.ts';

test('the committed schemas are those of the CRDs and of Kubernetes', async () => {
  const committed = await readFile(SCHEMAS_FILE, 'utf8');
  assert.equal(committed === (await generateSchemas()), true, 'run "npm run generate"');
});

test('schemas that were edited, or are of other versions, are found out without the CRDs', async () => {
  const committed = await readFile(SCHEMAS_FILE, 'utf8');
  assert.equal(isIntact(committed), true);
  assert.equal(isIntact(committed.replace('"maximum":65535', '"maximum":65536')), false);
  assert.equal(isIntact(committed.replace(/Gateway API v[\d.]+/, 'Gateway API v1.5.0')), false);
});
