import type { ApiClient } from '../../harness/kubernetes/client.ts';
import { ApiError } from '../../harness/kubernetes/client.ts';
import {
  environment,
  type Pod,
  type PodState,
  podStatus,
  type Secret,
  secretFiles,
  secretNames,
} from './pod.ts';
import type { PodNetwork } from './pod-network.ts';
import { Sandbox } from './sandbox.ts';

export interface PodSurroundings {
  readonly client: ApiClient;
  readonly network: PodNetwork;
  readonly hostIp: string;
  /** Where the Pod's root directory is made. */
  directoryOf(pod: Pod): string;
  /** The executable for an image, if there is one: without it nothing listens in the Pod. */
  serverOf(image: string): string | undefined;
  /** Resolves as soon as there is such a Secret. */
  secret(namespace: string, name: string, signal: AbortSignal): Promise<Secret>;
  /** Ports that the Services of the Pod lead to: `TCP/443`. */
  portsOf(pod: Pod): Promise<readonly string[]>;
  report(line: string): void;
}

/** One Pod from its binding to its removal. */
export class PodLifecycle {
  readonly #pod: Pod;
  readonly #around: PodSurroundings;
  readonly #stopped = new AbortController();
  readonly #started: Promise<void>;
  #sandbox: Sandbox | undefined;

  /** Starts the Pod, when its Secrets are there. What goes wrong is reported, and the Pod marked as failed. */
  constructor(pod: Pod, around: PodSurroundings) {
    this.#pod = pod;
    this.#around = around;
    this.#started = this.#start().catch(async (error: unknown) => {
      if (this.#stopped.signal.aborted) return;
      const reason = error instanceof Error ? error.message : String(error);
      around.report(`pod ${pod.metadata.namespace}/${pod.metadata.name}: ${reason}`);
      await this.#say({ phase: 'Failed', reason });
    });
  }

  /** First the process, then its namespace, then the object: nobody hears of a Pod that is gone and still answers. */
  async remove(): Promise<void> {
    await this.end();
    const { name, namespace, uid } = this.#pod.metadata;
    await ignoreGone(
      this.#around.client.raw('DELETE', `/api/v1/namespaces/${namespace}/pods/${name}`, {
        body: { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0, preconditions: { uid } },
      }),
    );
  }

  /** Ends what runs, and leaves the object. */
  async end(): Promise<void> {
    this.#stopped.abort();
    await this.#started;
    await this.#sandbox?.stop();
    this.#sandbox = undefined;
  }

  async #start(): Promise<void> {
    const pod = this.#pod;
    const { namespace } = pod.metadata;
    const { signal } = this.#stopped;
    const [container] = pod.spec.containers;
    if (container === undefined) throw new Error('no container');
    const names = secretNames(pod);
    if (names.length > 0) await this.#say({ phase: 'Pending', reason: `waiting for ${names.join(', ')}` });
    const secrets = new Map<string, Secret>();
    for (const name of names) secrets.set(name, await this.#around.secret(namespace, name, signal));
    signal.throwIfAborted();
    const server = this.#around.serverOf(container.image);
    const sandbox = await Sandbox.start({
      directory: this.#around.directoryOf(pod),
      network: this.#around.network,
      server,
      files: secretFiles(pod, container, secrets),
      environment: (podIp) => environment(pod, container, podIp),
    });
    this.#sandbox = sandbox;
    if (server !== undefined) await sandbox.untilListening(await this.#around.portsOf(pod), signal);
    signal.throwIfAborted();
    await this.#say({ phase: 'Running', podIp: sandbox.podIp, ready: true });
    void sandbox.ended.then(async (output) => {
      if (signal.aborted) return;
      this.#around.report(`pod ${namespace}/${pod.metadata.name} has ended: ${output.trim()}`);
      await this.#say({ phase: 'Failed', reason: 'the process has ended' });
    });
  }

  async #say(state: PodState): Promise<void> {
    const { name, namespace } = this.#pod.metadata;
    const status = podStatus(this.#pod, state, this.#around.hostIp);
    const address = { apiVersion: 'v1', kind: 'Pod', namespace, name };
    await ignoreGone(this.#around.client.patch(address, { status }, 'status'));
  }
}

/** An object that is gone, or is another one of the same name, is nobody's concern any more. */
export async function ignoreGone(request: Promise<unknown>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (!(error instanceof ApiError && (error.status === 404 || error.status === 409))) throw error;
  }
}
