import assert from 'node:assert/strict';
import test from 'node:test';
import { Turns } from '../../event-loop/turns.ts';
import type { ManifestDocument } from './manifest-syntax.ts';
import { ManifestSyntaxError, parseManifests } from './manifest-syntax.ts';

async function parse(text: string): Promise<readonly Omit<ManifestDocument, 'lineOf'>[]> {
  const documents: Omit<ManifestDocument, 'lineOf'>[] = [];
  for await (const { raw, line } of parseManifests(text, new Turns().reading)) documents.push({ raw, line });
  return documents;
}

async function refused(text: string): Promise<ManifestSyntaxError> {
  try {
    await parse(text);
  } catch (error) {
    assert.ok(error instanceof ManifestSyntaxError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: 'the text is not refused' });
}

test('documents are read with their lines, and empty ones passed over', async () => {
  const text = '# heading\n---\na: 1\n---\n---\n# nothing\n---\n\nb: 2\n...\n';
  assert.deepEqual(await parse(text), [
    { raw: { a: 1 }, line: 3 },
    { raw: { b: 2 }, line: 9 },
  ]);
  assert.deepEqual(await parse(''), []);
});

test('Windows line ends make no difference', async () => {
  assert.deepEqual(await parse('a: 1\r\n---\r\nb: x\r\n'), [
    { raw: { a: 1 }, line: 1 },
    { raw: { b: 'x' }, line: 3 },
  ]);
});

test('the items of a List are documents with lines of their own', async () => {
  const text = 'apiVersion: v1\nkind: List\nitems:\n- kind: A\n- kind: List\n  items:\n  - kind: B\n- 5\n';
  assert.deepEqual(await parse(text), [
    { raw: { kind: 'A' }, line: 4 },
    { raw: { kind: 'B' }, line: 7 },
    { raw: 5, line: 8 },
  ]);
  assert.deepEqual(await parse('kind: List\nitems: null\n'), []);
});

test('the items of a typed list are of its type unless they say so', async () => {
  const text =
    'apiVersion: g/v1\nkind: TLSRouteList\nitems: [{metadata: {name: a}}, {apiVersion: h/v2, kind: X}]\n';
  assert.deepEqual(
    (await parse(text)).map(({ raw }) => raw),
    [
      { apiVersion: 'g/v1', kind: 'TLSRoute', metadata: { name: 'a' } },
      { apiVersion: 'h/v2', kind: 'X' },
    ],
  );
});

test('an object that has a name is no list, whatever its kind ends with', async () => {
  const text = 'apiVersion: g/v1\nkind: AllowList\nmetadata: {name: a}\nitems: [x]\n';
  assert.equal((await parse(text)).length, 1);
  assert.deepEqual((await parse(text))[0]?.line, 1);
});

test('a field has its line, and what is not there that of what is around it', async () => {
  const text = [
    'kind: List',
    'items:',
    '- kind: A',
    '  spec:',
    '    rules:',
    '    - name: a',
    '      ports: [{port: 1},',
    '        {port: 2}]',
    '    "quoted": {x:',
    '      1}',
    '    shared: &s {y: 1}',
    '    again: *s',
    '',
  ].join('\n');
  const cases = [
    [[], 3],
    [['metadata'], 3],
    [['spec', 'rules', 0], 6],
    [['spec', 'rules', 0, 'ports', 1, 'port'], 8],
    [['spec', 'rules', 0, 'backendRefs'], 6],
    [['spec', 'rules', 5], 5],
    [['spec', 'quoted', 'x'], 9],
    [['spec', 'again', 'y'], 12],
  ] as const;
  let read = 0;
  for await (const { lineOf } of parseManifests(text, new Turns().reading)) {
    for (const [path, line] of cases) assert.equal(lineOf(path), line, path.join('.'));
    read += 1;
  }
  assert.equal(read, 1);
  for await (const { lineOf } of parseManifests('{"kind":"A"}', new Turns().reading))
    assert.equal(lineOf(['kind']), 1);
});

test('JSON is read', async () => {
  const list = { kind: 'List', items: [{ kind: 'A' }] };
  assert.deepEqual(await parse(`\n${JSON.stringify(list, null, 2)}`), [
    { raw: { kind: 'A' }, line: undefined },
  ]);
  assert.deepEqual(await parse('{"kind":"A"}'), [{ raw: { kind: 'A' }, line: 1 }]);
});

