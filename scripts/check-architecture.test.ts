import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sourceFiles, violations } from './check-architecture.ts';

const file = (path: string, text: string) => ({ path, text });

test('an import that the table does not allow', () => {
  const text = "import { x } from '../snapshot/engine.ts';\n";
  assert.match(
    violations([file('src/gateway/a.ts', text)]).join(),
    /must not import src\/snapshot\/engine.ts/,
  );
  assert.deepEqual(violations([file('src/cli/a.ts', text)]), []);
});

test('of the snapshot, xds may import what can be read from it and nothing else', () => {
  assert.deepEqual(
    violations([file('src/xds/a.ts', "import type { A } from '../snapshot/resources/resource.ts';\n")]),
    [],
  );
  assert.equal(
    violations([file('src/xds/a.ts', "import { E } from '../snapshot/engine/engine.ts';\n")]).length,
    1,
  );
});

test('dynamic imports and re-exports count', () => {
  assert.equal(violations([file('src/model/a.ts', "export { x } from '../gateway/b.ts';\n")]).length, 1);
  assert.equal(
    violations([file('src/model/a.ts', "const a = await import('../gateway/b.ts');\n")]).length,
    1,
  );
});

test('tests beside the code may join parts', () => {
  assert.deepEqual(
    violations([file('src/xds/a.test.ts', "import { x } from '../../test/harness/b.ts';\n")]),
    [],
  );
});

test('a cycle', () => {
  const found = violations([
    file('src/model/a.ts', "import './b.ts';\n"),
    file('src/model/b.ts', "import './a.ts';\n"),
  ]);
  assert.deepEqual(found, ['import cycle: src/model/a.ts → src/model/b.ts → src/model/a.ts']);
});

test('a file that is too long, or not in kebab-case', () => {
  assert.match(violations([file('src/model/a.ts', '\n'.repeat(351))]).join(), /351 lines/);
  assert.deepEqual(violations([file('src/model/a.test.ts', '\n'.repeat(400))]), []);
  assert.match(violations([file('src/model/aB.ts', '')]).join(), /kebab-case/);
});

test('a folder of too many files, tests not counted', () => {
  const files = Array.from({ length: 21 }, (_, index) => file(`src/model/a${index}.ts`, ''));
  assert.deepEqual(violations(files), ['src/model/: 21 files; make rooms in it, 20 is the most']);
  assert.deepEqual(violations([...files.slice(1), file('src/model/a.test.ts', '')]), []);
});

test('the longest prefix of a path says what its folder may import', () => {
  const text = "import { x } from '../parents/b.ts';\n";
  assert.deepEqual(violations([file('src/gateway/routes/a.ts', text)]), []);
  assert.match(violations([file('src/gateway/values/a.ts', text)]).join(), /must not import/);
});

test('a folder without rules', () => {
  assert.match(violations([file('src/new/a.ts', '')]).join(), /without rules/);
});

test('the project keeps them', () => {
  assert.deepEqual(violations(sourceFiles()), []);
});
