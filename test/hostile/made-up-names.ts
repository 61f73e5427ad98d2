/** First connections through an Envoy that has just started, beside clients that ask for hosts that do not exist. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { endWithParent } from '../harness/end-with-parent.ts';
import { hostOf } from '../harness/tenants.ts';
import type { Gateway } from './gateway.ts';

export interface FirstConnections {
  /** Of hosts chosen at random, one after the other for as long as Envoy is being told of hosts. */
  readonly tookMs: readonly number[];
  /** Names a second that were asked for. */
  readonly floodPerSecond: number;
}

/** Each time with another Envoy. */
export async function firstConnections(
  gateway: Gateway,
  { hosts, starts, floodPerSecond }: { hosts: number; starts: number; floodPerSecond: number },
): Promise<FirstConnections> {
  const tookMs: number[] = [];
  const rates: number[] = [];
  for (let start = 0; start < starts; start += 1) {
    await gateway.restartEnvoy();
    await using flood = floodPerSecond > 0 ? startFlood(gateway.port, floodPerSecond) : undefined;
    const asked = new Set<number>();
    while ((await gateway.ask({ type: 'windows' })) > 0) {
      const index = Math.floor(Math.random() * hosts);
      if (asked.has(index)) continue;
      asked.add(index);
      tookMs.push(await gateway.untilServed(hostOf(index)));
    }
    if (flood !== undefined) rates.push(await flood.perSecond());
  }
  const floods = rates.reduce((sum, rate) => sum + rate, 0);
  return { tookMs, floodPerSecond: rates.length === 0 ? 0 : floods / rates.length };
}

function startFlood(port: number, perSecond: number) {
  const began = performance.now();
  const child = fork(path.join(import.meta.dirname, 'flood-process.ts'), [String(port), String(perSecond)]);
  child.once('exit', endWithParent(child));
  return {
    perSecond: async (): Promise<number> => {
      child.send('sent');
      const [sent] = (await once(child, 'message')) as [number];
      return (sent * 1_000) / (performance.now() - began);
    },
    [Symbol.asyncDispose]: async (): Promise<void> => {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}
