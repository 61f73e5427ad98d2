import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiClient, type ApiObject, type ClientOptions } from '../../harness/kubernetes/client.ts';
import { registerNodes, type TestNode } from './nodes.ts';
import { watchObjects } from './object-watch.ts';
import type { Pod, Secret } from './pod.ts';
import { ignoreGone, PodLifecycle, type PodSurroundings } from './pod-lifecycle.ts';
import { PodNetwork } from './pod-network.ts';

export interface KubeletOptions {
  readonly api: ClientOptions;
  /** At least one; Pods are spread over them in turn. */
  readonly nodes: readonly TestNode[];
  /** An empty directory for the Pods' roots. */
  readonly directory: string;
  /** Executables, statically linked, by the part of an image's name that they stand for. */
  readonly servers: Readonly<Record<string, string>>;
  /** What goes wrong, a line each. */
  report(line: string): void;
}

interface Service extends ApiObject {
  readonly spec: {
    readonly selector?: Readonly<Record<string, string>>;
    readonly ports?: readonly { readonly protocol?: string; readonly targetPort?: number | string }[];
  };
}

/**
 * The kubelets and the scheduler of a test cluster: Pods bound to Nodes, each one process in a network namespace of its
 * own, with its environment and Secret volumes. Needs root (of a user namespace at least) and `ip`.
 */
export class Kubelet {
  readonly #options: KubeletOptions;
  readonly #client: ApiClient;
  readonly #network = new PodNetwork();
  readonly #stopped = new AbortController();
  readonly #servers = new Map<string, string>();
  /** By UID; `undefined` while a Pod is being bound. */
  readonly #pods = new Map<string, PodLifecycle | undefined>();
  readonly #secrets = new Map<string, Secret>();
  #secretArrived = Promise.withResolvers<void>();
  #bound = 0;

  private constructor(options: KubeletOptions) {
    this.#options = options;
    this.#client = new ApiClient(options.api);
  }

  static async start(options: KubeletOptions): Promise<Kubelet> {
    const kubelet = new Kubelet(options);
    await mkdir(options.directory, { recursive: true });
    for (const [image, path] of Object.entries(options.servers)) {
      // Copied once, so that each Pod's root can have it as a link.
      const copy = join(options.directory, `server-${kubelet.#servers.size}`);
      await copyFile(path, copy);
      kubelet.#servers.set(image, copy);
    }
    await registerNodes(kubelet.#client, options.nodes);
    void kubelet.#follow('/api/v1/secrets', (type, object) => kubelet.#secretChanged(type, object));
    void kubelet.#follow('/api/v1/pods', (type, object) => kubelet.#podChanged(type, object as Pod));
    return kubelet;
  }

  /** Ends every Pod's process. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all([...this.#pods.values()].map((pod) => pod?.end()));
    this.#client.close();
  }

  async #follow(path: string, handle: (type: string, object: ApiObject) => void): Promise<void> {
    const { signal } = this.#stopped;
    try {
      for await (const { type, object } of watchObjects(this.#options.api, path, signal))
        handle(type, object);
    } catch (error) {
      if (!signal.aborted) this.#options.report(`kubelet: ${(error as Error).message}`);
    }
  }

  #secretChanged(type: string, secret: Secret): void {
    const key = `${secret.metadata.namespace}/${secret.metadata.name}`;
    if (type === 'DELETED') this.#secrets.delete(key);
    else this.#secrets.set(key, secret);
    this.#secretArrived.resolve();
    this.#secretArrived = Promise.withResolvers();
  }

  #podChanged(type: string, pod: Pod): void {
    const { uid, deletionTimestamp } = pod.metadata;
    const known = this.#pods.get(uid);
    if (type === 'DELETED') {
      this.#pods.delete(uid);
      if (known !== undefined) this.#reported(known.end());
    } else if (pod.spec.nodeName === undefined) {
      if (!this.#pods.has(uid)) this.#reported(this.#bind(pod));
    } else if (deletionTimestamp !== undefined) {
      if (known !== undefined) this.#reported(known.remove());
    } else if (known === undefined) {
      this.#pods.set(uid, new PodLifecycle(pod, this.#surroundings(pod)));
    }
  }

  #reported(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (!this.#stopped.signal.aborted) this.#options.report(`kubelet: ${(error as Error).message}`);
    });
  }

  async #bind(pod: Pod): Promise<void> {
    const { name, namespace, uid } = pod.metadata;
    this.#pods.set(uid, undefined);
    const node = this.#options.nodes[this.#bound % this.#options.nodes.length];
    this.#bound += 1;
    await ignoreGone(
      this.#client.raw('POST', `/api/v1/namespaces/${namespace}/pods/${name}/binding`, {
        body: {
          apiVersion: 'v1',
          kind: 'Binding',
          metadata: { name, uid },
          target: { apiVersion: 'v1', kind: 'Node', name: node?.name },
        },
      }),
    );
  }

  #surroundings(pod: Pod): PodSurroundings {
    const node = this.#options.nodes.find(({ name }) => name === pod.spec.nodeName);
    return {
      client: this.#client,
      network: this.#network,
      hostIp: node?.address ?? '',
      directoryOf: ({ metadata }) => join(this.#options.directory, metadata.uid),
      serverOf: (image) => [...this.#servers].find(([part]) => image.includes(part))?.[1],
      secret: (namespace, name, signal) => this.#secret(`${namespace}/${name}`, signal),
      portsOf: (each) => this.#portsOf(each),
      report: this.#options.report,
    };
  }

  async #secret(key: string, signal: AbortSignal): Promise<Secret> {
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
    });
    aborted.catch(() => {});
    for (;;) {
      signal.throwIfAborted();
      const found = this.#secrets.get(key);
      if (found !== undefined) return found;
      await Promise.race([this.#secretArrived.promise, aborted]);
    }
  }

  async #portsOf(pod: Pod): Promise<string[]> {
    const { items } = await this.#client.list('v1', 'Service', pod.metadata.namespace);
    const labels = pod.metadata.labels ?? {};
    const selecting = (items as readonly Service[]).filter(({ spec }) => {
      const selector = Object.entries(spec.selector ?? {});
      return selector.length > 0 && selector.every(([label, value]) => labels[label] === value);
    });
    const ports = selecting.flatMap(({ spec }) => spec.ports ?? []);
    return ports.flatMap(({ protocol, targetPort }) =>
      typeof targetPort === 'number' ? [`${protocol ?? 'TCP'}/${targetPort}`] : [],
    );
  }
}
