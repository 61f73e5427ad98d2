/** A scenario run with two revisions of Sluice in turn: what else the machine does meets both. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { cacheDirectory, cached, type Progress } from '../scripts/kubernetes-assets.cache.ts';
import { OUTSIDE } from '../test/harness/network-namespace.ts';
import { PRESENT_TREE } from './processes/shipped.ts';
import { type Goal, type Report, type Scenario, type ScenarioOptions, Unavailable } from './scenario.ts';
import { median } from './statistics.ts';

const run = promisify(execFile);

/** The last build without demand windows and without states: what starts are measured beside. */
export const REFERENCE = 'c08a515';

/** Name → value, as a report has them. */
type Figures = Readonly<Record<string, number>>;

/**
 * The source tree of a revision with its packages, in the cache. Throws `Unavailable` where there is no such revision, and
 * `AssetError` where it cannot be made.
 */
export async function baselineTree(revision: string, progress: Progress): Promise<string> {
  const commit = await commitOf(revision);
  return await cached(path.join(cacheDirectory(), `baseline-${commit}`), progress, async (scratch) => {
    progress(`baseline ${revision}: its source and packages, once`);
    await mkdir(scratch);
    const archive = `${scratch}.tar`;
    await run('git', ['archive', '--output', archive, commit], { cwd: PRESENT_TREE });
    await run('tar', ['-xf', archive, '-C', scratch]);
    await run('npm', ['ci'], { cwd: scratch });
  });
}

async function commitOf(revision: string): Promise<string> {
  try {
    const { stdout } = await run(
      'git',
      ['rev-parse', '--verify', '--end-of-options', `${revision}^{commit}`],
      {
        cwd: PRESENT_TREE,
      },
    );
    return stdout.trim();
  } catch {
    throw new Unavailable(
      `--baseline ${revision}: no such revision here. Name one that "git log" shows; a shallow clone needs "git fetch --unshallow" first.`,
    );
  }
}

/** What a figure is to be, as a part of the same of the baseline. */
export interface RatioGoal {
  readonly figure: string;
  readonly what: string;
  readonly most: number;
}

export interface Comparison {
  readonly name: string;
  /** What is measured, in words. */
  readonly what: string;
  readonly run: Scenario;
  readonly options: ScenarioOptions;
  /** Of the baseline. */
  readonly tree: string;
  readonly revision: string;
  readonly rounds: number;
  /** Whether the scenario runs modules of Sluice itself, so that the baseline's own benchmark has to. */
  readonly inProcess: boolean;
  readonly goals: readonly RatioGoal[];
}

/** Medians of the figures over all rounds, of both, and their ratios. */
export async function compared(comparison: Comparison): Promise<Report> {
  const { name, what, rounds, options, revision, goals } = comparison;
  const present: Figures[] = [];
  const baseline: Figures[] = [];
  const runs = [
    async () => void present.push((await comparison.run(options)).figures),
    async () => void baseline.push(await baselineFigures(comparison)),
  ];
  for (let round = 1; round <= rounds; round += 1) {
    options.progress(`${name}: round ${round} of ${rounds}`);
    for (const each of runs) await each();
    runs.reverse();
  }
  return comparisonReport({ name, what, revision, present, baseline, goals });
}

async function baselineFigures({
  name,
  run: scenario,
  options,
  tree,
  inProcess,
}: Comparison): Promise<Figures> {
  if (!inProcess) return (await scenario({ ...options, tree })).figures;
  const file = path.join(await mkdtemp(path.join(tmpdir(), 'sluice-baseline-')), 'figures.json');
  const count = (flag: string, value: number | undefined) =>
    value === undefined ? [] : [flag, String(value)];
  const child = spawn(
    process.execPath,
    [
      ...[path.join(tree, 'bench', 'main.ts'), name, '--json', file],
      ...count('--routes', options.routes),
      ...count('--repeats', options.repeats),
    ],
    {
      cwd: tree,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, [OUTSIDE]: undefined },
    },
  );
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`the benchmark of ${tree} ended with ${code ?? 'a signal'}`);
  const report = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(report).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}

interface Compared {
  readonly name: string;
  readonly what?: string;
  readonly revision: string;
  readonly goals?: readonly RatioGoal[];
  readonly present: readonly Figures[];
  readonly baseline: readonly Figures[];
}

/** Scenarios of one duration call it `servedMs`; others give quantiles. */
const MAIN_FIGURES = ['p50Ms', 'servedMs', 'translateMs', 'listMs'];

export function comparisonReport(comparison: Compared): Report {
  const { name, what, revision, present, baseline, goals = [] } = comparison;
  const names = Object.keys(present[0] ?? {}).filter(
    (figure) => figure !== 'routes' && baseline.every((of) => figure in of),
  );
  const values = (of: readonly Figures[], figure: string) =>
    of.map((figures) => figures[figure] ?? Number.NaN);
  const of = (figures: readonly Figures[], figure: string) => median(values(figures, figure));
  const main = MAIN_FIGURES.find((figure) => names.includes(figure));
  const figures: Record<string, number> = { rounds: present.length };
  for (const figure of names) {
    // A ratio to the floor gives way to that of the two revisions.
    const key = figure === 'ratio' ? 'floorRatio' : figure;
    figures[key] = of(present, figure);
    figures[`baseline${key.charAt(0).toUpperCase()}${key.slice(1)}`] = of(baseline, figure);
  }
  if (main !== undefined) {
    figures['p50Ms'] = of(present, main);
    figures['baselineP50Ms'] = of(baseline, main);
    figures['ratio'] = of(present, main) / of(baseline, main);
  }
  return {
    title: `${name}: ${what === undefined ? '' : `${what}; `}the present tree and ${revision}, medians of ${present.length} rounds in turn`,
    columns: ['figure', 'present', revision, 'ratio', 'least to most', `least to most of ${revision}`],
    rows: names.map((figure) => [
      ...[figure, of(present, figure), of(baseline, figure), of(present, figure) / of(baseline, figure)],
      ...[range(values(present, figure)), range(values(baseline, figure))],
    ]),
    figures,
    goals: goals.map(({ figure, what: goal, most }): Goal => {
      const [now, before] = [of(present, figure), of(baseline, figure)];
      const measured = `${now.toPrecision(3)} : ${before.toPrecision(3)} = ${(now / before).toPrecision(2)} ×`;
      return { goal: `${goal}, at most ${most} × ${revision}`, measured, met: now / before <= most };
    }),
    samples: { present, baseline },
  };
}

function range(values: readonly number[]): string {
  return `${Math.min(...values).toPrecision(4)} to ${Math.max(...values).toPrecision(4)}`;
}
