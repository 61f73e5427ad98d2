import process from 'node:process';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { SourceType } from './world/world.ts';

export interface Options {
  readonly scenario: string;
  readonly routes?: number;
  readonly repeats?: number;
  readonly seconds?: number;
  readonly source: SourceType;
  readonly json?: string;
  /** False: a broken limit is told and does not fail the run. */
  readonly limits: boolean;
  readonly cpuProf?: string;
  readonly flag: readonly string[];
  /** A revision to measure in turn with the present tree. */
  readonly baseline?: string;
  readonly rounds: number;
}

const EXAMPLES = `
Examples:
  # 20,000 routes become live at once, against the real API server; the figures also as JSON.
  npm run bench -- burst --routes 20000 --json burst.json

  # One change among 5,000 routes, from a folder of manifests instead of an API server.
  npm run bench -- change --routes 5000 --source directory

  # Where does the time go? A CPU profile for Chrome's developer tools.
  npm run bench -- cold --routes 20000 --repeats 1 --cpu-prof profiles

  # Is it slower than another revision? Both are built, and run in turn, five times each.
  npm run bench -- cold --baseline HEAD~1 --repeats 1 --rounds 5

  # What the pull request check runs, and everything, which writes docs/benchmarks.md.
  npm run bench -- ci
  npm run bench -- all

Exit codes:
  0   measured (ci: and within its limits)
  1   ci: a limit is broken
  64  an argument that does not parse
  69  the scenario cannot run on this machine
  130 interrupted; nothing is left behind`;

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('must be a whole number above 0');
  return value;
}

function comparable(scenario: string): boolean {
  return scenario !== 'document';
}

/** Reads the command line; ends the process where it does not parse (64), or asks for help (0). */
export function readOptions(argv: readonly string[], scenarios: Readonly<Record<string, string>>): Options {
  const names = Object.keys(scenarios);
  const width = Math.max(...names.map((name) => name.length));
  const list = names.map((name) => `  ${name.padEnd(width)}  ${scenarios[name]}`).join('\n');
  const program = new Command('bench')
    .description('Measures Sluice. Compare figures of one run only: machines differ, and so does their mood.')
    .argument('<scenario>', 'see below')
    .option('--routes <n>', 'number of routes', count)
    .option('--repeats <n>', 'repeats of each measurement', count)
    .option('--seconds <n>', 'length of what runs for a time', count)
    .addOption(
      new Option('--source <type>', 'where Sluice reads its objects')
        .choices(['kubernetes', 'directory'])
        .default('kubernetes'),
    )
    .option('--no-limits', 'ci: say which limits are broken, and exit with 0 all the same')
    .option('--json <file>', 'write figures, raw samples, machine facts and versions')
    .option('--flag <flag...>', 'more flags of "sluice serve", such as --flag=--sni-mode=chain', [])
    .option('--cpu-prof <directory>', 'keep V8 CPU profiles of Sluice')
    .option(
      '--baseline <revision>',
      'build that revision too, run both in turn, and print medians and ratios',
    )
    .addOption(
      new Option('--rounds <n>', 'with --baseline: how often the scenario is run with each')
        .argParser(count)
        .default(5),
    )
    .addHelpText('after', `\nScenarios:\n${list}\n${EXAMPLES}`)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 64));
  program.parse(argv, { from: 'user' });
  const scenario = program.args[0] ?? '';
  if (program.opts<Options>().baseline !== undefined && !(scenario in scenarios && comparable(scenario))) {
    process.stderr.write(`--baseline compares one scenario, not "${scenario}"\n`);
    process.exit(64);
  }
  if (scenario in scenarios) return { ...program.opts<Omit<Options, 'scenario'>>(), scenario };
  process.stderr.write(`no scenario "${scenario}"; there are: ${names.join(', ')}\n`);
  process.exit(64);
}
