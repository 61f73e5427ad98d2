import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import type { Lane } from '../event-loop/turns.ts';
import { type DeltaRequest, decodeDeltaRequest } from '../proto/index.ts';
import { CLUSTER_TYPE, type ResourceView, type SnapshotChange } from '../snapshot/resources/resource.ts';
import type { DemandWindowOptions, WindowEnd } from './demand-window.ts';
import { ListenerPace, type ListenerPaceOptions } from './listeners/listener-pace.ts';
import { limitsOf, type NodeIdentity } from './node-identity.ts';
import { OwnerTurns } from './owner-turns.ts';
import type { Rejections } from './rejections.ts';
import { encodeResponse } from './service.ts';
import { AdsStream } from './stream.ts';
import type { StreamLimits } from './stream-limits.ts';
import type { StreamResponse } from './stream-messages.ts';
import { StreamRefusal } from './stream-refusal.ts';

/** Responses handed to the transport and not yet taken by it; what waits beyond them is not even encoded. */
const MAX_IN_FLIGHT = 2;
const LONGEST_NODE_ID = 253;
/** A larger request is that of an Envoy that comes back, and waits for its turn. */
const LARGE_REQUEST_BYTES = 64 * 1024;

export interface ConnectionEvents {
  /** The first request arrived: its bytes. */
  onConnect?(node: NodeIdentity, connection: AdsConnection, request: Buffer): void;
  onDisconnect?(node: NodeIdentity, reason: string, connection: AdsConnection): void;
  /** A request was read: what the Envoy wants, has or rejected may be another. */
  onRequest?(connection: AdsConnection): void;
  /** `elapsedMs` since the response, which had the nonce, was handed to the transport. */
  onAck?(
    node: NodeIdentity,
    typeUrl: string,
    resources: number,
    elapsedMs: number,
    nonce: string,
    connection: AdsConnection,
  ): void;
  /** Clusters that connections through an Envoy wait for, and that are not here, while not all is. */
  onDemand?(names: readonly string[], connection: AdsConnection): void;
  /** The demand window of an Envoy ended. */
  onWindowEnd?(node: NodeIdentity, end: WindowEnd): void;
  /** `bytes`: size of the response. */
  onSend?(node: NodeIdentity, response: StreamResponse, bytes: number, connection: AdsConnection): void;
}

export interface ConnectionOptions {
  readonly limits: StreamLimits;
  /** After how many milliseconds what an Envoy rejected is tried again: the first time, and at most. */
  readonly retryMs: { readonly first: number; readonly most: number };
  /** `undefined`: changed listeners are sent as they come. */
  readonly listenerPace: ListenerPaceOptions | undefined;
  /** `undefined`: Envoys that start are told of hosts in an order of ours. */
  readonly demandWindow: DemandWindowOptions | undefined;
}

/** What the connections of one server have in common. */
export interface SharedByConnections {
  /** Where large requests are read, one after the other. */
  readonly lane: Lane;
  readonly rejections: Rejections;
}

/** The gRPC call of an ADS stream: requests and responses are bytes. */
export type AdsCall = ServerDuplexStream<Buffer, Buffer>;

/** One Envoy's ADS stream: joins the protocol (`AdsStream`) to the transport, and heeds its back-pressure. */
export class AdsConnection {
  readonly #call: AdsCall;
  readonly #view: ResourceView;
  readonly #stream: AdsStream;
  readonly #events: ConnectionEvents;
  readonly #options: ConnectionOptions;
  readonly #rejections: Rejections;
  readonly #sentAt = new Map<string, number>();
  readonly #closed = Promise.withResolvers<void>();
  #node: NodeIdentity | undefined;
  /** The client has something that is not here, or another version of it, and what is here may be provisional. */
  #hasOthers = false;
  #inFlight = 0;
  #scheduled = false;
  #ended = false;
  #behindSince: number | undefined;
  /** That was told. */
  #windowEnd: WindowEnd | undefined;
  #retry: NodeJS.Timeout | undefined;
  #later: NodeJS.Timeout | undefined;
  #retryMs: number;

