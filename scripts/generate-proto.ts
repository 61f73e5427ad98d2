/**
 * Generates the TypeScript types of proto/ into src/proto/gen, and beside them what proto/ says in the form that is loaded fastest. `--check` generates elsewhere and fails if the
 * result differs from what is committed.
 */
import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import protobuf from 'protobufjs';

const root = join(import.meta.dirname, '..');
const committed = join(root, 'src/proto/gen');

function generate(outDir: string): void {
  rmSync(outDir, { recursive: true, force: true });
  const options = ['--keepCase', '--longs=String', '--enums=String', '--oneofs', '--grpcLib=@grpc/grpc-js'];
  const files = globSync('**/*.proto', { cwd: join(root, 'proto') }).sort();
  execFileSync(
    process.execPath,
    [
      join(root, 'node_modules/@grpc/proto-loader/build/bin/proto-loader-gen-types.js'),
      ...options,
      `--outDir=${outDir}`,
      `--includeDirs=${join(root, 'proto')}`,
      '--targetFileExtension=.ts',
      '--importFileExtension=.ts',
      ...files,
    ],
    { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  for (const file of globSync('**/*.ts', { cwd: outDir })) {
    const path = join(outDir, file);
    // One file a .proto describes its services to grpc-js, under a name that others share; nothing needs it.
    if (!file.includes('/')) rmSync(path);
    // The generator writes the absolute path of its input.
    else
      writeFileSync(
        path,
        readFileSync(path, 'utf8').replace(/^\/\/ Original file: (null|.*\/proto\/)/gm, source),
      );
  }
  writeDescriptor(outDir, files);
}

/** The files parsed: reading them anew is most of what loading the codec would take. */
function writeDescriptor(outDir: string, files: readonly string[]): void {
  const directory = join(root, 'proto');
  const parsed = new protobuf.Root();
  parsed.resolvePath = (_origin, target) => (target.startsWith('/') ? target : join(directory, target));
  parsed.loadSync([...files], { keepCase: true });
  const lines = JSON.stringify(parsed.toJSON(), undefined, 1);
  writeFileSync(
    join(outDir, 'descriptor.ts'),
    `// From proto/\n\nexport const DESCRIPTOR: object = ${lines};\n`,
  );
}

function source(_match: string, path: string): string {
  return path === 'null' ? '// From protobufjs' : '// From proto/';
}

function contents(dir: string): Map<string, string> {
  const files = globSync('**/*.ts', { cwd: dir }).sort();
  return new Map(files.map((file) => [file, readFileSync(join(dir, file), 'utf8')]));
}

if (process.argv.includes('--check')) {
  const fresh = mkdtempSync(join(tmpdir(), 'sluice-proto-'));
  try {
    generate(fresh);
    const [expected, actual] = [contents(fresh), contents(committed)];
    const names = new Set([...expected.keys(), ...actual.keys()]);
    const stale = [...names].filter((name) => expected.get(name) !== actual.get(name));
    if (stale.length > 0) {
      process.stderr.write(`src/proto/gen is out of date (${stale.join(', ')}): run "npm run generate"\n`);
      process.exitCode = 1;
    }
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
} else {
  generate(committed);
  process.stdout.write(`wrote ${relative(process.cwd(), committed)}\n`);
}
