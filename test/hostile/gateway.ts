/** A gateway under attack: Sluice in a process of its own, a real Envoy, and a real TLS server behind every good host. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { freePorts, testBootstrap } from '../e2e/gateway-node.ts';
import { endWithParent } from '../harness/end-with-parent.ts';
import { EnvoyProcess } from '../harness/envoy-process.ts';
import { hostOf } from '../harness/tenants.ts';
import { startTlsBackend, type TlsBackend } from '../harness/tls-backend.ts';
import { attempt } from '../harness/tls-client.ts';
import type { Answer, Noise, Request } from './messages.ts';

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

  /** Resolves when the last of the quiet hosts is served. */
  static async start(quietHosts: number, bootstrap: (xdsPort: number) => object = testBootstrap) {
    const [port = 0] = await freePorts(1);
    const backend = await startTlsBackend({ name: 'good', address: '127.0.0.1' });
    const child = fork(path.join(import.meta.dirname, 'gateway-process.ts'), { serialization: 'advanced' });
    const unguard = endWithParent(child);
    child.once('exit', unguard);
    const [listening] = (await once(child, 'message')) as [Answer];
    if (listening.type !== 'listening') throw new Error(`unexpected ${listening.type}`);
    const config = bootstrap(listening.xdsPort);
    const gateway = new Gateway(port, await startEnvoy(config, false), config, child, backend);
    await gateway.ask({ type: 'quiet', hosts: quietHosts, port, backendPort: backend.port });
    await gateway.untilServed(hostOf(quietHosts - 1), 60_000);
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

  async ask(request: Request): Promise<number> {
    this.#child.send(request);
    const [done] = (await once(this.#child, 'message')) as [Answer];
    return done.type === 'done' ? done.changes : 0;
  }

  /** Milliseconds from asking until the first answer of the good backend. */
  async untilServed(host: string, timeoutMs = 30_000): Promise<number> {
    const began = performance.now();
    while (performance.now() - began < timeoutMs) {
      const result = await attempt({
        address: '127.0.0.1',
        port: this.port,
        servername: host,
        timeoutMs: 2_000,
      });
      if (result.outcome === 'answered') return performance.now() - began;
    }
    throw new Error(`${host} was not served within ${timeoutMs} ms`);
  }

  /** Milliseconds from a new tenant's objects until its host answers, so many times, one after the other. */
  async newHosts(count: number): Promise<number[]> {
    const took: number[] = [];
    for (let index = 0; index < count; index += 1) {
      const victim = FIRST_VICTIM + this.#victims;
      this.#victims += 1;
      const began = performance.now();
      await this.ask({ type: 'victim', index: victim });
      await this.untilServed(hostOf(victim));
      took.push(performance.now() - began);
    }
    return took;
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
