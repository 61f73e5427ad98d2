import { renameSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { type Machine, versions } from './machine.ts';
import type { Report } from './scenario.ts';

/** The report as it is kept: its figures stand at the top level. */
export type KeptReport = Omit<Report, 'figures'> & {
  readonly scenario: string;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly [figure: string]: unknown;
};

export async function kept(scenario: string, report: Report, machine: Machine): Promise<KeptReport> {
  const { figures, ...rest } = report;
  return { scenario, ...figures, ...rest, machine, versions: { ...(await versions()), ...report.versions } };
}

/** Whoever reads the file sees it whole or not at all. */
export function writeWhole(file: string, text: string): void {
  const temporary = `${file}.${process.pid}.new`;
  writeFileSync(temporary, text);
  renameSync(temporary, file);
}

export function writeJson(file: string, value: unknown): void {
  writeWhole(file, `${JSON.stringify(value, null, 2)}\n`);
}

export function formatCell(cell: string | number): string {
  if (typeof cell === 'string') return cell;
  if (Number.isInteger(cell)) return String(cell);
  return Math.abs(cell) >= 100 ? cell.toFixed(0) : cell.toPrecision(3);
}

/** The table as text, with what the reader has to know under it. */
export function reportText({ title, columns, rows, goals = [], notes = [], failures = [] }: Report): string {
  const table = [columns, ...rows.map((row) => row.map(formatCell))];
  const widths = columns.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map((row) => row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  '));
  const outcomes = goals.map(({ goal, measured, met }) => `${met ? 'met' : 'NOT MET'}: ${goal}: ${measured}`);
  return [title, ...lines, ...outcomes, ...notes, ...failures.map((each) => `FAILED: ${each}`)].join('\n');
}
