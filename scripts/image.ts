/**
 * Makes the images of Sluice and of Envoy without a container tool and without a registry: an OCI layout in a tar archive
 * for each, with its SBOM beside it. `npm run image -- --help` says more.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { findEnvoy } from './fetch-envoy.ts';
import { applicationFiles, lockedPackages, ROOT } from './image-application.ts';
import { type Archive, type ImageConfig, type LayerEntry, sha256, writeArchive } from './image-archive.ts';
import { baseOf, NONROOT } from './image-base.ts';
import { dockerfileConfig } from './image-dockerfile.ts';
import { type Component, npmComponents, npmPurl, sbom } from './image-sbom.ts';
import { AssetError, exists } from './kubernetes-assets.cache.ts';
import { run } from './kubernetes-assets.run.ts';

export type ImageName = 'sluice' | 'envoy';

export interface BuiltImage extends Archive {
  readonly reference: string;
  /** Path of the SBOM, which the image holds too. */
  readonly sbom: string;
}

const HELP = `npm run image -- [--out DIR] [--sluice-name NAME] [--envoy-name NAME] [sluice] [envoy]

Writes DIR/sluice.tar and DIR/envoy.tar (both unless one is named), each an OCI image layout, and an SBOM beside each.
  --out DIR           images unless given
  --sluice-name NAME  the name it is imported under; unless given that of sluice:VERSION, in full
  --envoy-name NAME   the name of Envoy's; what the manifests ask for unless given

Then, on a node:      ctr --namespace k8s.io images import sluice.tar
or to a registry:     skopeo copy oci-archive:sluice.tar docker://registry.example.com/sluice:0.1.0
`;

/** Where CPUs are named after Go's habit. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** Makes the image of the control plane as `directory/sluice.tar`. */
export async function sluiceImage(directory: string, reference?: string): Promise<BuiltImage> {
  const { version, license } = await packageJson(ROOT);
  const config = await dockerfileConfig();
  const node = join(ROOT, 'node_modules', 'node');
  const binary = join(node, 'bin', 'node');
  const { version: nodeVersion } = await packageJson(node);
  const packages = await lockedPackages();
  return await withScratch(async (scratch) => {
    const base = await baseOf(binary);
    const modules = npmComponents(packages);
    const runtime: Component = {
      name: 'node',
      version: nodeVersion,
      purl: `pkg:generic/node@${nodeVersion}`,
      license: 'MIT',
      sha256: await sha256(binary),
      dependencies: base.components.map(({ purl }) => purl),
    };
    const own = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      dependencies: Readonly<Record<string, string>>;
    };
    const root: Component = {
      name: 'sluice',
      version,
      purl: npmPurl('sluice-ingress', version),
      license,
      dependencies: [
        runtime.purl,
        ...Object.entries(own.dependencies).map(([name, at]) => npmPurl(name, at)),
      ],
    };
    const [executable = ''] = config.Entrypoint;
    const application = await applicationFiles(join(scratch, 'application'));
    return await finish(
      { name: 'sluice', reference: reference ?? `docker.io/library/sluice:${version}`, config },
      sbom(root, [runtime, ...base.components, ...modules]),
      [
        // What changes seldom, and a new version of Sluice does not bring again.
        [
          ...base.entries,
          { path: executable.slice(1), source: binary, mode: 0o755 },
          ...(await nodeLicence(node)),
        ],
        application.map(({ path, source }) => ({ path: `app/${path}`, source })),
      ],
      directory,
      scratch,
    );
  });
}

