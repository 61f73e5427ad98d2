/** Images that the nodes run besides those of Sluice and Envoy. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { writeArchive } from '../../../scripts/image-archive.ts';
import { nodeProgram } from '../../../scripts/node-assets.ts';
import { PAUSE_IMAGE } from './node-config.ts';

export const COREDNS_IMAGE = 'sluice.test/coredns:1';

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** Archives of an image that holds one static program and nothing else. */
async function programImage(
  name: 'pause' | 'coredns',
  reference: string,
  directory: string,
): Promise<string> {
  const archive = await writeArchive(
    {
      reference,
      architecture: ARCHITECTURES[process.arch] ?? process.arch,
      config: { Entrypoint: [`/${name}`], Labels: {} },
      layers: [[{ path: name, source: await nodeProgram(name), mode: 0o755 }]],
    },
    path.join(directory, `${name}.tar`),
    await mkdtemp(path.join(tmpdir(), `${name}-`)),
  );
  return archive.path;
}

/** What the first process of every pod runs. */
export function pauseImage(directory: string): Promise<string> {
  return programImage('pause', PAUSE_IMAGE, directory);
}

export function corednsImage(directory: string): Promise<string> {
  return programImage('coredns', COREDNS_IMAGE, directory);
}
