/**
 * The Kubernetes source alone: N objects of a kind listed, all of them changed at once, and listed again after the
 * server has forgotten the past. The API server is played by a process of ours, so that it never is what is waited for;
 * a real one needs longer for its part, not Sluice for its own.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from '../processes/child.ts';
import type { Phase } from '../processes/reflector-process.ts';
import type { Report, ScenarioOptions } from '../scenario.ts';
import { median } from '../statistics.ts';

const PROCESSES = join(import.meta.dirname, '..', 'processes');
const ALL = ['tlsroutes', 'services', 'endpointslices'];
const GOAL_STALL_MS = 50;

interface Sample {
  readonly list: Phase;
  readonly change: Phase;
  readonly relist: Phase;
}

export async function reflector(options: ScenarioOptions): Promise<Report> {
  const count = options.routes ?? 20_000;
  const repeats = options.repeats ?? 3;
  const runs = new Map<string, Sample[]>();
  for (const plurals of [...ALL.map((plural) => [plural]), ALL]) {
    const name = plurals.length > 1 ? 'all three' : (plurals[0] ?? '');
    for (let repeat = 1; repeat <= repeats; repeat += 1) {
      options.progress(`${count} ${name}, ${repeat} of ${repeats}`);
      runs.set(name, [...(runs.get(name) ?? []), await measure(count, plurals)]);
    }
  }
  const phases = ['list', 'change', 'relist'] as const;
  const of = (samples: readonly Sample[], phase: (typeof phases)[number], figure: keyof Phase): number =>
    median(samples.map((sample) => sample[phase][figure]));
  const worst = Math.max(
    ...[...runs.values()].flat().flatMap((each) => phases.map((name) => each[name].stallCpuMs)),
  );
  const slices = runs.get('endpointslices') ?? [];
  return {
    title: `reflector: ${count} objects of a kind, from the API to memory`,
    columns: ['kind', 'phase', 'ms', 'CPU ms', 'longest stall ms', 'stall CPU ms', 'heap MB', 'RSS MB'],
    rows: [...runs].flatMap(([name, samples]) =>
      phases.map((phase) => [
        name,
        phase,
        ...(['ms', 'cpuMs', 'stallMs', 'stallCpuMs', 'heapMb', 'rssMb'] as const).map((figure) =>
          of(samples, phase, figure),
        ),
      ]),
    ),
    figures: {
      listMs: of(slices, 'list', 'ms'),
      listCpuMs: of(slices, 'list', 'cpuMs'),
      changeCpuMs: of(slices, 'change', 'cpuMs'),
      heapMb: of(slices, 'list', 'heapMb'),
      worstStallCpuMs: worst,
    },
    goals: [
      {
        goal: `nothing holds the event loop for ${GOAL_STALL_MS} ms`,
        measured: `${worst.toFixed(0)} ms of CPU at worst`,
        met: worst < GOAL_STALL_MS,
      },
    ],
    notes: [
      'The API server is a process of the benchmark that plays one, with objects as large as real ones.',
    ],
    samples: Object.fromEntries(runs),
  };
}

async function measure(count: number, plurals: readonly string[]): Promise<Sample> {
  await using api = new Child(join(PROCESSES, 'api-process.ts'), [String(count)]);
  const { url } = await api.receive<{ url: string }>();
  const kubeconfig = join(mkdtempSync(join(tmpdir(), 'sluice-reflector-')), 'kubeconfig');
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      clusters: [{ name: 'played', cluster: { server: url } }],
      users: [{ name: 'played', user: {} }],
      contexts: [{ name: 'played', context: { cluster: 'played', user: 'played' } }],
      'current-context': 'played',
    }),
  );
  await using source = new Child(join(PROCESSES, 'reflector-process.ts'), [kubeconfig, ...plurals]);
  await source.receive();
  const phase = async (begin: () => Promise<unknown>): Promise<Phase> => {
    await source.ask({ events: count * plurals.length });
    const phased = source.receive<Phase>();
    await begin();
    return await phased;
  };
  return {
    list: await phase(async () => {}),
    change: await phase(async () => {
      for (const plural of plurals) await api.ask({ do: 'change', plural });
    }),
    relist: await phase(() => api.ask({ do: 'forget' })),
  };
}
