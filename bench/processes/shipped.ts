/** Sluice as it is shipped: a source tree compiled, and started as its container image starts it. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

/** The source tree that this file is part of. */
export const PRESENT_TREE = path.join(import.meta.dirname, '..', '..');

export interface Shipped {
  /** Options of Node.js, as in the Dockerfile. */
  readonly nodeOptions: readonly string[];
  readonly main: string;
  /** The same as `stage-clock.ts`, for the compiled program. */
  readonly stageClock: string;
}

/** Source tree → Sluice of it. Compiled once in a run. */
const built = new Map<string, Promise<Shipped>>();

export function shippedSluice(tree: string): Promise<Shipped> {
  const shipped = built.get(tree) ?? build(tree);
  built.set(tree, shipped);
  return shipped;
}

async function build(tree: string): Promise<Shipped> {
  const tsc = path.join(tree, 'node_modules', '.bin', 'tsc');
  await promisify(execFile)(tsc, ['-p', path.join(tree, 'bench', 'tsconfig.shipped.json')]);
  const dist = path.join(tree, 'dist');
  return {
    nodeOptions: nodeOptionsOf(await readFile(path.join(tree, 'deploy', 'Dockerfile'), 'utf8')),
    main: path.join(dist, 'src', 'main.js'),
    stageClock: path.join(dist, 'bench', 'processes', 'stage-clock.js'),
  };
}

/** What deploy/ lets the container use, in MiB: here nothing else does, and V8 collects garbage by its limit. */
const CONTAINER_MIB = 2_048;

/**
 * What stands between the program and the script in `ENTRYPOINT ["/nodejs/bin/node", "--option", "/app/…"]`, for a machine that
 * has as much memory as the container may use.
 */
export function nodeOptionsOf(dockerfile: string): readonly string[] {
  const entryPoint = /^ENTRYPOINT (\[.*\])$/m.exec(dockerfile)?.[1];
  if (entryPoint === undefined) throw new Error('deploy/Dockerfile has no ENTRYPOINT in the exec form');
  return (JSON.parse(entryPoint) as string[])
    .slice(1, -1)
    .map((option) =>
      option.replace(
        /^--max-old-space-size-percentage=(\d+)$/,
        (_, percent) => `--max-old-space-size=${Math.floor((CONTAINER_MIB * Number(percent)) / 100)}`,
      ),
    );
}
