/**
 * The Kubernetes source alone, with a sink that keeps the objects as the engine does. Each message asks for the time
 * until so many events more have come, and what that cost.
 */
import process from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { WATCHED_KINDS } from '../../src/kubernetes-api/watched-kind.ts';
import { refOf } from '../../src/model/events.ts';
import { objectKey } from '../../src/model/key.ts';
import type { KubernetesObject } from '../../src/model/objects.ts';
import { createKubernetesSource } from '../../src/watchers/kubernetes/kubernetes-source.ts';
import { cpuMs } from '../statistics.ts';
import { StallMeter } from './stall-meter.ts';

export interface Phase {
  readonly ms: number;
  readonly cpuMs: number;
  readonly stallMs: number;
  readonly stallCpuMs: number;
  readonly heapMb: number;
  readonly rssMb: number;
}

const [kubeconfig = '', ...plurals] = process.argv.slice(2);

const objects = new Map<string, KubernetesObject>();
let left = 0;
let done = (): void => {};

const kinds = WATCHED_KINDS.filter(({ plural }) => plurals.includes(plural));
const logger = { debug: () => {}, info: () => {}, warn: (_: object, text: string) => console.error(text) };
const source = createKubernetesSource({ kubeconfig, kinds, logger });

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** Runs until so many events have come after `begin`. */
async function measure(events: number, begin: () => Promise<void>): Promise<Phase> {
  collectGarbage();
  const start = performance.now();
  const cpu = cpuMs();
  left = events;
  const finished = new Promise<void>((resolve) => {
    done = resolve;
  });
  const meter = new StallMeter();
  await begin();
  await finished;
  const spent = { ms: performance.now() - start, cpuMs: cpuMs() - cpu };
  const stall = meter.stop();
  const { rss } = process.memoryUsage();
  collectGarbage();
  const heapMb = process.memoryUsage().heapUsed / 1e6;
  return { ...spent, stallMs: stall.ms, stallCpuMs: stall.cpuMs, heapMb, rssMb: rss / 1e6 };
}

let started = false;
process.on('message', async ({ events }: { readonly events: number }) => {
  const phase = await measure(events, async () => {
    process.send?.({ ready: true });
    if (started) return;
    started = true;
    await source.start({
      apply(batch) {
        for (const event of batch) {
          if (event.type === 'upsert') objects.set(objectKey(refOf(event.object)), event.object);
          else objects.delete(objectKey(event.ref));
        }
        left -= batch.length;
        if (left <= 0) done();
      },
      synced: () => {},
      problems: (problems) => {
        if (problems.length > 0) console.error(problems[0]);
      },
    });
  });
  process.send?.(phase);
});
process.send?.({});
