import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { kubernetesAsset } from '../../../scripts/kubernetes-assets.ts';

const run = promisify(execFile);

let found: Promise<string> | undefined;

/** Path of kubectl: `$KUBECTL_BIN`, else the one on the PATH, else one that is built once into the cache. */
export function findKubectl(): Promise<string> {
  found ??= locate();
  return found;
}

async function locate(): Promise<string> {
  const given = process.env['KUBECTL_BIN'];
  if (given !== undefined && given !== '') return given;
  for (const directory of (process.env['PATH'] ?? '').split(delimiter).filter(Boolean)) {
    const candidate = join(directory, 'kubectl');
    if (
      await access(candidate, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return candidate;
  }
  return await kubernetesAsset('kubectl');
}

/** What `kubectl kustomize` makes of a folder, as YAML. Rejects with kubectl's own words. */
export async function kustomize(directory: string): Promise<string> {
  const { stdout } = await run(await findKubectl(), ['kustomize', directory], {
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout;
}
