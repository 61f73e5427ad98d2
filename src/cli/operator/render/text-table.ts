import type { Paint, Tone } from './paint.ts';

/** A cell: its text, and how it is coloured. */
export type Cell = string | { readonly text: string; readonly tone: Tone };

/** Columns as wide as they need to be; the last one is not padded. `''` without rows. */
export function textTable(head: readonly string[], rows: readonly (readonly Cell[])[], paint: Paint): string {
  if (rows.length === 0) return '';
  const all: readonly (readonly Cell[])[] = [head.map((text) => ({ text, tone: 'dim' as const })), ...rows];
  const widths = head.map((_, column) =>
    all.reduce((widest, row) => Math.max(widest, textOf(row[column]).length), 0),
  );
  return all.map((row) => `${lineOf(row, widths, paint)}\n`).join('');
}

function lineOf(row: readonly Cell[], widths: readonly number[], paint: Paint): string {
  const lastFilled = row.findLastIndex((cell) => textOf(cell) !== '');
  return row
    .slice(0, lastFilled + 1)
    .map((cell, column) => {
      const text = textOf(cell);
      const padding = column === lastFilled ? '' : ' '.repeat((widths[column] ?? 0) - text.length);
      return `${typeof cell === 'string' ? text : paint(cell.tone, text)}${padding}`;
    })
    .join('  ');
}

/** Names and errors are other people's text: no control characters reach a terminal. */
function textOf(cell: Cell | undefined): string {
  return printable(typeof cell === 'string' ? cell : (cell?.text ?? ''));
}

export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what has to go
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
}

/** `3 of 3 nodes`, `1 of 1 node`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

/** `12 s`, `5 min`, `3 h`, `12 days`: of milliseconds. */
export function span(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