  constructor(
    call: AdsCall,
    view: ResourceView,
    events: ConnectionEvents,
    options: ConnectionOptions,
    { lane, rejections }: SharedByConnections,
  ) {
    this.#call = call;
    this.#view = view;
    this.#events = events;
    this.#options = options;
    this.#rejections = rejections;
    this.#retryMs = options.retryMs.first;
    const { limits, listenerPace, demandWindow } = options;
    const pace = listenerPace && new ListenerPace(listenerPace);
    this.#stream = new AdsStream(view, limits, pace, new OwnerTurns(), demandWindow);
    call.on('data', (request: Buffer) => {
      if (request.length <= LARGE_REQUEST_BYTES) return this.#receive(request);
      call.pause();
      lane.later(() => {
        this.#receive(request);
        call.resume();
      });
    });
    call.on('end', () => this.#finish('the Envoy ended the stream'));
    call.on('cancelled', () => this.#finish('the connection is gone'));
    call.on('error', (error: Error) => this.#finish(error.message));
  }

  /** `undefined` before the first request. */
  get node(): NodeIdentity | undefined {
    return this.#node;
  }

  /** Whether the client had everything once on this stream, listeners included: it serves, however far it is behind. */
  get hasBeenCurrent(): boolean {
    return this.#stream.hasBeenCurrent;
  }

  /** Since when the client has not had, or not acknowledged, everything (`performance.now`); `undefined` if it has. */
  get behindSince(): number | undefined {
    return this.#behindSince;
  }

  get stream(): AdsStream {
    return this.#stream;
  }

  /** Whether nothing is sent for now: what is here is to be confirmed, and the client may be ahead of it. */
  get isHeldOff(): boolean {
    return this.#view.provisional && this.#hasOthers;
  }

  /** Settles when the stream has ended, whoever ended it. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  snapshotChanged(change: SnapshotChange): void {
    this.#stream.snapshotChanged(change);
    this.#noteProgress();
    this.#schedule();
  }

  /** Ends the stream with a status that makes Envoy connect again, to another replica if there is one. */
  drain(): void {
    this.#end(status.UNAVAILABLE, 'this replica of the control plane is shutting down', 'draining');
  }

  #receive(bytes: Buffer): void {
    if (this.#ended) return;
    try {
      const request = decodeRequest(bytes);
      const mayBeBehind = this.#view.provisional || !this.#view.synced;
      this.#hasOthers ||= mayBeBehind && hasOthers(request, this.#view);
      this.#identify(request, bytes);
      const { acknowledged, rejected } = this.#stream.request(request);
      const node = this.#node;
      const nonce = request.response_nonce ?? '';
      const sentAt = this.#sentAt.get(nonce);
      this.#sentAt.delete(nonce);
      if (node !== undefined && acknowledged !== undefined) {
        const elapsedMs = sentAt === undefined ? 0 : performance.now() - sentAt;
        this.#rejections.acknowledged(node, this.#stream, acknowledged.typeUrl);
        const { typeUrl, resources } = acknowledged;
        this.#events.onAck?.(node, typeUrl, resources, elapsedMs, nonce, this);
      }
      if (node !== undefined && rejected !== undefined) {
        this.#rejections.rejected(node, this.#stream, rejected);
        this.#retryLater();
      }
      this.#noteProgress();
      if (!this.#view.ready && this.#stream.window.isOpen) this.#noteDemand(request);
      this.#events.onRequest?.(this);
      this.#schedule();
    } catch (error) {
      if (!(error instanceof StreamRefusal)) throw error;
      this.#end(status[error.status], error.message, error.message);
    }
  }

  #noteDemand({ type_url: typeUrl, resource_names_subscribe: names = [] }: DeltaRequest): void {
    const missing = typeUrl === CLUSTER_TYPE ? names.filter((name) => !this.#view.get(typeUrl, name)) : [];
    if (missing.length > 0) this.#events.onDemand?.(missing, this);
  }

  #noteProgress(): void {
    if (this.#stream.isCurrent) this.#behindSince = undefined;
    else this.#behindSince ??= performance.now();
    const { end } = this.#stream.window;
    if (end === undefined || end === this.#windowEnd || this.#node === undefined) return;
    this.#windowEnd = end;
    this.#events.onWindowEnd?.(this.#node, end);
  }

  #identify({ node }: DeltaRequest, request: Buffer): void {
    if (this.#node !== undefined) return;
    const peer = this.#call.getPeer();
    const { major_number = 0, minor_number = 0, patch = 0 } = node?.user_agent_build_version?.version ?? {};
    const id = (node?.id ?? '').slice(0, LONGEST_NODE_ID);
    const limits = limitsOf(node?.metadata);
    this.#node = Object.freeze({
      id: id === '' ? peer : id,
      version: node?.user_agent_build_version?.version ? `${major_number}.${minor_number}.${patch}` : '',
      peer,
      ...(limits && { limits }),
    });
    this.#events.onConnect?.(this.#node, this, request);
  }

  /** Pumps responses in the next turn of the event loop, so that a burst of requests or changes is looked at whole. */
  #schedule(): void {
    if (this.#scheduled || this.#ended) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    // "Nothing before every source has synced": a control plane that has just started knows of no routes yet.
    if (this.#ended || !this.#view.synced || this.isHeldOff) return;
    while (this.#inFlight < MAX_IN_FLIGHT) {
      const response = this.#stream.next();
      if (response === undefined) {
        this.#pumpLater(this.#stream.waitMs);
        return;
      }
      const bytes = encodeResponse(response, this.#view.version);
      this.#inFlight += 1;
      this.#remember(response.nonce);
      this.#call.write(bytes, () => {
        this.#inFlight -= 1;
        this.#schedule();
      });
      if (this.#node !== undefined) this.#events.onSend?.(this.#node, response, bytes.length, this);
    }
  }

  #pumpLater(waitMs: number): void {
    if (waitMs === 0) return;
    // What waits for something else than before may have to wait for less.
    clearTimeout(this.#later);
    this.#later = setTimeout(() => {
      this.#later = undefined;
      this.#pump();
    }, waitMs).unref();
  }

  #remember(nonce: string): void {
    this.#sentAt.set(nonce, performance.now());
    const [oldest] = this.#sentAt.keys();
    if (this.#sentAt.size > 1_024 && oldest !== undefined) this.#sentAt.delete(oldest);
  }

  /** A port that another process holds is free one day, and Envoy does not try again by itself. */
  #retryLater(): void {
    if (this.#retry !== undefined || this.#ended) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      if (this.#stream.retryHeld() === 0) {
        this.#retryMs = this.#options.retryMs.first;
        return;
      }
      this.#retryMs = Math.min(this.#retryMs * 2, this.#options.retryMs.most);
      this.#retryLater();
      this.#schedule();
    }, this.#retryMs).unref();
  }

  #end(code: status, details: string, reason: string): void {
    if (this.#ended) return;
    this.#finish(reason, () => this.#call.emit('error', { code, details }));
  }

  #finish(reason: string, endCall: () => void = () => this.#call.end()): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#later);
    endCall();
    this.#rejections.ended(this.#stream);
    if (this.#node !== undefined) this.#events.onDisconnect?.(this.#node, reason, this);
    this.#closed.resolve();
  }
}

/** Whether the client says that it has a resource, or a version of one, that is not here. */
function hasOthers(
  { type_url: typeUrl = '', initial_resource_versions: versions = {} }: DeltaRequest,
  view: ResourceView,
): boolean {
  const pairs = Symbol.iterator in versions ? versions : Object.entries(versions);
  for (const [name, version] of pairs) if (view.get(typeUrl, name)?.version !== version) return true;
  return false;
}

function decodeRequest(bytes: Buffer): DeltaRequest {
  try {
    return decodeDeltaRequest(bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StreamRefusal(
      'SLUICE_XDS_MALFORMED',
      'INVALID_ARGUMENT',
      `not a DeltaDiscoveryRequest: ${reason}`,
    );
  }
}
