import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { until } from '../../harness/until.ts';
import { POD_GATEWAY, type PodNetwork } from './pod-network.ts';

export interface SandboxOptions {
  /** Becomes the root directory of the process; removed with the sandbox. */
  readonly directory: string;
  readonly network: PodNetwork;
  /** A static executable on the same file system, or nothing: then the Pod is a network namespace only. */
  readonly server?: string | undefined;
  /** Absolute path → content. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  environment(podIp: string): Readonly<Record<string, string>>;
}

/** Waits for its link, configures it, and becomes the server. */
const SCRIPT = `
  echo namespace
  read -r address gateway || exit 1
  ip -batch - <<END || exit 1
link set lo up
address add $address/32 dev eth0
link set eth0 up
route add $gateway dev eth0
route add default via $gateway
END
  echo network
  [ -n "$1" ] || exec sleep infinity
  exec chroot "$2" /server`;

const OUTPUT_KEPT = 4_000;

/** One Pod's process in its own network namespace and root directory. */
export class Sandbox {
  readonly podIp: string;
  /** Settles when the process has ended, with the end of what it said. */
  readonly ended: Promise<string>;
  readonly #child: ChildProcess;
  readonly #options: SandboxOptions;
  readonly #link: string;

  private constructor(
    child: ChildProcess,
    ended: Promise<string>,
    options: SandboxOptions,
    given: { readonly address: string; readonly link: string },
  ) {
    this.podIp = given.address;
    this.ended = ended;
    this.#child = child;
    this.#options = options;
    this.#link = given.link;
  }

  /** Resolves when the network is up. */
  static async start(options: SandboxOptions): Promise<Sandbox> {
    const { directory, network, server, files } = options;
    await mkdir(directory, { recursive: true });
    for (const [path, content] of files) {
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), content);
    }
    if (server !== undefined) await link(server, join(directory, 'server'));
    const given = network.allocate();
    const child = spawn('unshare', ['--net', '/bin/sh', '-c', SCRIPT, 'pod', server ?? '', directory], {
      stdio: ['pipe', 'pipe', 'pipe'],
      // A process group of its own: Ctrl-C is not the Pod's to answer.
      detached: true,
      env: { PATH: process.env['PATH'] ?? '', ...options.environment(given.address) },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-OUTPUT_KEPT);
      });
    }
    const ended = once(child, 'close').then(() => output);
    const sandbox = new Sandbox(child, ended, options, given);
    try {
      await said(child, ended, 'namespace');
      await network.attach(child.pid ?? 0, given);
      child.stdin.on('error', () => {});
      const configured = said(child, ended, 'network');
      child.stdin.end(`${given.address} ${POD_GATEWAY}\n`);
      await configured;
      return sandbox;
    } catch (error) {
      await sandbox.stop();
      throw error;
    }
  }

  /** Resolves when the process listens on all of these ports (`TCP/443`), on any where there are none. */
  async untilListening(ports: readonly string[], signal: AbortSignal): Promise<void> {
    let running = true;
    void this.ended.then(() => {
      running = false;
    });
    await until(
      async () => {
        signal.throwIfAborted();
        if (!running) throw new Error(`the process has ended: ${await this.ended}`);
        const listening = await listeningPorts(this.#child.pid ?? 0);
        return listening.size > 0 && ports.every((port) => listening.has(port));
      },
      { what: `listening on ${ports.join(', ') || 'any port'}`, timeoutMs: 60_000, intervalMs: 20 },
    );
  }

  /** First the process, then its network. */
  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
    await this.#options.network.detach(this.#link);
    await rm(this.#options.directory, { recursive: true, force: true });
  }
}

/** Waits for a line of the script. */
async function said(child: ChildProcess, ended: Promise<string>, word: string): Promise<void> {
  const heard = new Promise<undefined>((resolve) => {
    child.stdout?.on('data', function listen(text: string) {
      if (!text.split('\n').includes(word)) return;
      child.stdout?.off('data', listen);
      resolve(undefined);
    });
  });
  const last = await Promise.race([heard, ended]);
  if (last !== undefined) throw new Error(`the Pod's namespace was not made: ${last.trim()}`);
}

/** A listening TCP socket, and a UDP socket that is connected to nobody. */
const LISTENING = { tcp: '0A', udp: '07' } as const;

/** Ports on which something listens in the network namespace of the process: `TCP/443`, `UDP/53`. */
async function listeningPorts(pid: number): Promise<Set<string>> {
  const ports = new Set<string>();
  for (const [protocol, listening] of Object.entries(LISTENING)) {
    for (const table of [protocol, `${protocol}6`]) {
      const text = await readFile(`/proc/${pid}/net/${table}`, 'utf8').catch(() => '');
      for (const line of text.split('\n').slice(1)) {
        const [, local = '', , state] = line.trim().split(/\s+/);
        const port = Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16);
        if (state === listening) ports.add(`${protocol.toUpperCase()}/${port}`);
      }
    }
  }
  return ports;
}
