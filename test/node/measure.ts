/** Faults under load, as rows of a table. */
import { once } from 'node:events';
import type { NodeCluster } from '../harness/node/node-cluster.ts';
import { FAULTS, type Fault, type FaultContext } from './faults.ts';
import { daemonSetsOf, HOST, type Setup } from './installation.ts';
import { Load } from './load.ts';
import type { LoadResult } from './load-clients.ts';

export const HELD = 200;
const RATE = 50;
/** The load goes on for so long after everything is as before: what comes late is seen too. */
const AFTER_MS = 2_000;

export interface Measured {
  readonly fault: Fault;
  readonly setup: Setup;
  /** Clients of one gateway node's address only, and clients of both. */
  readonly one: LoadResult;
  readonly both: LoadResult;
  readonly note: string | undefined;
  readonly seconds: number;
}

/** Runs one fault between two loads: one knows the address of `g1` only, the other those of both gateways. */
export async function measure(cluster: NodeCluster, setup: Setup, fault: Fault): Promise<Measured> {
  const addresses = ['g1', 'g2'].map((name) => cluster.node(name).address);
  const options = { host: HOST, held: HELD, rate: RATE, watchMs: watchMs(setup) };
  const loads = [
    await Load.start({ ...options, addresses: addresses.slice(0, 1) }),
    await Load.start({ ...options, addresses }),
  ];
  const context: FaultContext = { cluster, setup, daemonSets: daemonSetsOf(setup) };
  const started = performance.now();
  const note = await fault.run(context);
  const seconds = (performance.now() - started) / 1_000;
  await once(AbortSignal.timeout(AFTER_MS), 'abort');
  const [one, both] = await Promise.all(loads.map((load) => load.stop()));
  if (one === undefined || both === undefined) throw new Error('a load ended');
  return { fault, setup, one, both, note, seconds };
}

/**
 * Watches end by themselves before the drain time does, as those of the Kubernetes API do (5 to 10 minutes, shipped drain
 * time 10): a third of it to two thirds.
 */
function watchMs({ drainSeconds }: Setup): readonly [number, number] {
  return [(drainSeconds * 1_000) / 3, (drainSeconds * 2_000) / 3];
}

/** Faults by their ids, in the table's order; all where none is named. */
export function chosenFaults(ids: readonly string[]): readonly Fault[] {
  const unknown = ids.filter((id) => !FAULTS.some((fault) => fault.id === id));
  if (unknown.length > 0)
    throw new Error(`no fault ${unknown.join(', ')}; there are ${FAULTS.map(({ id }) => id).join(', ')}`);
  return ids.length === 0 ? FAULTS : FAULTS.filter(({ id }) => ids.includes(id));
}

export const TABLE_HEAD = [
  '| what happens | Envoys of a node | clients know | dropped of 200 | new connections: tried | refused | answered elsewhere | longest without service | longest silence | |',
  '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
].join('\n');

export function tableRows({ fault, setup, one, both, note, seconds }: Measured): string[] {
  return [['one node', one] as const, ['both nodes', both] as const].map(([clients, result]) => {
    const reasons = Object.entries(result.reasons).map(([reason, count]) => `${count} ${reason}`);
    const cells = [
      fault.name,
      setup.envoys,
      clients,
      result.dropped,
      result.tried,
      result.refused,
      result.elsewhere,
      duration(result.withoutService),
      duration(result.silence),
      [`${seconds.toFixed(0)} s`, note, ...reasons].filter(Boolean).join('; '),
    ];
    return `| ${cells.join(' | ')} |`;
  });
}

function duration(milliseconds: number): string {
  return milliseconds < 10_000 ? `${milliseconds} ms` : `${(milliseconds / 1_000).toFixed(1)} s`;
}
