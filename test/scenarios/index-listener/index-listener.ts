import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toYaml } from '../../../src/cli/translate/resources.ts';
import { Resource, toJson } from '../../../src/proto/index.ts';
import { DEFAULT_ENGINE_CONFIG } from '../../../src/snapshot/config.ts';
import { Engine } from '../../../src/snapshot/engine/engine.ts';
import { LISTENER_TYPE } from '../../../src/snapshot/resources/resource.ts';
import { gatewayObjects, upserts } from '../../harness/tenants.ts';

/** The listener as every Envoy has it, and as one keeps it that had a demand window. */
export const GOLDENS = ['index-listener', 'index-listener-after-window'] as const;

export interface IndexListener {
  /** The encoded message, 32 bytes a line. */
  readonly hex: string;
  /** The same for people. */
  readonly yaml: string;
}

/** The listener that Sluice makes of one Gateway with the default flags. */
export function presentIndexListener(golden: (typeof GOLDENS)[number]): IndexListener {
  const engine = new Engine(DEFAULT_ENGINE_CONFIG);
  engine.apply(upserts(gatewayObjects()));
  const [listener] = engine.resources.all(LISTENER_TYPE);
  const sent = golden === 'index-listener' ? listener : listener?.demand?.closed;
  const bytes = sent && Resource.decode(sent.bytes).resource?.value;
  if (bytes === undefined) throw new Error('the Gateway gives no listener');
  const hex = Buffer.from(bytes).toString('hex');
  return { hex: hex.replace(/.{1,64}/g, '$&\n'), yaml: toYaml(toJson(LISTENER_TYPE, bytes)) };
}

export async function goldenIndexListener(golden: (typeof GOLDENS)[number]): Promise<IndexListener> {
  const { hex, yaml } = paths(golden);
  return { hex: await readFile(hex, 'utf8'), yaml: await readFile(yaml, 'utf8') };
}

export async function isIndexListenerGolden(): Promise<boolean> {
  return (await different()).length === 0;
}

/** Returns the files that are others now. */
export async function rewriteIndexListener(): Promise<readonly string[]> {
  const files: string[] = [];
  for (const golden of await different()) {
    const { hex, yaml } = paths(golden);
    const present = presentIndexListener(golden);
    await writeFile(hex, present.hex);
    await writeFile(yaml, present.yaml);
    files.push(hex, yaml);
  }
  return files;
}

async function different(): Promise<(typeof GOLDENS)[number][]> {
  const found: (typeof GOLDENS)[number][] = [];
  for (const name of GOLDENS) {
    const present = presentIndexListener(name);
    const golden = await goldenIndexListener(name).catch(() => undefined);
    if (golden?.hex !== present.hex || golden.yaml !== present.yaml) found.push(name);
  }
  return found;
}

function paths(golden: (typeof GOLDENS)[number]): { readonly hex: string; readonly yaml: string } {
  const path = join(import.meta.dirname, golden);
  return { hex: `${path}.hex`, yaml: `${path}.yaml` };
}
