/** Containers of an image that `npm run image` made, by a real OCI runtime and with no engine around it. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ImageConfig } from '../../scripts/image-archive.ts';

const run = promisify(execFile);

/** Why no container can be run here; undefined where one can. */
export async function noRuntime(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'containers need Linux';
  if (process.getuid?.() !== 0) return 'containers need root';
  const found = await run(RUNTIME, ['--version']).catch(() => undefined);
  return found === undefined ? `there is no ${RUNTIME}; install it (Debian's package is runc)` : undefined;
}

const RUNTIME = 'runc';

/** An image's root file system, unpacked, and how it wants to be run. */
export interface UnpackedImage {
  readonly root: string;
  readonly config: ImageConfig;
}

interface Named {
  readonly digest: string;
}

/** Unpacks an archive of `npm run image` into an empty folder. */
export async function unpackImage(archive: string, folder: string): Promise<UnpackedImage> {
  const [layout, root] = [join(folder, 'layout'), join(folder, 'root')];
  for (const path of [layout, root]) await mkdir(path, { recursive: true });
  await run('tar', ['-xf', archive, '-C', layout]);
  const json = async (path: string) => JSON.parse(await readFile(join(layout, path), 'utf8')) as unknown;
  const blob = ({ digest }: Named): string => digest.replace('sha256:', 'blobs/sha256/');
  const { manifests } = (await json('index.json')) as { manifests: readonly [Named] };
  const manifest = (await json(blob(manifests[0]))) as { config: Named; layers: readonly Named[] };
  for (const layer of manifest.layers)
    await run('tar', ['-xzf', join(layout, blob(layer)), '-C', root, '--numeric-owner', '--same-owner']);
  const { config } = (await json(blob(manifest.config))) as { config: ImageConfig };
  await rm(layout, { recursive: true });
  return { root, config };
}

export interface ContainerOptions {
  /** What comes after the entry point; the image's own command unless given. */
  readonly args?: readonly string[];
  /** Instead of the image's entry point. */
  readonly entrypoint?: readonly string[];
  readonly env?: readonly string[];
  /** Folders of this machine by where they are seen. */
  readonly mounts?: Readonly<Record<string, { readonly source: string; readonly writable?: boolean }>>;
  readonly memoryBytes?: number;
  /** Of one CPU: 0.5 is half of one. */
  readonly cpus?: number;
  /** Descriptors, soft and hard. */
  readonly files?: { readonly soft: number; readonly hard: number };
  /** `0:0` and the like; the image's own unless given. */
  readonly user?: string;
  readonly capabilities?: readonly string[];
}

export interface Finished {
  /** As a shell tells it: 128 and the number of the signal where one ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * One container, as kubelet would have it run: read-only root, no capabilities, no new privileges, own processes; on the
 * network of this machine, as the gateway's pods are on their node's.
 */
export class Container implements AsyncDisposable {
  readonly finished: Promise<Finished>;
  readonly #child: ChildProcess;
  readonly #state: string;
  readonly #name: string;
  readonly #guard: ChildProcess;
  #stdout = '';
  #stderr = '';

  static async start(image: UnpackedImage, options: ContainerOptions = {}): Promise<Container> {
    const bundle = await mkdtemp(join(tmpdir(), 'sluice-container-'));
    const name = `sluice-test-${process.pid}-${randomBytes(4).toString('hex')}`;
    await writeFile(join(bundle, 'config.json'), JSON.stringify(specOf(image, options, name)));
    return new Container(bundle, name);
  }

  private constructor(bundle: string, name: string) {
    this.#state = join(bundle, 'state');
    this.#name = name;
    const child = spawn(RUNTIME, ['--root', this.#state, 'run', '--bundle', bundle, name], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    // The container outlives a runtime that is killed: what ends it then is a shell that waits on a pipe of ours.
    const script = `read -r _; ${RUNTIME} --root "$1/state" delete --force "$2"; rm -rf -- "$1"`;
    this.#guard = spawn('/bin/sh', ['-c', script, 'guard', bundle, name], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    this.#guard.unref();
    this.#guard.stdin?.on('error', () => {});
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.finished = once(child, 'close').then(([exitCode]) => ({
      exitCode: exitCode as number | null,
      stdout: this.#stdout,
      stderr: this.#stderr,
    }));
  }

  /** What it has printed so far, for messages. */
  get output(): string {
    return this.#stdout + this.#stderr;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Id of its first process on this machine. Only while it runs. */
  async pid(): Promise<number> {
    const { stdout } = await run(RUNTIME, ['--root', this.#state, 'state', this.#name]);
    return (JSON.parse(stdout) as { pid: number }).pid;
  }

  /** The runtime passes it on to the first process. */
  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isRunning)
      await run(RUNTIME, ['--root', this.#state, 'delete', '--force', this.#name]).catch(() => {});
    await this.finished;
    const gone = once(this.#guard, 'exit');
    this.#guard.ref();
    this.#guard.stdin?.end();
    await gone;
  }
}

/** Runs a container to its end. */
export async function runContainer(image: UnpackedImage, options: ContainerOptions = {}): Promise<Finished> {
  await using container = await Container.start(image, options);
  return await container.finished;
}

function specOf({ root, config }: UnpackedImage, options: ContainerOptions, name: string): object {
  const [uid = 0, gid = 0] = (options.user ?? config.User ?? '0:0').split(':').map(Number);
  const capabilities = options.capabilities ?? [];
  const { memoryBytes, cpus, files, mounts = {} } = options;
  return {
    ociVersion: '1.0.2',
    hostname: name,
    root: { path: root, readonly: true },
    process: {
      user: { uid, gid },
      cwd: config.WorkingDir ?? '/',
      args: [...(options.entrypoint ?? config.Entrypoint), ...(options.args ?? config.Cmd ?? [])],
      env: ['PATH=/usr/local/bin:/usr/bin:/bin', ...(config.Env ?? []), ...(options.env ?? [])],
      noNewPrivileges: true,
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      ...(files && { rlimits: [{ type: 'RLIMIT_NOFILE', soft: files.soft, hard: files.hard }] }),
    },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=64k'] },
      { destination: '/sys', type: 'none', source: '/sys', options: ['rbind', 'ro'] },
      ...Object.entries(mounts).map(([destination, { source, writable }]) => ({
        destination,
        source,
        type: 'bind',
        options: ['bind', writable === true ? 'rw' : 'ro'],
      })),
    ],
    linux: {
      cgroupsPath: `/${name}`,
      namespaces: ['pid', 'ipc', 'uts', 'mount'].map((type) => ({ type })),
      resources: {
        ...(memoryBytes !== undefined && { memory: { limit: memoryBytes, swap: memoryBytes } }),
        ...(cpus !== undefined && { cpu: { quota: cpus * 100_000, period: 100_000 } }),
      },
    },
  };
}
