/** Whether what comes and goes leaves something behind: Sluice's memory over hundreds of thousands of tenants, a thousand at a time. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Gateway } from './gateway.ts';

export interface Soak {
  /** Tenants that came; all but a thousand of them went. */
  readonly tenants: number;
  readonly perSecond: number;
}

/** Megabytes at some moment of it. */
export interface SoakSample {
  readonly tenants: number;
  readonly rss: number;
  readonly heap: number;
  /** Buffers outside of the heap. */
  readonly external: number;
  /** Of Envoy. */
  readonly envoyRss: number;
}

const SAMPLES = 20;
const POLL_MS = 100;

/** Samples in equal steps, the first of them after one step. */
export async function soak(
  gateway: Gateway,
  { tenants, perSecond }: Soak,
  told: (sample: SoakSample) => void,
): Promise<SoakSample[]> {
  const samples: SoakSample[] = [];
  await gateway.beginNoise({ kind: 'churn', perSecond });
  for (let step = 1; step <= SAMPLES; step += 1) {
    const due = (tenants * step) / SAMPLES;
    let { changes, usage } = await gateway.memory();
    while (changes < due) {
      await delay(Math.max(POLL_MS, ((due - changes) * 1_000) / perSecond));
      ({ changes, usage } = await gateway.memory());
    }
    const megabytes = (bytes: number): number => Math.round(bytes / 2 ** 20);
    const sample = {
      tenants: changes,
      rss: megabytes(usage.rss),
      heap: megabytes(usage.heapUsed),
      external: megabytes(usage.external),
      envoyRss: megabytes(await gateway.envoyMemory()),
    };
    samples.push(sample);
    told(sample);
  }
  await gateway.endNoise();
  return samples;
}
