/** One real Kubernetes node in namespaces of its own: network, mounts, processes, host name and shared memory. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { until } from '../until.ts';
import { makeCgroup } from './cgroups.ts';
import { nodeFiles } from './node-config.ts';

const run = promisify(execFile);
const INIT = path.join(import.meta.dirname, 'node-init.sh');

export interface NodeOptions {
  readonly name: string;
  /** From 1, unique in the cluster: part of its addresses. */
  readonly index: number;
  /** Folder for everything that it writes. */
  readonly directory: string;
  /** Folder with containerd, its shim, ctr, kubelet and kube-proxy. */
  readonly programs: string;
  readonly runc: string;
  readonly cgroup: string;
  /** kubeconfig files of kubelet and kube-proxy, as text. */
  readonly kubeconfigs: { readonly kubelet: string; readonly kubeProxy: string };
  /** OCI archives that it has from the start. */
  readonly images: readonly string[];
  /** Kernel settings of its network, path below `/proc/sys` → value. */
  readonly sysctls: Readonly<Record<string, string>>;
  /** Indexes of all nodes, for routes to their pods. */
  readonly indexes: readonly number[];
}

/** The bridge that joins the nodes; the test's own address on it is also the nodes' way to the API server. */
export const BRIDGE = 'sluice-nodes';
export const TEST_ADDRESS = '10.77.0.1';
const CLUSTER_SUBNET = '10.244.0.0/16';

function addressOf(index: number): string {
  return `10.77.0.${10 + index}`;
}

function podSubnetOf(index: number): string {
  return `10.244.${index}.0/24`;
}

/** Makes the bridge, in the network namespace of this process. */
export async function makeBridge(): Promise<void> {
  await run('ip', ['link', 'add', BRIDGE, 'type', 'bridge']);
  await run('ip', ['address', 'add', `${TEST_ADDRESS}/24`, 'dev', BRIDGE]);
  await run('ip', ['link', 'set', BRIDGE, 'up']);
}

export class KubernetesNode {
  readonly name: string;
  readonly address: string;
  readonly #options: NodeOptions;
  #unshare: ChildProcess | undefined;

  constructor(options: NodeOptions) {
    this.name = options.name;
    this.address = addressOf(options.index);
    this.#options = options;
    this.#prepare();
  }

  /** Starts it, also again after `kill`: what its disk held is still there. Resolves once its network is up. */
  async start(): Promise<void> {
    const { name, index, directory, programs } = this.#options;
    const namespaces = [
      '--net',
      '--mount',
      '--pid',
      '--uts',
      '--ipc',
      '--fork',
      '--kill-child',
      '--mount-proc',
    ];
    const before = readlinkSync('/proc/self/ns/net');
    const unshare = spawn('unshare', [...namespaces, INIT, name, directory, programs, TEST_ADDRESS], {
      stdio: ['pipe', 'ignore', 'inherit'],
      // Ctrl-C in a terminal is the test's to answer.
      detached: true,
    });
    this.#unshare = unshare;
    const { pid } = unshare;
    await until(() => pid !== undefined && readlinkSync(`/proc/${pid}/ns/net`) !== before, {
      what: `network namespace of ${name}`,
    });
    const link = this.#link;
    await run('ip', ['link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', `${pid}`]);
    await run('ip', ['link', 'set', link, 'master', BRIDGE, 'up']);
    await run('ip', ['route', 'replace', podSubnetOf(index), 'via', this.address]);
    unshare.stdin?.end('\n');
  }

  /** Ends it as a loss of power does: first nothing more is sent, then every process is gone, pods included. */
  async kill(): Promise<void> {
    const unshare = this.#unshare;
    if (unshare === undefined) return;
    await run('ip', ['link', 'delete', this.#link]);
    const ended = once(unshare, 'exit');
    unshare.kill('SIGKILL');
    await ended;
    this.#unshare = undefined;
  }

  /** Runs a command on the node. Resolves with what it printed, rejects if it fails. */
  async run(command: string, ...args: readonly string[]): Promise<string> {
    const { stdout } = await run(
      'nsenter',
      ['--target', `${this.#init()}`, '--net', '--mount', '--pid', '--uts', '--ipc', '--', command, ...args],
      {
        env: { ...process.env, PATH: `${this.#options.programs}:${process.env['PATH']}` },
        maxBuffer: 1 << 24,
      },
    );
    return stdout;
  }

  /** Makes an image of an OCI archive known to the node. */
  async importImage(archive: string): Promise<void> {
    await this.run('ctr', '--namespace', 'k8s.io', 'images', 'import', archive);
  }

  /** Process ids, as the node sees them, of the processes whose command line matches; none where none does. */
  async processes(pattern: string): Promise<string[]> {
    const listing = await this.run('pgrep', '-f', pattern).catch(() => '');
    return listing.split('\n').filter((line) => line !== '');
  }

  /** The end of what one of its programs has logged: `kubelet`, `containerd`, `kube-proxy`. */
  log(program: string): string {
    const file = path.join(this.#options.directory, `${program}.log`);
    return existsSync(file) ? readFileSync(file, 'utf8').slice(-4_000) : `${program} has not been started`;
  }

  get #link(): string {
    return `node${this.#options.index}`;
  }

  /** First process of the node, as this process sees it. */
  #init(): number {
    const pid = this.#unshare?.pid;
    if (pid === undefined) throw new Error(`${this.name} is not running`);
    return Number.parseInt(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'), 10);
  }

  #prepare(): void {
    const { name, index, directory, cgroup, runc, kubeconfigs, images, sysctls, indexes } = this.#options;
    makeCgroup(cgroup);
    for (const folder of ['lib', 'log', 'cni', 'images'])
      mkdirSync(path.join(directory, folder), { recursive: true });
    const routes = indexes
      .filter((each) => each !== index)
      .map((each) => `${podSubnetOf(each)} ${addressOf(each)}\n`);
    const files = {
      ...nodeFiles({
        name,
        directory,
        cgroup,
        runc,
        podSubnet: podSubnetOf(index),
        clusterSubnet: CLUSTER_SUBNET,
      }),
      address: `${this.address}/24\n`,
      routes: routes.join(''),
      sysctls: Object.entries(sysctls)
        .map(([setting, value]) => `${setting} ${value}\n`)
        .join(''),
      'kubelet.kubeconfig': kubeconfigs.kubelet,
      'kube-proxy.kubeconfig': kubeconfigs.kubeProxy,
    };
    for (const [file, text] of Object.entries(files))
      writeFileSync(path.join(directory, file), text, { mode: 0o600 });
    for (const image of images) symlinkSync(image, path.join(directory, 'images', path.basename(image)));
  }
}