/** Makes an image of the Envoy that tests and demo run, as `directory/envoy.tar`, under the name that the manifests ask for. */
export async function envoyImage(directory: string, reference?: string): Promise<BuiltImage> {
  const binary = await findEnvoy();
  const version = /\/(\d+\.\d+\.\d+)\//.exec((await run(binary, ['--version'])).stdout)?.[1];
  if (version === undefined)
    throw new AssetError('SLUICE_ASSET_ENVOY', `${binary} does not say which version it is.`);
  return await withScratch(async (scratch) => {
    const base = await baseOf(binary);
    const root: Component = {
      name: 'envoy',
      version,
      purl: `pkg:github/envoyproxy/envoy@v${version}`,
      license: 'Apache-2.0',
      sha256: await sha256(binary),
      dependencies: base.components.map(({ purl }) => purl),
    };
    const config: ImageConfig = {
      User: `${NONROOT}:${NONROOT}`,
      Entrypoint: ['/usr/local/bin/envoy'],
      Cmd: ['--config-path', '/etc/envoy/envoy.yaml'],
      Labels: {
        'org.opencontainers.image.title': 'Envoy',
        'org.opencontainers.image.description':
          'Envoy, as its release was built, and the C library of this machine',
        'org.opencontainers.image.version': version,
        'org.opencontainers.image.licenses': 'Apache-2.0',
      },
    };
    return await finish(
      { name: 'envoy', reference: reference ?? `docker.io/envoyproxy/envoy:distroless-v${version}`, config },
      sbom(root, base.components),
      [
        [...base.entries, { path: 'etc/envoy' }],
        [{ path: 'usr/local/bin/envoy', source: binary, mode: 0o755 }],
      ],
      directory,
      scratch,
    );
  });
}

async function finish(
  image: { readonly name: ImageName; readonly reference: string; readonly config: ImageConfig },
  bom: string,
  layers: readonly (readonly LayerEntry[])[],
  directory: string,
  scratch: string,
): Promise<BuiltImage> {
  const { name, reference, config } = image;
  const architecture = ARCHITECTURES[process.arch];
  if (architecture === undefined || process.platform !== 'linux')
    throw new AssetError('SLUICE_IMAGE_PLATFORM', `no image is made on ${process.platform} ${process.arch}.`);
  // Beside the program that it describes, in the layer that changes with it.
  const last = [...(layers.at(-1) ?? []), { path: `usr/share/sbom/${name}.cdx.json`, content: bom }];
  const archive = await writeArchive(
    { reference, architecture, config, layers: [...layers.slice(0, -1), last] },
    join(directory, `${name}.tar`),
    join(scratch, 'layout'),
  );
  const beside = join(directory, `${name}.cdx.json`);
  await writeFile(beside, bom);
  return { ...archive, reference, sbom: beside };
}

/** npm's own way to bring Node.js along has its licence beside it, unless something was installed after `npm ci`. */
async function nodeLicence(node: string): Promise<readonly LayerEntry[]> {
  const source = join(node, 'node_modules', `node-linux-${process.arch}`, 'LICENSE');
  return (await exists(source)) ? [{ path: 'usr/share/doc/node/copyright', source }] : [];
}

async function packageJson(
  directory: string,
): Promise<{ readonly version: string; readonly license: string }> {
  return JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')) as {
    version: string;
    license: string;
  };
}

async function withScratch<T>(work: (scratch: string) => Promise<T>): Promise<T> {
  const scratch = await mkdtemp(join(tmpdir(), 'sluice-image-'));
  try {
    for (const name of ['application', 'layout']) await mkdir(join(scratch, name));
    return await work(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      help: { type: 'boolean' },
      out: { type: 'string', default: join(ROOT, 'images') },
      'sluice-name': { type: 'string' },
      'envoy-name': { type: 'string' },
    },
  });
  if (values.help === true) return void process.stdout.write(HELP);
  const unknown = positionals.filter((name) => name !== 'sluice' && name !== 'envoy');
  if (unknown.length > 0)
    throw new AssetError(
      'SLUICE_IMAGE_UNKNOWN',
      `no image ${unknown.join(', ')}; there are sluice and envoy.`,
    );
  const names = positionals.length === 0 ? ['sluice', 'envoy'] : positionals;
  for (const name of names) {
    const built =
      name === 'sluice'
        ? await sluiceImage(resolve(values.out), values['sluice-name'])
        : await envoyImage(resolve(values.out), values['envoy-name']);
    const [mb, unpacked] = [built.size, built.unpacked].map((bytes) => (bytes / 1e6).toFixed(1));
    process.stdout.write(
      `${built.path}\n  ${built.reference}\n  ${built.digest}\n  ${mb} MB, unpacked ${unpacked} MB\n`,
    );
  }
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    process.stderr.write(`image: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
