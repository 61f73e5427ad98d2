/**
 * Writes docs/commands.md: what every command says of itself. `node scripts/generate-commands.ts`; with `--check` it only says
 * whether the file is as it should be, and exits 1 where not.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { parseInvocation } from '../src/cli/program.ts';

const FILE = path.join(import.meta.dirname, '..', 'docs', 'commands.md');

const HEAD = `# Commands

What every command says of itself. Written by \`npm run generate\`; a check holds it to the code. Every flag may be set by its variable
instead; the line wins.

Installed under the name \`kubectl-sluice\`, which the package does, the same commands are \`kubectl sluice explain HOST\` and so on.
[troubleshooting.md](troubleshooting.md) says which to begin with, [operations.md](operations.md#who-may-look) who may run them.
`;

/** Commands in the order of the help of all. */
function commandNames(): readonly string[] {
  const text = helpOf([]);
  const list = text.slice(text.indexOf('\nCommands:\n')).split('\n').slice(2);
  return list.flatMap((line) => /^ {2}([a-z]+)\b/.exec(line)?.[1] ?? []).filter((name) => name !== 'help');
}

function helpOf(words: readonly string[]): string {
  const invocation = parseInvocation([...words, '--help'], {});
  if (invocation.command !== 'help') throw new Error(`no help of ${words.join(' ')}`);
  return invocation.text;
}

function document(): string {
  const sections = commandNames().map(
    (name) => `## ${name}\n\n\`\`\`text\n${helpOf([name]).trim()}\n\`\`\`\n`,
  );
  return `${HEAD}\n${sections.join('\n')}`;
}

// The width of a terminal would be in it.
process.stdout.isTTY = false;
const wanted = document();
const present = readFileSync(FILE, { encoding: 'utf8', flag: 'a+' });
if (process.argv.includes('--check')) {
  if (present !== wanted)
    process.stderr.write('docs/commands.md is not as it should be: run "npm run generate"\n');
  process.exitCode = present === wanted ? 0 : 1;
} else if (present !== wanted) writeFileSync(FILE, wanted);
