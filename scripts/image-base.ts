/** The few files that a statically unfriendly program needs around it: users, authorities, and the C library. */
import { readFile, realpath } from 'node:fs/promises';
import type { LayerEntry } from './image-archive.ts';
import type { Component } from './image-sbom.ts';
import { AssetError, exists } from './kubernetes-assets.cache.ts';
import { run } from './kubernetes-assets.run.ts';

/** The user that the images run as, unless their manifests say otherwise. */
export const NONROOT = 65_532;

const ACCOUNTS = [
  ['root', 0, '/root'],
  ['nobody', 65_534, '/nonexistent'],
  ['nonroot', NONROOT, '/home/nonroot'],
] as const;

/** Authorities, where distributions keep them. */
const AUTHORITIES = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt'];

/** What glibc opens by name, and ldd does not show: names from DNS and from /etc/hosts. */
const BY_NAME = ['libnss_dns.so.2', 'libnss_files.so.2', 'libresolv.so.2'];

export interface Base {
  readonly entries: readonly LayerEntry[];
  readonly components: readonly Component[];
}

/** A root file system for programs that are linked as `binary` is. Rejects where this machine is not Linux with glibc. */
export async function baseOf(binary: string): Promise<Base> {
  const authorities = await firstOf(AUTHORITIES);
  if (authorities === undefined)
    throw new AssetError(
      'SLUICE_IMAGE_PLATFORM',
      'there are no ca-certificates to put into the image; install them.',
    );
  const accounts = ACCOUNTS.map(
    ([name, id, home]) => `${name}:x:${id}:${id}:${name}:${home}:/sbin/nologin\n`,
  );
  const groups = ACCOUNTS.map(([name, id]) => `${name}:x:${id}:\n`);
  const entries: LayerEntry[] = [
    { path: 'etc/passwd', content: accounts.join('') },
    { path: 'etc/group', content: groups.join('') },
    { path: 'etc/nsswitch.conf', content: 'hosts: files dns\n' },
    { path: 'etc/ssl/certs/ca-certificates.crt', source: await realpath(authorities) },
    { path: 'tmp', mode: 0o1777 },
    { path: 'home/nonroot', mode: 0o700, owner: NONROOT },
    // Where runtimes mount.
    ...['dev', 'proc', 'sys', 'run'].map((path) => ({ path })),
  ];
  const packages = new Map<string, Component>();
  for (const library of await librariesOf(binary)) {
    const source = await realpath(library);
    entries.push({ path: library.slice(1), source, mode: 0o755 });
    const owner = await debianPackage([library, source]);
    if (owner === undefined) continue;
    packages.set(owner.name, owner);
    const copyright = `/usr/share/doc/${owner.name}/copyright`;
    if (await exists(copyright))
      entries.push({ path: copyright.slice(1), source: await realpath(copyright) });
  }
  return { entries, components: [...packages.values()] };
}

/** Absolute paths where the loader looks for them, the loader itself included. */
async function librariesOf(binary: string): Promise<readonly string[]> {
  const listing = await run('ldd', [binary]).catch(() => undefined);
  const found = [...(listing?.stdout ?? '').matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path = '']) => path);
  const libc = found.find((path) => /\/libc\.so\.6$/.test(path));
  if (libc === undefined)
    throw new AssetError(
      'SLUICE_IMAGE_PLATFORM',
      `images are made on Linux with glibc, whose libraries they hold; ${binary} is not linked so here.`,
    );
  const folder = libc.slice(0, libc.lastIndexOf('/'));
  for (const name of BY_NAME) if (await exists(`${folder}/${name}`)) found.push(`${folder}/${name}`);
  return [...new Set(found)].sort();
}

async function debianPackage(paths: readonly string[]): Promise<Component | undefined> {
  // A merged /usr is known by either name.
  const names = new Set(paths.flatMap((path) => [path, path.replace(/^\/usr/, ''), `/usr${path}`]));
  const found = await run('dpkg-query', ['--search', ...names]).catch(() => undefined);
  const [name] = (found?.stdout ?? '').split(/[:\n]/);
  if (name === undefined || name === '') return undefined;
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a format of dpkg's own.
  const format = '${Version} ${Architecture}\n';
  const shown = await run('dpkg-query', ['--show', '--showformat', format, name]);
  const [version = '', architecture = ''] = shown.stdout.split('\n')[0]?.split(' ') ?? [];
  return {
    name,
    version,
    purl: `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}`,
    dependencies: [],
  };
}

async function firstOf(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if ((await readFile(path).catch(() => undefined)) !== undefined) return path;
  return undefined;
}
