/** The nginx of the tests that need a real one: the machine's own, or Debian's packages unpacked into the cache, without root. */
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { AssetError, cacheDirectory, cached, exists, type Progress } from '../kubernetes-assets.cache.ts';
import { failureOf, run } from '../kubernetes-assets.run.ts';

/** The program, and its module for TCP, which distributions load apart. */
const PACKAGES = ['nginx', 'libnginx-mod-stream'] as const;
const PROGRAM = 'usr/sbin/nginx';
const MODULE = 'usr/lib/nginx/modules/ngx_stream_module.so';

export interface Nginx {
  readonly program: string;
  readonly streamModule: string;
}

const progress: Progress = (line) => {
  process.stderr.write(`nginx: ${line}\n`);
};

/**
 * nginx with its stream module. Debian's packages are checked by apt, whose keys are the machine's own; which version it is depends on
 * the machine, as its libraries do. Rejects with an `AssetError` where there is neither.
 */
export async function nginx(env: NodeJS.ProcessEnv = process.env): Promise<Nginx> {
  if ((await exists(`/${PROGRAM}`)) && (await exists(`/${MODULE}`))) return within('/');
  return within(await cached(join(cacheDirectory(env), `nginx-${process.arch}`), progress, fetchPackages));
}

function within(root: string): Nginx {
  return { program: join(root, PROGRAM), streamModule: join(root, MODULE) };
}

async function fetchPackages(scratch: string): Promise<void> {
  const doing = `fetching ${PACKAGES.join(' and ')}`;
  progress(doing);
  const packed = `${scratch}-packed`;
  const state = `${scratch}-state`;
  for (const folder of [scratch, packed, join(state, 'lists', 'partial'), join(state, 'archives', 'partial')])
    await mkdir(folder, { recursive: true });
  // Lists of its own: the machine's are another's to change, and may be as old as the machine.
  const own = [
    ...['-o', `Dir::State::Lists=${state}/lists`, '-o', `Dir::Cache=${state}`],
    ...['-o', 'APT::Sandbox::User=', '-o', 'Acquire::Languages=none'],
  ];
  await must(doing, 'apt-get', [...own, '-qq', 'update'], packed);
  await must(doing, 'apt-get', [...own, '-qq', 'download', ...PACKAGES], packed);
  for (const name of await readdir(packed))
    await must(doing, 'dpkg-deb', ['--extract', join(packed, name), scratch], packed);
  const { program } = within(scratch);
  // The libraries are the machine's.
  await must('starting nginx', program, ['-v'], packed);
}

async function must(doing: string, command: string, args: readonly string[], cwd: string): Promise<void> {
  const result = await run(command, args, { cwd, doing, progress }).catch((error: unknown) => {
    throw new AssetError(
      'SLUICE_ASSET_NGINX',
      `${doing}: ${command} cannot be started. Install nginx with its stream module.`,
      error,
    );
  });
  if (result.status !== 0) throw failureOf(doing, result);
}

if (import.meta.main) process.stdout.write(`${(await nginx()).program}\n`);
