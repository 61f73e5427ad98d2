/** A state holds objects as `src/model/objects.ts` describes them: who changes that reads the states of before no more. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { STATE_FORMAT } from './state-file.ts';

/** The digest of the types, without comments and spaces, that each format was made of. */
const DIGESTS: Readonly<Record<number, string>> = {
  1: '803e0559c13314e4',
  2: '35136ebd6a4128fd',
};

test('the format of states has grown with the objects that they hold', () => {
  const text = ['objects.ts', 'positions.ts']
    .map((file) => readFileSync(path.join(import.meta.dirname, '..', 'model', file), 'utf8'))
    .join('');
  const types = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '').replaceAll(/\s+/g, '');
  const digest = createHash('sha256').update(types).digest('hex').slice(0, 16);
  assert.equal(
    digest,
    DIGESTS[STATE_FORMAT],
    'what a state holds has changed: make STATE_FORMAT one more, and write down its digest here',
  );
});
