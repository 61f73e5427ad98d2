import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { monotonicMs } from '../clock.ts';
import { gatewayClass, type Manifest, tenant } from './manifests.ts';
import type { World } from './world.ts';

/** Files of manifests must stay below 4 MiB. */
const TENANTS_PER_FILE = 1_000;

/** Tenants in files of a thousand, and one file for each object that is written later. */
export async function directoryWorld(routes: number): Promise<World> {
  const directory = await mkdtemp(path.join(tmpdir(), 'manifests-'));
  await mkdir(path.join(directory, 'single'));
  const list = (items: readonly Manifest[]) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  await writeFile(path.join(directory, 'class.json'), list([gatewayClass()]));
  for (let from = 0; from < routes; from += TENANTS_PER_FILE) {
    const count = Math.min(TENANTS_PER_FILE, routes - from);
    const items = Array.from({ length: count }, (_, index) => tenant(from + index)).flat();
    await writeFile(path.join(directory, `tenants-${from}.json`), list(items));
  }
  const fileOf = ({ kind, metadata }: Manifest) =>
    path.join(directory, 'single', `${kind}.${metadata.namespace ?? ''}.${metadata.name}.json`);
  const write = async (object: Manifest) => {
    const file = fileOf(object);
    await writeFile(`${file}.new`, JSON.stringify(object));
    await rename(`${file}.new`, file);
    return monotonicMs();
  };
  return {
    type: 'directory',
    routes,
    sluice: { arguments: ['--source', `directory:${directory}`], environment: {} },
    versions: {},
    serverCpuMs: () => 0,
    create: write,
    replace: write,
    remove: async (object) => {
      await rm(fileOf(object));
      return monotonicMs();
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}
