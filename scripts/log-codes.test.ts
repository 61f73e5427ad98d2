/** Every line that an operator may have to act on can be found, and alerted on, by a code that stays. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const SOURCES = path.join(import.meta.dirname, '..', 'src');
/** What a start and an end go through; and what is said of a program that waits. */
const PROGRESS =
  /'(listening|stopping( once Envoy is drained; .*)?|stopped|reading (manifests|from the Kubernetes API)|serving xDS with mutual TLS|the state is saved|Envoy answers|waiting (to drain Envoy|until .*))'/;
/** It hands on what others give it. */
const HANDS_ON = path.join('cli', 'serve', 'line-budget.ts');
/** `logger.warn(`, `logger[due ? 'warn' : 'debug'](`, `lines.line(` */
const LINE = /\b(?:logger|lines)(?:\.(?:info|warn|error|fatal|line)|\[[^\]]+\])\(/g;

/** What stands between the parenthesis that opens before `from` and the one that closes it. */
function argumentsAt(text: string, from: number): string {
  let depth = 1;
  let end = from;
  for (; depth > 0 && end < text.length; end += 1) {
    if (text[end] === '(') depth += 1;
    if (text[end] === ')') depth -= 1;
  }
  return text.slice(from, end - 1).replace(/\s+/g, ' ');
}

/** In the line itself, or in the fields that were made for it just above. */
function hasCode(text: string, given: string): boolean {
  if (/\bcode\b/.test(given)) return true;
  const [, name] = /^ ?(?:'\w+', '\w+', )?(?:\{ \.\.\.)?(\w+)\b/.exec(given) ?? [];
  const made = name !== undefined && new RegExp(`const ${name} = \\{[^}]*\\bcode\\b`).test(text);
  // Problems of sources have a code by their type.
  return made || given.includes("'problems', 'warn', fields");
}

function linesWithoutCode(text: string): readonly string[] {
  return [...text.matchAll(LINE)]
    .map((match) => argumentsAt(text, match.index + match[0].length))
    .filter((given) => !PROGRESS.test(given) && !hasCode(text, given));
}

test('every line of the log has a code, but for the progress of a start and an end', () => {
  const files = globSync('**/*.ts', { cwd: SOURCES }).filter(
    (file) => !/\.test\.ts$|(^|[\\/])test-/.test(file) && file !== HANDS_ON,
  );
  let lines = 0;
  const without = files.flatMap((file) => {
    const text = readFileSync(path.join(SOURCES, file), 'utf8');
    lines += [...text.matchAll(LINE)].length;
    return linesWithoutCode(text).map((line) => `${file}: ${line.slice(0, 120)}`);
  });
  assert.deepEqual(without, []);
  assert.ok(lines > 50, `${lines} lines are looked at`);
});

test('a line without a code is found', () => {
  assert.equal(linesWithoutCode("logger.warn({ error: String(error) }, 'it (the file) is gone');").length, 1);
  assert.equal(linesWithoutCode("lines.line('objects', 'info', { object }, 'well');").length, 1);
  assert.equal(linesWithoutCode("logger.warn({ code: 'SLUICE_X', n: f(1) }, 'gone');").length, 0);
  assert.equal(linesWithoutCode("const line = { code, node };\nlogger[level](line, 'gone');").length, 0);
});
