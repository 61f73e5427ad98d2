import { type ChannelCredentials, Client, type ClientDuplexStream, type ServiceError } from '@grpc/grpc-js';
import { ADS_SERVICE } from '../xds/service.ts';

/** Where a control plane is reached. */
export interface UpstreamTarget {
  /** Of grpc-js: `dns:///sluice.sluice-system.svc:18000`. */
  readonly authority: string;
  /** Made anew for each connection: certificates are replaced. */
  readonly credentials: () => ChannelCredentials;
  /** What the certificate must be for; `undefined`: the host of the address. */
  readonly serverName: string | undefined;
}

export interface UpstreamOptions {
  /** Replicas of one control plane, in the order in which they are tried. */
  readonly targets: readonly UpstreamTarget[];
  /** Milliseconds between attempts: the first time, and at most. */
  readonly retryMs: { readonly first: number; readonly most: number };
  readonly connectTimeoutMs: number;
  readonly keepaliveMs: { readonly interval: number; readonly timeout: number };
}

export const DEFAULT_UPSTREAM_OPTIONS = {
  retryMs: { first: 100, most: 1_000 },
  connectTimeoutMs: 5_000,
  keepaliveMs: { interval: 5_000, timeout: 5_000 },
} as const satisfies Partial<UpstreamOptions>;

/** What becomes of one attempt after the other. */
export interface UpstreamEvents {
  /** A stream is open. `send` writes a request. */
  onOpen(authority: string, send: (request: Uint8Array) => void): void;
  onResponse(response: Buffer): void;
  /** A stream ended, or none could be opened; the next attempt comes by itself. */
  onEnd(authority: string, reason: string, wasOpen: boolean): void;
}

type Call = ClientDuplexStream<Uint8Array, Buffer>;

/**
 * Holds one ADS stream to a control plane for as long as it is wanted: connects again, to the next replica, with a growing
 * pause, which is the first one again after a stream that answered.
 */
export class Upstream {
  readonly #options: UpstreamOptions;
  readonly #events: UpstreamEvents;
  #client: Client | undefined;
  #call: Call | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isWanted = false;
  #attempts: number;
  #retryMs: number;

  constructor(options: UpstreamOptions, events: UpstreamEvents) {
    this.#options = options;
    this.#events = events;
    this.#retryMs = options.retryMs.first;
    // Nodes that start at once do not all go to the first replica.
    this.#attempts = Math.floor(Math.random() * options.targets.length);
  }

  /** Opens a stream, and another one each time when it ends. One that is open is ended before. */
  open(): void {
    this.close();
    this.#isWanted = true;
    this.#connect();
  }

  /** Ends the stream without a word to `onEnd`. */
  close(): void {
    this.#isWanted = false;
    clearTimeout(this.#timer);
    this.#drop();
  }

  #drop(): void {
    const [call, client] = [this.#call, this.#client];
    this.#call = undefined;
    this.#client = undefined;
    call?.cancel();
    client?.close();
  }

  #connect(): void {
    const { targets, connectTimeoutMs, keepaliveMs } = this.#options;
    const target = targets[this.#attempts % targets.length];
    if (target === undefined) throw new Error('no address of a control plane');
    this.#attempts += 1;
    const { authority, serverName } = target;
    let client: Client;
    try {
      client = new Client(authority, target.credentials(), {
        'grpc.keepalive_time_ms': keepaliveMs.interval,
        'grpc.keepalive_timeout_ms': keepaliveMs.timeout,
        'grpc.max_receive_message_length': -1,
        'grpc.max_send_message_length': -1,
        'grpc.use_local_subchannel_pool': 1,
        'grpc.enable_http_proxy': 0,
        ...(serverName !== undefined && {
          'grpc.ssl_target_name_override': serverName,
          'grpc.default_authority': serverName,
        }),
      });
    } catch (error) {
      this.#ended(undefined, authority, messageOf(error), false);
      return;
    }
    this.#client = client;
    const { path } = ADS_SERVICE.DeltaAggregatedResources;
    const call: Call = client.makeBidiStreamRequest(path, Buffer.from, (bytes: Buffer) => bytes);
    this.#call = call;
    const isPresent = (): boolean => this.#call === call;
    let wasOpen = false;
    const end = (reason: string): void => {
      if (isPresent()) this.#ended(client, authority, reason, wasOpen);
    };
    call.on('data', (response: Buffer) => {
      if (!isPresent()) return;
      this.#retryMs = this.#options.retryMs.first;
      try {
        this.#events.onResponse(response);
      } catch (error) {
        end(`a response cannot be read: ${messageOf(error)}`);
      }
    });
    call.on('error', ({ details, message }: ServiceError) => end(details === '' ? message : details));
    call.on('end', () => end('the control plane ended the stream'));
    // The call fails by itself where nobody listens, and says why; where nobody answers it would wait for minutes.
    client.waitForReady(Date.now() + connectTimeoutMs, (error) => {
      if (error) return end(`no connection within ${connectTimeoutMs} ms`);
      if (!isPresent()) return;
      wasOpen = true;
      this.#events.onOpen(authority, (request) => void call.write(request));
    });
  }

  #ended(client: Client | undefined, authority: string, reason: string, wasOpen: boolean): void {
    if (client === this.#client) this.#drop();
    this.#events.onEnd(authority, reason, wasOpen);
    if (!this.#isWanted) return;
    const { most } = this.#options.retryMs;
    // All nodes lose a control plane at the same moment.
    const waitMs = this.#retryMs * (0.5 + Math.random() / 2);
    this.#retryMs = Math.min(2 * this.#retryMs, most);
    this.#timer = setTimeout(() => this.#connect(), waitMs);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
