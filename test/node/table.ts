/** What was measured, as the table of docs/upgrades.md. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { LoadResult } from './load-clients.ts';
import { HELD, type Measured } from './measure.ts';

const DOCUMENT = path.join(import.meta.dirname, '../../docs/upgrades.md');
const BEGIN = '<!-- measured: npm run test:node -- --faults --write -->';
const END = '<!-- end -->';

const HEADINGS = [
  'what happens',
  'Envoys of a node',
  'clients know',
  `dropped of ${HELD}`,
  'refused of new ones',
  'longest without service',
  'longest silence of those that live on',
  'remarks',
];

export const TABLE_HEAD = `${row(HEADINGS)}\n${row(HEADINGS.map(() => '---'))}`;

/** Two rows: the clients of one node, and those of both. */
export function tableRows({ fault, setup, one, both, note, seconds }: Measured): string[] {
  const of = (clients: string, result: LoadResult, remarks: readonly string[]): string =>
    row([
      fault.name,
      String(setup.envoys),
      clients,
      String(result.dropped),
      `${result.refused} of ${result.tried}`,
      duration(result.withoutService),
      duration(result.silence),
      [...remarks, ...reasons(result)].join('; '),
    ]);
  const took = `${seconds.toFixed(0)} s in all`;
  const elsewhere = both.elsewhere === 0 ? [] : [`${both.elsewhere} went on to the other address`];
  return [of('one node', one, note === undefined ? [took] : [took, note]), of('both nodes', both, elsewhere)];
}

/** Replaces the table in the document. */
export async function writeTable(rows: readonly string[]): Promise<void> {
  const text = await readFile(DOCUMENT, 'utf8');
  const [before, rest = ''] = text.split(`${BEGIN}\n`);
  const [, after = ''] = rest.split(END);
  await writeFile(DOCUMENT, `${before}${BEGIN}\n${TABLE_HEAD}\n${rows.join('\n')}\n${END}${after}`);
}

/** Why addresses were given up, in the kernel's words and our own. */
function reasons({ reasons: found }: LoadResult): string[] {
  return Object.entries(found).map(([reason, count]) => `${count} ${reason}`);
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function duration(milliseconds: number): string {
  return milliseconds < 10_000 ? `${milliseconds} ms` : `${(milliseconds / 1_000).toFixed(1)} s`;
}
