/** Sluice as it is shipped: compiled, and started as the container image starts it. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const ROOT = path.join(import.meta.dirname, '..', '..');

export interface Shipped {
  /** Options of Node.js, as in the Dockerfile. */
  readonly nodeOptions: readonly string[];
  readonly main: string;
  /** The same as `stage-clock.ts`, for the compiled program. */
  readonly stageClock: string;
}

/** Compiled once in a run. */
let built: Promise<Shipped> | undefined;

export function shippedSluice(): Promise<Shipped> {
  built ??= build();
  return built;
}

async function build(): Promise<Shipped> {
  const tsc = path.join(ROOT, 'node_modules', '.bin', 'tsc');
  await promisify(execFile)(tsc, ['-p', path.join(ROOT, 'bench', 'tsconfig.shipped.json')]);
  const dist = path.join(ROOT, 'dist');
  return {
    nodeOptions: nodeOptionsOf(await readFile(path.join(ROOT, 'deploy', 'Dockerfile'), 'utf8')),
    main: path.join(dist, 'src', 'main.js'),
    stageClock: path.join(dist, 'bench', 'processes', 'stage-clock.js'),
  };
}

/** What stands between the program and the script in `ENTRYPOINT ["/nodejs/bin/node", "--option", "/app/…"]`. */
export function nodeOptionsOf(dockerfile: string): readonly string[] {
  const entryPoint = /^ENTRYPOINT (\[.*\])$/m.exec(dockerfile)?.[1];
  if (entryPoint === undefined) throw new Error('deploy/Dockerfile has no ENTRYPOINT in the exec form');
  return (JSON.parse(entryPoint) as string[]).slice(1, -1);
}
