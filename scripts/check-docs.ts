/**
 * Holds the documents to the files: every path of the project that a document names exists. `node scripts/check-docs.ts` prints
 * what is gone and exits 1.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const ROOT = path.join(import.meta.dirname, '..');

/** Paths in code spans, and the targets of links to files. */
const NAMED = /`((?:src|test|bench|scripts|demo|deploy|proto|examples|docs|findings)\/[^\s`*<>…{}|]*)`/g;
const LINKED = /\]\((?!https?:|#|mailto:)([^)#\s]+)(?:#[^)\s]*)?\)/g;

/** What a document names that does not exist, relative to the root. */
export function missingFiles(file: string, text: string, exists: (file: string) => boolean): string[] {
  const folder = path.dirname(file);
  const named = [...text.matchAll(NAMED)].map(([, name = '']) => name);
  const linked = [...text.matchAll(LINKED)].map(([, target = '']) => path.join(folder, target));
  return [...new Set([...named, ...linked])].filter((name) => !exists(name));
}

if (import.meta.main) {
  const files = globSync('{*.md,docs/**/*.md,deploy/**/*.md,test/**/*.md,findings/*.md}', {
    cwd: ROOT,
  }).sort();
  let missing = 0;
  for (const file of files) {
    const text = readFileSync(path.join(ROOT, file), 'utf8');
    for (const name of missingFiles(file, text, (named) => existsSync(path.join(ROOT, named)))) {
      process.stderr.write(`${file}: names ${name}, which does not exist\n`);
      missing += 1;
    }
  }
  process.stdout.write(`docs: ${files.length} files, ${missing} names of files that are gone\n`);
  process.exitCode = missing === 0 ? 0 : 1;
}
