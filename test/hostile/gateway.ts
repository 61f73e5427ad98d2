/** A gateway under attack: Sluice in a process of its own, a real Envoy, and a real TLS server behind every good host. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { nodeOptionsOf } from '../../bench/processes/shipped.ts';
import { freePorts, testBootstrap } from '../e2e/gateway-node.ts';
import { endWithParent } from '../harness/end-with-parent.ts';
import { EnvoyProcess } from '../harness/envoy-process.ts';
import { DOMAIN, hostOf } from '../harness/tenants.ts';
import { startTlsBackend, type TlsBackend } from '../harness/tls-backend.ts';
import { attempt } from '../harness/tls-client.ts';
import type { Answer, Noise, Request } from './messages.ts';
import { PRESENT_SLUICE } from './sluice-tree.ts';

const FIRST_VICTIM = 500_000;

export class Gateway implements AsyncDisposable {
  readonly port: number;
  #envoy: EnvoyProcess;
  readonly #bootstrap: object;
  readonly #child: ChildProcess;
  readonly #backend: TlsBackend;
  #victims = 0;

  private constructor(
    port: number,
    envoy: EnvoyProcess,
    bootstrap: object,
    child: ChildProcess,
    backend: TlsBackend,
  ) {
    this.port = port;
    this.#envoy = envoy;
    this.#bootstrap = bootstrap;
    this.#child = child;
    this.#backend = backend;
  }

  /** Of the present Sluice, or of that of a source tree. Resolves when the last of the quiet hosts is served, and Envoy has all of them. */
  static async start(quietHosts: number, tree?: string): Promise<Gateway> {
    const [port = 0] = await freePorts(1);
    const backend = await startTlsBackend({ name: 'good', address: '127.0.0.1' });
    const program = path.join(import.meta.dirname, 'gateway-process.ts');
    const dockerfile = path.join(tree ?? PRESENT_SLUICE, 'deploy', 'Dockerfile');
    const child = fork(program, tree === undefined ? [] : [tree], {
      serialization: 'advanced',
      execArgv: [...process.execArgv, ...nodeOptionsOf(await readFile(dockerfile, 'utf8'))],
    });
    const unguard = endWithParent(child);
    child.once('exit', unguard);
    const [listening] = (await once(child, 'message')) as [Answer];
    if (listening.type !== 'listening') throw new Error(`unexpected ${listening.type}`);
    const config = testBootstrap(listening.xdsPort);
    const gateway = new Gateway(port, await startEnvoy(config, false), config, child, backend);
    await gateway.ask({ type: 'quiet', hosts: quietHosts, port, backendPort: backend.port });
    await gateway.untilServed(hostOf(quietHosts - 1), 60_000);
    await gateway.untilWindowsEnded();
    return gateway;
  }

  get envoy(): EnvoyProcess {
    return this.#envoy;
  }

  /** Replaces Envoy by one that knows nothing; resolves when that listens. */
  async restartEnvoy(): Promise<void> {
    await this.#envoy.stop('SIGKILL');
    this.#envoy = await startEnvoy(this.#bootstrap, true);
  }

  /** Resolves when no Envoy is in its demand window. */
  async untilWindowsEnded(): Promise<void> {
    while ((await this.ask({ type: 'windows' })) > 0) await delay(10);
  }

  async ask(request: Request): Promise<number> {
    const done = await this.#ask(request);
    return done.type === 'done' ? done.changes : 0;
  }

  async #ask(request: Request): Promise<Answer> {
    this.#child.send(request);
    const [answer] = (await once(this.#child, 'message')) as [Answer];
    return answer;
  }

  /** Of Sluice's process; and how many changes there were since the noise began. */
  async memory(): Promise<{ readonly changes: number; readonly usage: NodeJS.MemoryUsage }> {
    const answer = await this.#ask({ type: 'memory' });
    if (answer.type !== 'memory') throw new Error(`unexpected ${answer.type}`);
    return answer;
  }

  /** Milliseconds from asking until the first answer of the backend. */
  async untilServed(host: string, timeoutMs = 60_000, backend = 'good'): Promise<number> {
    const began = performance.now();
    while (performance.now() - began < timeoutMs) {
      const result = await attempt({
        address: '127.0.0.1',
        port: this.port,
        servername: host,
        timeoutMs: 2_000,
      });
      if (result.outcome === 'answered' && result.backend === backend) return performance.now() - began;
    }
    throw new Error(`${host} was not served by "${backend}" within ${timeoutMs} ms`);
  }

  /**
   * Milliseconds from a new tenant's objects until its host answers, so many times, one after the other; fewer where that takes
   * longer than so many seconds.
   */
  async newHosts(count: number, mostSeconds = Infinity): Promise<number[]> {
    const took: number[] = [];
    const end = performance.now() + mostSeconds * 1_000;
    for (let index = 0; index < count && (index === 0 || performance.now() < end); index += 1) {
      const victim = FIRST_VICTIM + this.#victims;
      this.#victims += 1;
      const began = performance.now();
      await this.ask({ type: 'victim', index: victim });
      await this.untilServed(hostOf(victim));
      took.push(performance.now() - began);
    }
    return took;
  }

  /** Between the two a wildcard of an attacker covers all hosts. Resolves when it serves a name that is nobody else's. */
  async cover(): Promise<AsyncDisposable> {
    const attacker = await startTlsBackend({ name: 'attacker', address: '127.0.0.1' });
    await this.ask({ type: 'cover', backendPort: attacker.port });
    await this.untilServed(`nobody.${DOMAIN}`, 60_000, attacker.name);
    return {
      [Symbol.asyncDispose]: async () => {
        await this.ask({ type: 'cover', backendPort: undefined });
        await attacker.close();
      },
    };
  }

  async beginNoise(noise: Noise): Promise<void> {
    await this.ask({ type: 'noise', noise });
  }

  /** Returns how many changes were made. */
  async endNoise(): Promise<number> {
    return await this.ask({ type: 'noise', noise: undefined });
  }

  /** Resident memory of Envoy in bytes. */
  async envoyMemory(): Promise<number> {
    const status = await readFile(`/proc/${this.envoy.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1_024;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#envoy.stop();
    if (this.#child.exitCode === null) {
      const exited = once(this.#child, 'exit');
      this.#child.disconnect();
      await exited;
    }
    await this.#backend.close();
  }
}

async function startEnvoy(bootstrap: object, waitUntilReady: boolean): Promise<EnvoyProcess> {
  return await EnvoyProcess.start({ bootstrap, concurrency: 2, waitUntilReady, drainTimeSeconds: 10 });
}
