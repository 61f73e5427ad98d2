/** docs/benchmarks.md and its charts, from the kept reports: nothing in them is written by hand. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { formatCell, type KeptReport, writeJson, writeWhole } from '../report.ts';
import { plotsOf } from './plots.ts';

const DOCS = path.join(import.meta.dirname, '..', '..', 'docs');
const KEPT = path.join(DOCS, 'benchmarks');
const ORDER = [
  'floor',
  'burst',
  'cold',
  'first-connection',
  'first-connection-large',
  'restart',
  'change',
  'churn',
  'fanout',
  'reconnect',
  'growth',
  'versus',
];

export interface Skipped {
  readonly scenario: string;
  readonly reason: string;
}

export function readKept(): KeptReport[] {
  return readdirSync(KEPT)
    .filter((file) => file.endsWith('.json'))
    .map((file) => JSON.parse(readFileSync(path.join(KEPT, file), 'utf8')) as KeptReport);
}

/** Keeps a report for the page, which can be written later (`bench -- document`). */
export function keep(report: KeptReport): void {
  mkdirSync(KEPT, { recursive: true });
  writeJson(path.join(KEPT, `${report.scenario}.json`), report);
}

/** Writes the page, the charts and the reports themselves, each file whole. Returns the page's path. */
export function writeDocument(reports: readonly KeptReport[], skipped: readonly Skipped[]): string {
  const ordered = [...reports].sort((a, b) => ORDER.indexOf(a.scenario) - ORDER.indexOf(b.scenario));
  for (const report of ordered) {
    keep(report);
    for (const { file, svg } of plotsOf(report)) writeWhole(path.join(KEPT, file), svg);
  }
  const page = path.join(DOCS, 'benchmarks.md');
  writeWhole(page, pageOf(ordered, skipped));
  return page;
}

function pageOf(reports: readonly KeptReport[], skipped: readonly Skipped[]): string {
  return `${[
    '# Benchmarks',
    '<!-- Written by `npm run bench -- all` from the JSON in docs/benchmarks/; edit bench/document/ instead. -->',
    'Everything runs on one machine: etcd, kube-apiserver, Sluice, Envoy, the backends and the clients share its cores. Compare figures of one run only. `npm run bench -- --help` says how to repeat each.',
    ...machineSection(reports),
    '## Goals',
    table(
      ['goal', 'measured', ''],
      reports.flatMap(({ goals = [] }) =>
        goals.map(({ goal, measured, met }) => [goal, measured, met ? 'met' : '**not met**']),
      ),
    ),
    'What limits a goal that is not met: [design/limits.md](design/limits.md).',
    ...reports.flatMap(section),
    ...skipped.map(({ scenario, reason }) => `## ${scenario}\n\nCould not run here: ${reason}`),
  ].join('\n\n')}\n`;
}

function machineSection(reports: readonly KeptReport[]): string[] {
  const [first] = reports;
  if (first === undefined) return [];
  const { cpu, cores, memoryMb, kernel } = first.machine;
  const loads = reports.map(({ machine }) => machine.load[0] ?? 0);
  const versions = Object.assign({}, ...reports.map((report) => report.versions)) as Record<string, string>;
  const software = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `**Machine:** ${cores} cores (${cpu}), ${(memoryMb / 1e3).toFixed(0)} GB, Linux ${kernel}. Load average before the scenarios: ${Math.min(...loads)} to ${Math.max(...loads)} (a quiet machine has less than 0.5).`,
    `**Software:** ${software.join(', ')}.`,
  ];
}

function section(report: KeptReport): string[] {
  const { scenario, title, columns, rows, notes = [] } = report;
  return [
    `## ${scenario}`,
    `${title.replace(/^[\w-]+: /, '').replace(/^./, (letter) => letter.toUpperCase())}.`,
    table(
      columns,
      rows.map((row) => row.map(formatCell)),
    ),
    ...plotsOf(report).map(({ file, alternative }) => `![${alternative}](benchmarks/${file})`),
    ...(notes.length === 0 ? [] : [notes.map((note) => `- ${note}`).join('\n')]),
  ];
}

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [columns, columns.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
