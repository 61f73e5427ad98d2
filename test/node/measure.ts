/** Faults under load, as rows of a table. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { NodeCluster } from '../harness/node/node-cluster.ts';
import { FAULTS, type Fault, type FaultContext } from './faults.ts';
import { daemonSetsOf, HOST, type Setup } from './installation.ts';
import { Load } from './load.ts';
import type { LoadResult } from './load-clients.ts';

/** Of each load: together 200 connections, and 50 new ones a second. */
export const HELD = 100;
const RATE = 25;
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

/** Those of a run of the tests, which nobody may notice who has another Envoy on the same node. */
export const SHORT_FAULTS: readonly Fault[] = FAULTS.filter(({ id }) =>
  ['envoy-killed-once', 'envoy-upgraded'].includes(id),
);

/** Machines that test are busy: what takes less than this is not the fault's. */
const NOISE_MS = 10_000;

/**
 * Rejects what clients of a node with two Envoys would have noticed: a refusal, or an end of a connection other than those
 * of the Envoy that was killed.
 */
export function unnoticed({ fault, one, both }: Measured): void {
  for (const { refused, dropped, withoutService } of [one, both]) {
    assert.ok(withoutService < NOISE_MS, `${withoutService} ms without service`);
    if (fault.id === 'envoy-killed-once')
      assert.ok(dropped < HELD, 'the other Envoy has connections of its own');
    else assert.deepEqual([refused, dropped], [0, 0]);
  }
}
