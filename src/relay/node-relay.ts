import type { AdsConnection, ConnectionEvents } from '../xds/connection.ts';
import type { NodeIdentity } from '../xds/node-identity.ts';
import { AdsServer } from '../xds/server.ts';
import { RelayedResources, type ResourceUpdate } from './relayed-resources.ts';
import { DEFAULT_UPSTREAM_OPTIONS, Upstream, type UpstreamOptions, type UpstreamTarget } from './upstream.ts';
import { UpstreamStream } from './upstream-stream.ts';

/** How long a cluster waits for its endpoint set. */
const WAIT_MS = 1_000;

export interface NodeRelayEvents {
  onEnvoyConnect?(node: NodeIdentity): void;
  onEnvoyDisconnect?(node: NodeIdentity, reason: string): void;
  /** A stream to the control plane is open. */
  onUpstreamConnect?(authority: string): void;
  /** It has ended, or could not be opened. */
  onUpstreamEnd?(authority: string, reason: string, wasOpen: boolean): void;
  /** A response of the control plane, as it came, and what it says. */
  onUpdate?(update: ResourceUpdate, response: Buffer): void;
  /** The control plane has told everything: from now on what is here is true. Once for each stream. */
  onComplete?(): void;
}

export interface NodeRelayOptions {
  readonly targets: readonly UpstreamTarget[];
  readonly upstream?: Partial<Omit<UpstreamOptions, 'targets'>>;
  readonly events?: NodeRelayEvents;
}

/** An Envoy that is connected, with its first request. */
interface Session {
  readonly connection: AdsConnection;
  readonly firstRequest: Buffer;
}

/**
 * Stands between the Envoy of this node and the control plane: keeps what the control plane says and serves it to the Envoy, at
 * once when it starts again. There is a stream to the control plane for as long as there is one of the Envoy, in its name.
 */
export class NodeRelay {
  readonly resources = new RelayedResources();
  readonly server: AdsServer;
  readonly #events: NodeRelayEvents;
  readonly #upstream: Upstream;
  /** In the order in which they came. With two, the older is what an Envoy has left behind. */
  readonly #sessions = new Map<AdsConnection, Session>();
  #followed: Session | undefined;
  /** Clusters that connections through the followed Envoy wait for, until the control plane has told everything. */
  readonly #demanded = new Set<string>();
  #stream: UpstreamStream | undefined;
  #connectedAt: Date | undefined;
  #wasComplete = false;
  #waiting: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor({ targets, upstream = {}, events = {} }: NodeRelayOptions) {
    this.#events = events;
    this.server = new AdsServer({
      view: this.resources.table,
      events: this.#connectionEvents(),
      // The control plane paces listeners, and sees by our answers what Envoy takes.
      listenerPace: undefined,
      // On one machine the kernel tells who is gone; and an Envoy that starts is busy for seconds.
      keepaliveMs: { interval: 30_000, timeout: 30_000 },
    });
    this.server.rejections.onEvent(() => this.#progress());
    this.#upstream = new Upstream(
      { ...DEFAULT_UPSTREAM_OPTIONS, ...upstream, targets },
      {
        onOpen: (authority, send) => this.#opened(authority, send),
        onResponse: (response) => this.#take(response),
        onEnd: (authority, reason, wasOpen) => {
          this.#stream = undefined;
          this.#connectedAt = undefined;
          this.#events.onUpstreamEnd?.(authority, reason, wasOpen);
        },
      },
    );
  }

  /** Since when there is a stream to the control plane. */
  get connectedAt(): Date | undefined {
    return this.#connectedAt;
  }

  /** Whether the control plane has told everything on the stream that there is now. */
  get isCurrent(): boolean {
    return this.#stream?.isComplete === true;
  }

  /** Whether the control plane has ever told everything. */
  get wasComplete(): boolean {
    return this.#wasComplete;
  }

  async close(graceMs: number): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#waiting);
    this.#upstream.close();
    await this.server.close(graceMs);
  }

  #connectionEvents(): ConnectionEvents {
    return {
      onConnect: (node, connection, firstRequest) => {
        this.#sessions.set(connection, { connection, firstRequest });
        this.#events.onEnvoyConnect?.(node);
        this.#followNewest();
      },
      onDisconnect: (node, reason, connection) => {
        this.#sessions.delete(connection);
        this.#events.onEnvoyDisconnect?.(node, reason);
        this.#followNewest();
      },
      onRequest: (connection) => {
        if (connection === this.#followed?.connection) this.#progress();
      },
      onDemand: (clusters, connection) => {
        if (connection !== this.#followed?.connection) return;
        for (const name of clusters) this.#demanded.add(name);
        this.#stream?.demand(clusters);
      },
    };
  }

  #followNewest(): void {
    const newest = [...this.#sessions.values()].at(-1);
    if (newest === this.#followed || this.#isClosed) return;
    this.#followed = newest;
    this.#demanded.clear();
    this.#stream = undefined;
    this.#connectedAt = undefined;
    if (newest === undefined) this.#upstream.close();
    else this.#upstream.open();
  }

  #opened(authority: string, send: (request: Uint8Array) => void): void {
    if (this.#followed === undefined) return;
    const { connection, firstRequest } = this.#followed;
    this.#connectedAt = new Date();
    this.#events.onUpstreamConnect?.(authority);
    this.#stream = new UpstreamStream(this.resources, connection, send);
    this.#stream.start(firstRequest);
    // A stream before may have ended over it.
    this.#stream.demand([...this.#demanded]);
  }

  #take(response: Buffer): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    const wasComplete = stream.isComplete;
    const update = stream.response(response);
    // What comes first may be served at once. That all has come is known later.
    this.resources.table.setSynced();
    if (update !== undefined) this.#events.onUpdate?.(update, response);
    if (stream.isComplete && !wasComplete) this.#completed();
    this.#waitForEndpoints();
  }

  #completed(): void {
    this.#wasComplete = true;
    this.#demanded.clear();
    this.resources.waitNoLonger();
    this.resources.table.setReady();
    this.resources.table.setConfirmed();
    this.#events.onComplete?.();
    this.#progress();
  }

  #waitForEndpoints(): void {
    if (this.resources.waitingCount === 0) {
      clearTimeout(this.#waiting);
      this.#waiting = undefined;
      return;
    }
    this.#waiting ??= setTimeout(() => {
      this.#waiting = undefined;
      this.resources.waitNoLonger();
    }, WAIT_MS).unref();
  }

  #progress(): void {
    this.#stream?.progress();
  }
}
