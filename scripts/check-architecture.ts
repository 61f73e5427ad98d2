/**
 * Holds the folders to their rules: who may import whom (docs/design/README.md), no import cycles, files that one
 * can read in one go, names in kebab-case. `node scripts/check-architecture.ts` prints what breaks them and exits 1.
 */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const ROOT = path.join(import.meta.dirname, '..');
/** Of a file of the product; a test may have some more. */
const MAX_LINES = 350;
const MAX_TEST_LINES = 400;
/** Files of the product in one folder, its subfolders not counted. */
const MAX_FILES = 20;

const GATEWAY = ['src/gateway/config.ts', 'src/gateway/lookup.ts', 'src/gateway/reference-grant.ts'];

/** What imports nothing itself, and may be imported by every folder. */
const EVERYWHERE: readonly string[] = ['src/event-loop/'];

/**
 * What each folder of `src` may import, besides itself, as prefixes of paths; the longest prefix of a file's path counts.
 * The data flows one way: watchers → gateway → snapshot → xds. Tests beside the code are exempt: they join parts.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'src/event-loop/': [],
  'src/proto/': [],
  'src/model/': [],
  'src/admission/': [],
  'src/kubernetes-api/': ['src/model/'],
  'src/watchers/': ['src/model/', 'src/kubernetes-api/'],
  'src/watchers/objects/': ['src/model/', 'src/admission/'],
  'src/watchers/directory/': ['src/model/', 'src/admission/', 'src/watchers/objects/'],

  // What was read, on the disk.
  'src/state/': ['src/model/', 'src/kubernetes-api/clock.ts'],

  // The semantics, from values to verdicts.
  'src/gateway/': ['src/model/'],
  'src/gateway/values/': ['src/model/', ...GATEWAY],
  'src/gateway/parents/': ['src/model/', 'src/gateway/values/', ...GATEWAY],
  'src/gateway/routes/': ['src/model/', 'src/gateway/values/', 'src/gateway/parents/', ...GATEWAY],
  'src/gateway/endpoints/': ['src/model/', 'src/gateway/values/', 'src/gateway/parents/', ...GATEWAY],
  'src/gateway/budgets/': ['src/model/', 'src/gateway/values/', ...GATEWAY],
  'src/gateway/status/': ['src/model/', 'src/gateway/'],
  'src/gateway/explain/': ['src/model/', 'src/gateway/'],

  // The engine, from what the sources said to what is encoded.
  'src/snapshot/': ['src/model/', 'src/gateway/'],
  'src/snapshot/collections/': [],
  'src/snapshot/world/': ['src/model/', 'src/snapshot/collections/'],
  'src/snapshot/hosts/': ['src/model/', 'src/gateway/', 'src/snapshot/collections/'],
  'src/snapshot/resources/': ['src/proto/'],
  'src/snapshot/translate/': [
    'src/model/',
    'src/proto/',
    'src/snapshot/config.ts',
    'src/snapshot/collections/',
    'src/snapshot/hosts/',
    'src/snapshot/resources/',
  ],
  'src/snapshot/engine/': ['src/model/', 'src/gateway/', 'src/snapshot/'],

  // What other controllers' objects become.
  'src/migrate/': ['src/model/', 'src/admission/', 'src/gateway/config.ts', 'src/gateway/values/'],

  // Bytes and names, nothing of Kubernetes: of the snapshot only what can be read from it.
  'src/xds/': ['src/proto/', 'src/snapshot/resources/resource.ts', 'src/snapshot/resources/slot-table.ts'],
  // What a gateway node keeps of the control plane, and serves again.
  'src/relay/': ['src/proto/', 'src/snapshot/resources/', 'src/xds/'],
  'src/status/': ['src/model/', 'src/kubernetes-api/'],
  // Wires tenants up by themselves: a controller of its own, which the rest knows nothing of.
  'src/tenants/': [
    'src/model/',
    'src/kubernetes-api/',
    'src/watchers/kubernetes/',
    'src/gateway/values/',
    'src/gateway/endpoints/',
    'src/status/',
  ],
  'src/tenants/mapping/': [],
  'src/tenants/intent/': [
    'src/model/',
    'src/gateway/values/',
    'src/tenants/mapping/',
    'src/tenants/names.ts',
    'src/tenants/problem.ts',
  ],
  'src/cli/': ['src/'],
  'src/main.ts': ['src/'],
};

export interface SourceFile {
  /** Relative to the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** Every rule that is broken, as one line each. */
