import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toYaml } from '../../../src/cli/translate/resources.ts';
import { Resource, toJson } from '../../../src/proto/index.ts';
import { DEFAULT_ENGINE_CONFIG } from '../../../src/snapshot/config.ts';
import { Engine } from '../../../src/snapshot/engine/engine.ts';
import { LISTENER_TYPE } from '../../../src/snapshot/resources/resource.ts';
import { gatewayObjects, upserts } from '../../harness/tenants.ts';

const HEX = join(import.meta.dirname, 'index-listener.hex');
const YAML = join(import.meta.dirname, 'index-listener.yaml');

export interface IndexListener {
  /** The encoded message, 32 bytes a line. */
  readonly hex: string;
  /** The same for people. */
  readonly yaml: string;
}

/** The listener that Sluice makes of one Gateway with the default flags. */
export function presentIndexListener(): IndexListener {
  const engine = new Engine(DEFAULT_ENGINE_CONFIG);
  engine.apply(upserts(gatewayObjects()));
  const [listener] = engine.resources.all(LISTENER_TYPE);
  const bytes = listener && Resource.decode(listener.bytes).resource?.value;
  if (bytes === undefined) throw new Error('the Gateway gives no listener');
  const hex = Buffer.from(bytes).toString('hex');
  return { hex: hex.replace(/.{1,64}/g, '$&\n'), yaml: toYaml(toJson(LISTENER_TYPE, bytes)) };
}

export async function goldenIndexListener(): Promise<IndexListener> {
  return { hex: await readFile(HEX, 'utf8'), yaml: await readFile(YAML, 'utf8') };
}

export async function isIndexListenerGolden(): Promise<boolean> {
  const present = presentIndexListener();
  const golden = await goldenIndexListener().catch(() => undefined);
  return golden?.hex === present.hex && golden.yaml === present.yaml;
}

/** Returns the files that are others now. */
export async function rewriteIndexListener(): Promise<readonly string[]> {
  if (await isIndexListenerGolden()) return [];
  const { hex, yaml } = presentIndexListener();
  await writeFile(HEX, hex);
  await writeFile(YAML, yaml);
  return [HEX, YAML];
}
