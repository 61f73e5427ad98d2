/**
 * What `/app` of the image holds: the files of the npm package and the dependencies of the lock file, without what
 * Node.js never reads. `node scripts/image-application.ts DIR` writes it there, for deploy/Dockerfile.
 */
import { cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';
import { AssetError, exists } from './kubernetes-assets.cache.ts';
import { failureOf, run } from './kubernetes-assets.run.ts';

export const ROOT = join(import.meta.dirname, '..');

/** One package of package-lock.json, as far as it matters here. */
export interface LockedPackage {
  /** Where npm installs it: `node_modules/a/node_modules/b`. */
  readonly path: string;
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly dependencies: readonly string[];
  /** npm leaves it out where it is for another platform. */
  readonly optional: boolean;
}

interface LockEntry {
  readonly version: string;
  readonly name?: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** What `npm ci --omit=dev` installs, by path. */
export async function lockedPackages(root = ROOT): Promise<readonly LockedPackage[]> {
  const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, LockEntry>>;
  };
  return Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path, { version, name, license, integrity, optional = false, dependencies = {} }]) => ({
      path,
      name: name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version,
      optional,
      dependencies: Object.keys(dependencies),
      ...(license !== undefined && { license }),
      ...(integrity !== undefined && { integrity }),
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** What Node.js or a loader of .proto files may read, and what a licence asks to be kept. */
const READ = /\.(?:js|cjs|mjs|json|proto|node|wasm)$/;
const LICENCE = /(?:^|\/)(?:licen[cs]e|copying|notice)[^/]*$/i;
/** Folders at the top of a package. Further down such a name may be one of the program's own parts. */
const ASIDE = /^(?:\.github|__tests__|tests?|benchmarks?|examples?|docs?|man|node_modules)\//;

function isNeeded(file: string): boolean {
  return (READ.test(file) || LICENCE.test(file)) && !ASIDE.test(file);
}

export interface ApplicationFile {
  /** Relative to `/app`, with forward slashes. */
  readonly path: string;
  /** Where its content is. */
  readonly source: string;
}

/**
 * Every file of `/app`, sorted by path. Compiles into `scratch`, an empty folder. Rejects with an `AssetError` where
 * `npm ci` has not been run for this lock file, or the compiler fails.
 */
export async function applicationFiles(scratch: string, root = ROOT): Promise<readonly ApplicationFile[]> {
  const files: ApplicationFile[] = [];
  for (const { path, name, version, optional } of await lockedPackages(root)) {
    const directory = join(root, path);
    const installed = await readFile(join(directory, 'package.json'), 'utf8').then(
      (text) => (JSON.parse(text) as { version: string }).version,
      () => undefined,
    );
    if (installed === undefined && optional) continue;
    if (installed !== version)
      throw new AssetError(
        'SLUICE_IMAGE_MODULES',
        `${path} holds ${installed === undefined ? 'nothing' : `${name} ${installed}`}, and package-lock.json asks for ${version}; run npm ci.`,
      );
    for (const file of await filesBelow(directory))
      if (isNeeded(file)) files.push({ path: `${path}/${file}`, source: join(directory, file) });
  }
  const { files: published } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    files: readonly string[];
  };
  await compile(join(scratch, 'dist'), root);
  for (const name of ['package.json', ...published]) {
    const source = name === 'dist' ? join(scratch, 'dist') : join(root, name);
    const below = await filesBelow(source).catch(() => undefined);
    if (below === undefined) files.push({ path: name, source });
    else files.push(...below.map((file) => ({ path: `${name}/${file}`, source: join(source, file) })));
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** As `npm run build`, but never in the tree: other processes may be at that. */
async function compile(out: string, root: string): Promise<void> {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  if (!(await exists(compiler)))
    throw new AssetError('SLUICE_IMAGE_MODULES', 'there is no TypeScript compiler; run npm ci.');
  const args = [compiler, '-p', join(root, 'tsconfig.build.json'), '--outDir', out];
  const result = await run(process.execPath, args, { cwd: root });
  if (result.status !== 0) throw failureOf('compiling Sluice', result);
}

/** Regular files, relative to the folder. */
async function filesBelow(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
}

async function main([out]: readonly string[]): Promise<void> {
  if (out === undefined) throw new Error('usage: node scripts/image-application.ts DIR');
  const scratch = await mkdtemp(join(tmpdir(), 'sluice-application-'));
  try {
    for (const { path, source } of await applicationFiles(scratch)) {
      await mkdir(dirname(join(out, path)), { recursive: true });
      await cp(source, join(out, path));
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
