/** A delta xDS client that behaves as an Envoy does towards its server, and builds nothing of what it is told. */
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { DeltaDiscoveryRequest } from '../../src/proto/index.ts';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE } from '../../src/snapshot/resources/resource.ts';
import { ADS_SERVICE_NAME } from '../../src/xds/service.ts';
import { BACKEND_PORT, nameOf, namespaceOf } from '../world/manifests.ts';
import { FrameReader, frame } from './grpc-frames.ts';
import { scanResponse } from './response-scan.ts';

const WINDOW_BYTES = 16 * 1024 * 1024;
const RECONNECT_MS = 100;

/** What all nodes have, since all have the same: type URL → name → version. */
const versions: Readonly<Record<string, Map<string, string>>> = {
  [CLUSTER_TYPE]: new Map(),
  [ENDPOINT_TYPE]: new Map(),
  [LISTENER_TYPE]: new Map(),
};
/** Requests for the endpoints of a response's clusters, by what is in it. */
const endpointRequests = new Map<string, Buffer>();

export class SimulatedNode {
  readonly #id: string;
  readonly #url: string;
  readonly #onResponse: () => void;
  #session: ClientHttp2Session | undefined;
  #stream: ClientHttp2Stream | undefined;
  /** Of the present stream, by type URL. */
  responses: Record<string, number> = {};
  resources: Record<string, number> = {};
  bytesReceived = 0;
  bytesSent = 0;

  /** `onResponse` is called after each response has been answered. */
  constructor(id: string, port: number, onResponse: () => void) {
    this.#id = id;
    this.#url = `http://127.0.0.1:${port}`;
    this.#onResponse = onResponse;
  }

  /** Connects, and again whenever the connection is lost. */
  connect(): void {
    this.responses = {};
    this.resources = {};
    this.bytesReceived = 0;
    this.bytesSent = 0;
    const session = connect(this.#url, { settings: { initialWindowSize: WINDOW_BYTES } });
    this.#session = session;
    session.on('error', () => {});
    session.on('connect', () => session.setLocalWindowSize(WINDOW_BYTES));
    session.once('close', () => setTimeout(() => this.connect(), RECONNECT_MS));
    const stream = session.request({
      ':method': 'POST',
      ':path': `/${ADS_SERVICE_NAME}/DeltaAggregatedResources`,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    this.#stream = stream;
    stream.on('error', () => {});
    stream.once('close', () => session.close());
    const reader = new FrameReader();
    stream.on('data', (data: Buffer) => {
      for (const message of reader.push(data)) this.#receive(message);
    });
    this.#subscribe();
  }

  #subscribe(): void {
    const node = { id: this.#id, cluster: 'sluice' };
    for (const [typeUrl, known] of Object.entries(versions)) {
      if (typeUrl === ENDPOINT_TYPE && known.size === 0) continue;
      this.#send(
        DeltaDiscoveryRequest.encode({
          node,
          type_url: typeUrl,
          initial_resource_versions: Object.fromEntries(known),
          resource_names_subscribe: typeUrl === ENDPOINT_TYPE ? [...known.keys()] : [],
        }),
      );
    }
  }

  #receive(message: Buffer): void {
    this.bytesReceived += message.length;
    const { typeUrl, nonce, resources } = scanResponse(message);
    this.responses[typeUrl] = (this.responses[typeUrl] ?? 0) + 1;
    this.resources[typeUrl] = (this.resources[typeUrl] ?? 0) + resources.length;
    const known = versions[typeUrl];
    for (const { name, version } of resources) known?.set(name, version);
    this.#send(DeltaDiscoveryRequest.encode({ type_url: typeUrl, response_nonce: nonce }));
    if (typeUrl === CLUSTER_TYPE && resources.length > 0)
      this.#send(endpointRequest(resources.map(({ name }) => name)));
    this.#onResponse();
  }

  #send(message: Uint8Array): void {
    this.bytesSent += message.length;
    this.#stream?.write(frame(message));
  }

  get isConnected(): boolean {
    return this.#session?.closed === false && this.#session.connecting === false;
  }
}

function endpointRequest(clusters: readonly string[]): Buffer {
  const key = `${clusters.length} ${clusters[0]} ${clusters.at(-1)}`;
  let request = endpointRequests.get(key);
  if (request === undefined) {
    request = Buffer.from(
      DeltaDiscoveryRequest.encode({
        type_url: ENDPOINT_TYPE,
        resource_names_subscribe: clusters.map(endpointsOf),
      }),
    );
    endpointRequests.set(key, request);
  }
  return request;
}

/** The endpoint set of a tenant's cluster, `0.0.0.0:443/cluster-7.stage.example.com`. */
function endpointsOf(cluster: string): string {
  const index = Number(/\/cluster-(\d+)\./.exec(cluster)?.[1]);
  return `${namespaceOf(index)}/${nameOf(index)}/${BACKEND_PORT}`;
}
