/** Texts of commands as they should be, save for what is another every time. `SLUICE_GOLDEN=write` writes them. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';

const FOLDER = path.join(import.meta.dirname, 'golden');

const VOLATILE: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'TIME'],
  [/\b\d\d:\d\d:\d\d\.\d{3}\b/g, 'TIME'],
  // Versions of resources are hashes.
  [/(?<=[ "])[\w-]{16}(?=[ "\n]|$)/gm, 'VERSION_________'],
  [/\b[\d.]+ ms\b/g, 'N ms'],
  [/\b[\d.]+ (s|min|h)\b/g, 'N $1'],
  [/\b\d+ days left/g, 'N days left'],
  [/\b(127\.0\.0\.1|198\.18\.0\.1):\d+/g, '$1:PORT'],
  // Of Envoy, and of Sluice.
  [/(?<= )\d+\.\d+\.\d+(?= |$)/gm, 'RELEASE'],
  [/ +$/gm, ''],
  // Columns are as wide as what is in them.
  [/ {3,}/g, '  '],
];

export async function assertGolden(name: string, text: string): Promise<void> {
  const stable = VOLATILE.reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), text);
  const file = path.join(FOLDER, `${name}.txt`);
  if (process.env['SLUICE_GOLDEN'] === 'write') await writeFile(file, stable);
  assert.equal(stable, await readFile(file, 'utf8').catch(() => ''), `golden ${name}`);
}