export function violations(files: readonly SourceFile[]): string[] {
  const imports = new Map(files.map((file) => [file.path, importsOf(file)]));
  return [
    ...files.flatMap((file) => shapeViolations(file)),
    ...[...imports].flatMap(([file, targets]) => importViolations(file, targets)),
    ...folderViolations(files),
    ...cycles(imports),
  ];
}

function shapeViolations({ path: file, text }: SourceFile): string[] {
  const found: string[] = [];
  const lines = text.split('\n').length - 1;
  const most = isTest(file) ? MAX_TEST_LINES : MAX_LINES;
  if (lines > most) found.push(`${file}: ${lines} lines; split it, ${most} is the most`);
  if (!/^[a-z0-9]+([-.][a-z0-9]+)*$/.test(path.basename(file)))
    found.push(`${file}: the name is not kebab-case`);
  return found;
}

function folderViolations(files: readonly SourceFile[]): string[] {
  const counts = new Map<string, number>();
  for (const { path: file } of files) {
    if (isTest(file)) continue;
    const folder = path.posix.dirname(file);
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, count]) => count > MAX_FILES)
    .map(([folder, count]) => `${folder}/: ${count} files; make rooms in it, ${MAX_FILES} is the most`);
}

function importViolations(file: string, targets: readonly string[]): string[] {
  if (!file.startsWith('src/') || isTest(file)) return [];
  const folder = Object.keys(MAY_IMPORT)
    .filter((prefix) => file.startsWith(prefix))
    .reduce<string | undefined>((a, b) => (a !== undefined && a.length > b.length ? a : b), undefined);
  if (folder === undefined)
    return [`${file}: a folder without rules; add it to scripts/check-architecture.ts`];
  const allowed = [folder, ...EVERYWHERE, ...(MAY_IMPORT[folder] ?? [])];
  return targets
    .filter((target) => !allowed.some((prefix) => target.startsWith(prefix)))
    .map(
      (target) => `${file}: must not import ${target}; ${folder} may import ${allowed.slice(1).join(', ')}`,
    );
}

function isTest(file: string): boolean {
  const name = path.basename(file);
  return name.endsWith('.test.ts') || name.startsWith('test-');
}

/** Imports of files of the project, types included. */
function importsOf({ path: file, text }: SourceFile): string[] {
  const specifiers = [...text.matchAll(/(?:^|[\s;])(?:from|import)\s*\(?\s*'(\.[^']*)'/g)].map(
    ([, specifier = '']) => specifier,
  );
  return [...new Set(specifiers.map((specifier) => path.posix.join(path.posix.dirname(file), specifier)))];
}

function cycles(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (file: string, trail: readonly string[]): void => {
    const at = trail.indexOf(file);
    if (at >= 0) found.push(`import cycle: ${[...trail.slice(at), file].join(' → ')}`);
    if (at >= 0 || done.has(file)) return;
    for (const target of imports.get(file) ?? []) visit(target, [...trail, file]);
    done.add(file);
  };
  for (const file of imports.keys()) visit(file, []);
  return found;
}

/** The project's own code, generated code left out. */
export function sourceFiles(): SourceFile[] {
  return globSync('{src,test,bench,scripts,demo}/**/*.ts', { cwd: ROOT })
    .map((file) => file.split(path.sep).join('/'))
    .filter((file) => !/^src\/(proto|admission)\/gen\//.test(file))
    .sort()
    .map((file) => ({ path: file, text: readFileSync(path.join(ROOT, file), 'utf8') }));
}

if (import.meta.main) {
  const files = sourceFiles();
  const found = violations(files);
  for (const violation of found) process.stderr.write(`${violation}\n`);
  process.stdout.write(`architecture: ${files.length} files, ${found.length} rules broken\n`);
  process.exitCode = found.length === 0 ? 0 : 1;
}
