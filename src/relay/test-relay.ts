/** A control plane, the relay of a node, and clients that play its Envoy: all in this process, over gRPC. */
import { credentials } from '@grpc/grpc-js';
import { Cluster, type DeltaDiscoveryResponse } from '../proto/index.ts';
import { encodeResource } from '../snapshot/resources/encode.ts';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE } from '../snapshot/resources/resource.ts';
import { AdsServer, type AdsServerOptions } from '../xds/server.ts';
import { cleanUps, NODE, open, recorder, type TestStream } from '../xds/test-client.ts';
import { TestView } from '../xds/test-view.ts';
import { NodeRelay, type NodeRelayEvents } from './node-relay.ts';

export async function startControlPlane(
  view = new TestView(),
  port = 0,
  options: Pick<Partial<AdsServerOptions>, 'demandWindow'> = {},
) {
  const { events, until, seen, watch } = recorder();
  const server = new AdsServer({ view, events, retryMs: { first: 50, most: 50 }, ...options });
  watch(server);
  const bound = await server.listen({ host: '127.0.0.1', port });
  cleanUps.push(() => server.close(0));
  return { view, server, port: bound, until, seen };
}

export async function startRelay(ports: readonly number[], events: NodeRelayEvents = {}) {
  const relay = new NodeRelay({
    targets: ports.map((port) => ({
      authority: `127.0.0.1:${port}`,
      credentials: () => credentials.createInsecure(),
      serverName: undefined,
    })),
    upstream: { retryMs: { first: 10, most: 50 } },
    events,
  });
  const port = await relay.server.listen({ host: '127.0.0.1', port: 0 });
  cleanUps.push(() => relay.close(0));
  return { relay, port };
}

/** Hosts with a cluster and an endpoint set each, and the listener that leads to them, published together. */
export function putHosts(view: TestView, hosts: readonly string[], seconds = 1): void {
  for (const host of hosts) {
    const set = `set-${host}`;
    const cluster = Cluster.encode({
      name: host,
      type: 'EDS',
      connect_timeout: { seconds },
      eds_cluster_config: { service_name: set },
    });
    view.stage(CLUSTER_TYPE, host, encodeResource(CLUSTER_TYPE, host, cluster, { reference: set }));
    view.stage(ENDPOINT_TYPE, set, encodeResource(ENDPOINT_TYPE, set, Buffer.from(set)));
  }
  view.stage(LISTENER_TYPE, 'main', encodeResource(LISTENER_TYPE, 'main', Buffer.from('listener')));
  view.publish();
}

export function removeHost(view: TestView, host: string): void {
  view.stage(CLUSTER_TYPE, host, undefined);
  view.stage(ENDPOINT_TYPE, `set-${host}`, undefined);
  view.publish();
}

/**
 * Plays an Envoy: wants all clusters, the endpoint sets that they refer to, then listeners. It acknowledges everything, save
 * for what `rejects` says; what it has is in `has`, as `type:name`.
 */
export class PlayedEnvoy {
  readonly stream: TestStream;
  /** Versions, by `cluster:NAME` and the like. */
  readonly has = new Map<string, string>();
  /** All that it was told, `+cluster:NAME` and `-cluster:NAME`. */
  readonly told: string[] = [];
  rejects = new Set<string>();
  readonly #waiting: { readonly isMet: () => boolean; readonly resolve: () => void }[] = [];
  #hasAskedForListeners = false;
  readonly #subscribed = new Set<string>();

  constructor(port: number, has: ReadonlyMap<string, string> = new Map(), node: object = NODE) {
    ({ stream: this.stream } = open(port));
    for (const [key, version] of has) this.has.set(key, version);
    const initial = (type: string) =>
      Object.fromEntries(
        [...has].flatMap(([key, version]) =>
          key.startsWith(`${type}:`) ? [[key.slice(type.length + 1), version]] : [],
        ),
      );
    this.stream.send({ type_url: CLUSTER_TYPE, node, initial_resource_versions: initial('cluster') });
    if (has.size > 0) {
      const sets = Object.keys(initial('endpoint'));
      for (const set of sets) this.#subscribed.add(set);
      this.stream.send({
        type_url: ENDPOINT_TYPE,
        resource_names_subscribe: sets,
        initial_resource_versions: initial('endpoint'),
      });
      this.#hasAskedForListeners = true;
      this.stream.send({ type_url: LISTENER_TYPE, initial_resource_versions: initial('listener') });
    }
    void this.#read();
  }

  /** Resolves once it has been told so that the condition holds. */
  async until(isMet: () => boolean): Promise<void> {
    if (isMet()) return;
    await new Promise<void>((resolve) => this.#waiting.push({ isMet, resolve }));
  }

  async untilTold(...words: readonly string[]): Promise<void> {
    await this.until(() => words.every((word) => this.told.includes(word)));
  }

  close(): void {
    this.stream.call.end();
  }

  async #read(): Promise<void> {
    try {
      for (;;) this.#take(await this.stream.next());
    } catch {
      // The stream has ended.
    }
  }

  #take({
    type_url = '',
    nonce = '',
    resources = [],
    removed_resources: removed = [],
  }: DeltaDiscoveryResponse): void {
    const type = TYPES[type_url] ?? 'other';
    const rejected = resources.map(({ name = '' }) => name).filter((name) => this.rejects.has(name));
    const subscribe: string[] = [];
    for (const { name = '', version = '' } of resources) {
      this.told.push(`+${type}:${name}`);
      if (rejected.length > 0) continue;
      this.has.set(`${type}:${name}`, version);
      if (type === 'cluster' && !this.#subscribed.has(`set-${name}`)) subscribe.push(`set-${name}`);
    }
    for (const name of removed) {
      this.told.push(`-${type}:${name}`);
      this.has.delete(`${type}:${name}`);
    }
    this.stream.send({
      type_url,
      response_nonce: nonce,
      ...(rejected.length > 0 && { error_detail: { code: 13, message: `cannot take ${rejected.join()}` } }),
    });
    if (subscribe.length > 0) {
      for (const set of subscribe) this.#subscribed.add(set);
      this.stream.send({ type_url: ENDPOINT_TYPE, resource_names_subscribe: subscribe });
    }
    if (type === 'endpoint' && !this.#hasAskedForListeners) {
      this.#hasAskedForListeners = true;
      this.stream.send({ type_url: LISTENER_TYPE });
    }
    for (const waiting of this.#waiting.splice(0)) {
      if (waiting.isMet()) waiting.resolve();
      else this.#waiting.push(waiting);
    }
  }
}

const TYPES: Readonly<Record<string, string>> = {
  [CLUSTER_TYPE]: 'cluster',
  [ENDPOINT_TYPE]: 'endpoint',
  [LISTENER_TYPE]: 'listener',
};
