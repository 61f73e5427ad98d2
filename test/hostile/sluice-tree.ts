/** What is attacked of a source tree: the present one, or that of an older revision whose names may be older too. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { ObjectEvent } from '../../src/model/events.ts';
import type { DEFAULT_ENGINE_CONFIG } from '../../src/snapshot/config.ts';
import type { Engine } from '../../src/snapshot/engine/engine.ts';
import type { FlushLoop } from '../../src/snapshot/engine/flush-loop.ts';
import type { AdsServer } from '../../src/xds/server.ts';

export interface SluiceTree {
  readonly Engine: typeof Engine;
  readonly FlushLoop: typeof FlushLoop;
  readonly AdsServer: typeof AdsServer;
  readonly config: typeof DEFAULT_ENGINE_CONFIG;
}

export const PRESENT_SLUICE = path.join(import.meta.dirname, '..', '..');

/** Rejects where the tree has none of the modules. */
export async function sluiceOf(tree: string): Promise<SluiceTree> {
  const load = async (...places: readonly string[]) => {
    const files = places.map((place) => path.join(tree, 'src', place));
    return (await import(files.find((file) => existsSync(file)) ?? String(files[0]))) as Record<
      string,
      unknown
    >;
  };
  return {
    ...(await load('snapshot/engine/engine.ts', 'snapshot/engine.ts')),
    ...(await load('snapshot/engine/flush-loop.ts', 'snapshot/flush-loop.ts')),
    ...(await load('xds/server.ts')),
    config: (await load('snapshot/config.ts'))['DEFAULT_ENGINE_CONFIG'],
  } as unknown as SluiceTree;
}

/** `FlushLoop.takeEvents`, by the name that the tree has for it. */
export function takeEvents(loop: FlushLoop, events: readonly ObjectEvent[]): void {
  const { take } = loop as unknown as { take?: (events: readonly ObjectEvent[]) => void };
  if (take === undefined) loop.takeEvents(events);
  else take.call(loop, events);
}
