import { Server, ServerCredentials, type ServerDuplexStream, status } from '@grpc/grpc-js';
import { type Lane, processTurns } from '../event-loop/turns.ts';
import type { ResourceView } from '../snapshot/resources/resource.ts';
import { type AdsCall, AdsConnection, type ConnectionEvents, type ConnectionOptions } from './connection.ts';
import { DEFAULT_DEMAND_WINDOW } from './demand-window.ts';
import { Health } from './grpc-services/health.ts';
import { reflection } from './grpc-services/reflection.ts';
import { DEFAULT_LISTENER_PACE } from './listeners/listener-pace.ts';
import type { NodeIdentity } from './node-identity.ts';
import { Rejections } from './rejections.ts';
import { DEFAULT_REQUEST_LIMIT, type RequestLimitOptions, requestLimit } from './request-limit.ts';
import { ADS_SERVICE, ADS_SERVICE_NAME } from './service.ts';
import type { AdsStream } from './stream.ts';
import { DEFAULT_STREAM_LIMITS } from './stream-limits.ts';

export interface AdsServerOptions extends ConnectionOptions {
  readonly view: ResourceView;
  readonly events: ConnectionEvents;
  readonly credentials: ServerCredentials;
  /** HTTP/2 pings to Envoys: how often, and how long one may take. What a node that died had is known by these alone. */
  readonly keepaliveMs: { readonly interval: number; readonly timeout: number };
  /** Where large requests are read, all connections' one after the other; that of the process unless given. */
  readonly lane: Lane;
  readonly requestLimit: RequestLimitOptions;
}

export const DEFAULT_ADS_SERVER_OPTIONS = {
  limits: DEFAULT_STREAM_LIMITS,
  retryMs: { first: 5_000, most: 30_000 },
  keepaliveMs: { interval: 2_000, timeout: 2_000 },
  requestLimit: DEFAULT_REQUEST_LIMIT,
  listenerPace: DEFAULT_LISTENER_PACE,
  demandWindow: DEFAULT_DEMAND_WINDOW,
  lane: processTurns.xds,
} as const satisfies Partial<AdsServerOptions>;

/** A port, or the absolute path of a Unix socket. */
export type ListenAddress = { readonly host: string; readonly port: number } | { readonly path: string };

/** An Envoy that is connected now. */
export interface ConnectedNode extends NodeIdentity {
  readonly connectedAt: Date;
  readonly stream: AdsStream;
  /** See `AdsConnection`. */
  readonly hasBeenCurrent: boolean;
  /** See `AdsConnection`. */
  readonly behindSince: number | undefined;
}

/** An Envoy that has not caught up for so long is broken, or changes come faster than it takes them. */
const SILENT_MS = 5_000;

/** Streams on one TCP connection: Envoy needs one; reflection and health a few. */
const MAX_STREAMS_PER_CONNECTION = 32;

/** Aggregated discovery, incremental variant, over gRPC; with gRPC health and reflection. */
export class AdsServer {
  /** What the connected Envoys rejected. */
  readonly rejections: Rejections;
  readonly #options: AdsServerOptions;
  readonly #server: Server;
  readonly #health = new Health();
  readonly #connections = new Map<AdsConnection, Date>();
  readonly #unsubscribe: () => void;
  #draining = false;

  constructor(
    options: Pick<AdsServerOptions, 'view'> & {
      readonly [K in keyof AdsServerOptions]?: AdsServerOptions[K];
    },
  ) {
    this.#options = {
      ...DEFAULT_ADS_SERVER_OPTIONS,
      events: {},
      credentials: ServerCredentials.createInsecure(),
      ...options,
    };
    const { view, keepaliveMs, requestLimit: limit } = this.#options;
    this.rejections = new Rejections(view);
    this.#server = new Server({
      'grpc.keepalive_time_ms': keepaliveMs.interval,
      'grpc.keepalive_timeout_ms': keepaliveMs.timeout,
      // Looked at for each stream.
      get 'grpc.max_receive_message_length'() {
        return requestLimit(view, limit);
      },
      'grpc.max_send_message_length': -1,
      'grpc.max_concurrent_streams': MAX_STREAMS_PER_CONNECTION,
      'grpc.so_reuseport': 0,
    });
    this.#server.addService(ADS_SERVICE, {
      DeltaAggregatedResources: (call: AdsCall) => this.#accept(call),
      StreamAggregatedResources: refuseStateOfTheWorld,
    });
    this.#health.addToServer(this.#server);
    reflection().addToServer(this.#server);
    this.#unsubscribe = view.onChange((change) => {
      this.#announceHealth();
      for (const connection of this.#connections.keys()) connection.snapshotChanged(change);
    });
    this.#announceHealth();
  }

  /**
   * Resolves with the port listened on, of a Unix socket with none of meaning; rejects where the address cannot be had. Port 0
   * takes a free one.
   */
  listen(address: ListenAddress): Promise<number> {
    const authority = 'path' in address ? `unix:${address.path}` : authorityOf(address);
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(authority, this.#options.credentials, (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
  }

  /** The Envoys whose first request has arrived. */
  nodes(): ConnectedNode[] {
    return [...this.#connections].flatMap(([{ node, stream, hasBeenCurrent, behindSince }, connectedAt]) =>
      node === undefined ? [] : [{ ...node, connectedAt, stream, hasBeenCurrent, behindSince }],
    );
  }

  /** Whether an Envoy is being told something: not one that has had time enough to answer and has not. */
  get isBehind(): boolean {
    const longAgo = performance.now() - SILENT_MS;
    for (const { behindSince = longAgo } of this.#connections.keys()) if (behindSince > longAgo) return true;
    return false;
  }

  /**
   * Takes no more streams and ends those there are, so that Envoys connect elsewhere; what is still open after
   * `graceMs` is cut.
   */
  async close(graceMs: number): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    this.#unsubscribe();
    this.#announceHealth();
    const connections = [...this.#connections.keys()];
    for (const connection of connections) connection.drain();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.#server.forceShutdown(), graceMs);
      this.#server.tryShutdown(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #announceHealth(): void {
    const serving = this.#options.view.ready && !this.#draining ? 'SERVING' : 'NOT_SERVING';
    for (const service of ['', ADS_SERVICE_NAME]) this.#health.setStatus(service, serving);
  }

  #accept(call: AdsCall): void {
    const connection = new AdsConnection(call, this.#options.view, this.#options.events, this.#options, {
      lane: this.#options.lane,
      rejections: this.rejections,
    });
    this.#connections.set(connection, new Date());
    void connection.closed.then(() => this.#connections.delete(connection));
    if (this.#draining) connection.drain();
  }
}

function authorityOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function refuseStateOfTheWorld(call: ServerDuplexStream<Buffer, Buffer>): void {
  call.on('error', () => {});
  call.emit('error', {
    code: status.UNIMPLEMENTED,
    details:
      'SLUICE_XDS_DELTA_ONLY: Sluice serves incremental xDS; set api_type: DELTA_GRPC in ads_config ("sluice bootstrap" prints one)',
  });
}