test('JSON that ends too early is refused with a line', async () => {
  assert.equal((await refused('{"kind": "A",\n "spec": {"ports": [')).line, 2);
});

test('text that is no YAML is refused with its line', async () => {
  assert.equal((await refused('a: 1\nb: [1\nc: 2\n')).line, 3);
  assert.equal((await refused('a: 1\n---\nb: "x\n')).line, 4);
});

test('a key that is there twice is refused with its line, also deep inside', async () => {
  const error = await refused('a: 1\n---\nspec:\n  ports:\n  - port: 1\n    port: 2\n');
  assert.match(error.message, /"port" is there twice/);
  assert.equal(error.line, 6);
});

test('anchors, aliases and merge keys work', async () => {
  const text = 'a: &a {x: 1}\nb: *a\nc: {<<: *a, y: 2}\n';
  assert.deepEqual((await parse(text))[0]?.raw, { a: { x: 1 }, b: { x: 1 }, c: { x: 1, y: 2 } });
});

test('keys of the prototype are keys as any other', async () => {
  const [document] = await parse('__proto__: {kind: Service}\nconstructor: 5\n');
  assert.deepEqual(Object.keys(document?.raw ?? {}), ['__proto__', 'constructor']);
  assert.equal(Object.getPrototypeOf(document?.raw ?? null), Object.prototype);
});

function bomb(first: string, next: (anchor: string) => string): string {
  const anchors = [...'abcdefghijklmnop'];
  const lines = anchors.slice(1).map((name, index) => `${name}: &${name} ${next(anchors[index] ?? '')}`);
  return [`a: &a ${first}`, ...lines, ''].join('\n');
}

/** Generous: a bomb that is not refused would take longer than the universe has. */
const QUICKLY = { timeout: 10_000 };

test('a YAML bomb is refused quickly', QUICKLY, async () => {
  const nested = bomb('["lol"]', (anchor) => `[${Array(9).fill(`*${anchor}`).join(', ')}]`);
  assert.match((await refused(nested)).message, /alias/);
  const merged = bomb('{x: 1}', (anchor) => `{<<: [${Array(9).fill(`*${anchor}`).join(', ')}]}`);
  assert.match((await refused(merged)).message, /alias/);
});

test('a document of many aliases, each of which is looked up, is refused quickly', QUICKLY, async () => {
  const lines = Array.from(
    { length: 100_000 },
    (_, index) => `a${index}: &a${index} [x]\nb${index}: *a${index}\n`,
  );
  assert.match((await refused(lines.join(''))).message, /more than 1000 aliases/);
  const few = Array.from({ length: 2000 }, () => 'a: &a [x]\nb: *a\n---\n').join('');
  assert.equal((await parse(few)).length, 2000);
});

test('what nests too deeply is refused quickly', QUICKLY, async () => {
  for (const text of [
    '['.repeat(1_000_000),
    '- '.repeat(100_000),
    '? '.repeat(100_000),
    '{a: '.repeat(100_000),
  ]) {
    assert.match((await refused(text)).message, /nests deeper than 100 levels/);
  }
  const fine = `a: ${'['.repeat(90)}${']'.repeat(90)}`;
  assert.equal((await parse(fine)).length, 1);
});

test('a map of 100,000 keys is read quickly', QUICKLY, async () => {
  const lines = Array.from({ length: 100_000 }, (_, index) => `k${index}: 1\n`);
  assert.equal(Object.keys((await parse(lines.join('')))[0]?.raw as object).length, 100_000);
});

test('10,000 documents are read while the event loop goes on', async () => {
  const lines = [
    'kind: TLSRoute',
    'metadata:',
    '  name: x',
    'spec:',
    '  hostnames:',
    '  - "a.example.com"',
    '---',
    '',
  ];
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 1);
  const read = await parse(lines.join('\n').repeat(10_000));
  clearInterval(timer);
  assert.equal(read.length, 10_000);
  assert.equal(read[9999]?.line, 1 + 9999 * 7);
  assert.ok(turns > 10, `the event loop had ${turns} turns`);
});
