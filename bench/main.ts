/** `npm run bench -- SCENARIO [--routes N] [--repeats N] [--json FILE]` */
import { writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { type Report, type Scenario, Unavailable } from './scenario.ts';
import { engine } from './scenarios/engine.ts';

const SCENARIOS: Readonly<Record<string, Scenario>> = { engine };

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('must be a whole number above 0');
  return value;
}

function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${line}`);
  else process.stderr.write(`${line}\n`);
}

function format(cell: string | number): string {
  if (typeof cell === 'string') return cell;
  return Number.isInteger(cell) ? String(cell) : cell.toPrecision(3);
}

function print(report: Report): void {
  const table = [report.columns, ...report.rows.map((row) => row.map(format))];
  const widths = report.columns.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map((row) => row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  '));
  process.stdout.write(`\n${report.title}\n${lines.join('\n')}\n`);
}

const program = new Command('bench')
  .description('Measures Sluice. Medians over repeats; compare figures of one run only.')
  .argument('<scenario>', Object.keys(SCENARIOS).join(' | '))
  .option('--routes <n>', 'number of routes', count)
  .option('--repeats <n>', 'repeats of each measurement', count)
  .option('--json <file>', 'write figures, raw samples and machine facts')
  .addHelpText('after', '\nExample:\n  npm run bench -- engine --routes 20000 --json engine.json')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 64));

program.parse();
const scenario = SCENARIOS[program.args[0] ?? ''];
if (scenario === undefined) {
  process.stderr.write(`no scenario "${program.args[0]}"; there are: ${Object.keys(SCENARIOS).join(', ')}\n`);
  process.exit(64);
}
const options = program.opts<{ routes?: number; repeats?: number; json?: string }>();
try {
  const report = await scenario({ routes: options.routes, repeats: options.repeats, progress });
  if (process.stderr.isTTY) progress('');
  print(report);
  if (options.json !== undefined) {
    const machine = {
      cpu: cpus()[0]?.model,
      cores: cpus().length,
      memoryMb: Math.round(totalmem() / 1e6),
      kernel: release(),
      node: process.version,
    };
    const { figures, ...rest } = report;
    writeFileSync(options.json, `${JSON.stringify({ ...figures, ...rest, machine }, null, 2)}\n`);
  }
} catch (error) {
  if (!(error instanceof Unavailable)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 69;
}
