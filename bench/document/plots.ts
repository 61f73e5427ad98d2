/** The charts of docs/benchmarks.md, each from the kept report of one scenario. */
import type { KeptReport } from '../report.ts';
import { barChart, lineChart } from './chart.ts';

export interface Plot {
  /** Without its directory. */
  readonly file: string;
  /** What a reader who does not see it is told. */
  readonly alternative: string;
  readonly svg: string;
}

type Plotter = (report: KeptReport) => readonly Plot[];

const PLOTTERS: Readonly<Record<string, Plotter>> = { growth, change, versus, cold };

export function plotsOf(report: KeptReport): readonly Plot[] {
  return PLOTTERS[report.scenario]?.(report) ?? [];
}

/** A column of the table by name, as numbers, beside the column of routes. */
function column(report: KeptReport, x: string, y: string): [number, number][] {
  const [at, of] = [report.columns.indexOf(x), report.columns.indexOf(y)];
  return report.rows.flatMap((row): [number, number][] => [[Number(row[at]), Number(row[of])]]);
}

function growth(report: KeptReport): Plot[] {
  const of = (name: string, title: string) => ({ name: title, points: column(report, 'routes', name) });
  const fromApi = { ...report, rows: report.rows.filter((row) => row.includes('kubernetes')) };
  return [
    {
      file: 'growth-burst.svg',
      alternative: 'Time until all routes are served, and the floor, by the number of routes',
      svg: lineChart({
        title: 'All routes at once: until the last host is served',
        x: 'routes',
        y: 'ms',
        series: [of('burst: ms', 'Sluice'), of('floor ms', 'floor')],
        limits: [{ name: '3 s', y: 3_000 }],
      }),
    },
    {
      file: 'growth-change.svg',
      alternative: 'Time until one change shows, by the number of routes',
      svg: lineChart({
        title: 'One change: until the first connection shows it (API server)',
        x: 'routes',
        y: 'ms',
        logX: true,
        series: ['one change, p50: ms', 'p99'].map((name) => ({
          name: name === 'p99' ? 'p99' : 'p50',
          points: column(fromApi, 'routes', name),
        })),
        limits: [
          { name: 'goal for p50', y: 10 },
          { name: 'goal for p99', y: 30 },
        ],
      }),
    },
    {
      file: 'growth-memory.svg',
      alternative: 'Memory of Sluice and Envoy by the number of routes',
      svg: lineChart({
        title: 'Memory',
        x: 'routes',
        y: 'MB',
        series: [of('Sluice peak MB', 'Sluice, peak'), of('Sluice MB', 'Sluice'), of('Envoy MB', 'Envoy')],
      }),
    },
  ];
}

function change(report: KeptReport): Plot[] {
  const { samples } = report.samples as { samples: { change: string; servedMs: number }[] };
  const kinds = [...new Set(samples.map((sample) => sample.change))];
  return [
    {
      file: 'change.svg',
      alternative: 'Share of changes that show within a time, by kind of change',
      svg: lineChart({
        title: `One of ${Number(report['routes']).toLocaleString('en')} routes: share of changes that show within …`,
        x: 'ms from the acknowledged write to the first connection',
        y: '%',
        series: kinds.map((kind) => {
          const times = samples.flatMap((sample) => (sample.change === kind ? [sample.servedMs] : []));
          const sorted = times.sort((a, b) => a - b);
          return {
            name: kind,
            points: sorted.map((ms, index) => [ms, ((index + 1) * 100) / sorted.length] as const),
          };
        }),
      }),
    },
  ];
}

function versus(report: KeptReport): Plot[] {
  const pick = (name: string) => {
    const at = report.columns.indexOf(name);
    return report.rows.map((row) => ({
      name: `${row[0]}, ${Number(row[1]).toLocaleString('en')}`,
      group: String(row[0]),
      value: Number(row[at]),
    }));
  };
  const byContender = (name: string) =>
    pick(name).sort((a, b) => (a.group === b.group ? 0 : a.group < b.group ? 1 : -1));
  return [
    {
      file: 'versus-added.svg',
      alternative: 'Time until an added route is served, by proxy and number of routes',
      svg: barChart({
        title: 'One route added: until it is served',
        unit: 'ms',
        bars: byContender('route added'),
      }),
    },
    {
      file: 'versus-cpu.svg',
      alternative: 'CPU time of the proxy for one added route, by proxy and number of routes',
      svg: barChart({
        title: 'One route added: CPU time of the proxy',
        unit: 'ms',
        bars: byContender('proxy CPU ms'),
      }),
    },
  ];
}

const COLD_STAGES = ['listening', 'first object', 'synced', 'ready', 'last sent', 'served'];

function cold(report: KeptReport): Plot[] {
  const middle = report.rows[Math.floor(report.rows.length / 2)] ?? [];
  return [
    {
      file: 'cold.svg',
      alternative: 'When a cold start reached which stage',
      svg: lineChart({
        title: 'Cold start: ms since the process was started',
        x: COLD_STAGES.map((stage, index) => `${index + 1} ${stage}`).join('   '),
        y: 'ms',
        series: [
          {
            name: 'Sluice',
            points: COLD_STAGES.map((stage, index) => [
              index + 1,
              Number(middle[report.columns.indexOf(stage)]),
            ]),
          },
        ],
        limits: [{ name: '2 × floor', y: 2 * Number(report['floorMs']) }],
      }),
    },
  ];
}
