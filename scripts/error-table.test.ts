/** docs/errors.md and the code name the same errors. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const ROOT = path.join(import.meta.dirname, '..');
const CODE = /\bSLUICE_[A-Z]+(?:_[A-Z]+)*\b/g;

/** Codes in string literals; environment variables are read from `env`, named as such, or stand in a test. */
function codesInCode(): Set<string> {
  const files = globSync('{src,scripts,demo}/**/*.ts', { cwd: ROOT }).filter(
    (file) => !/\.test\.ts$|[\\/]test-/.test(file),
  );
  const codes = new Set<string>();
  for (const file of files) {
    const text = readFileSync(path.join(ROOT, file), 'utf8');
    for (const [literal] of text.matchAll(
      /(?<!env: |env\[|process\.env\[)'SLUICE_[A-Z_]+'|SLUICE_XDS_DELTA_ONLY/g,
    )) {
      codes.add(literal.replaceAll("'", ''));
    }
    for (const [code] of text.matchAll(/SLUICE_NODE_TOO_OLD/g)) codes.add(code);
  }
  return codes;
}

test('every code stands in docs/errors.md, and every code there is one that exists', () => {
  const table = readFileSync(path.join(ROOT, 'docs', 'errors.md'), 'utf8');
  const documented = new Set([...table.matchAll(CODE)].map(([code]) => code));
  assert.deepEqual([...codesInCode()].sort(), [...documented].sort());
});
