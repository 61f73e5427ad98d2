/**
 * The barest xDS server that there can be: responses framed before the clock starts, HTTP/2 without a gRPC library,
 * one Envoy. It serves what Sluice would make of N tenants and their Gateway.
 */
import { once } from 'node:events';
import { createServer, type ServerHttp2Stream } from 'node:http2';
import process from 'node:process';
import { DeltaDiscoveryRequest, FramedDeltaDiscoveryResponse } from '../../src/proto/index.ts';
import { DEFAULT_ENGINE_CONFIG } from '../../src/snapshot/config.ts';
import { Engine } from '../../src/snapshot/engine/engine.ts';
import {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  type EncodedResource,
  LISTENER_TYPE,
} from '../../src/snapshot/resources/resource.ts';
import { decodeObject } from '../../src/watchers/objects/decode.ts';
import { monotonicMs } from '../clock.ts';
import { gateway, gatewayClass, tenants } from '../world/manifests.ts';
import { FrameReader, frame } from './grpc-frames.ts';

const [port = 0, routes = 0, chunk = 0] = process.argv.slice(2).map(Number);

const engine = new Engine(DEFAULT_ENGINE_CONFIG);
for (const manifest of [gatewayClass(), gateway(), ...tenants(routes)]) {
  const decoded = decodeObject(manifest);
  if (decoded.type === 'object') engine.takeEvents([{ type: 'upsert', object: decoded.object }]);
}
engine.flush();

let nonce = 0;

function response(typeUrl: string, resources: readonly EncodedResource[]): Buffer {
  nonce += 1;
  return frame(
    FramedDeltaDiscoveryResponse.encode({
      type_url: typeUrl,
      nonce: String(nonce),
      resources: resources.map(({ bytes }) => bytes),
    }),
  );
}

function responses(typeUrl: string, resources: readonly EncodedResource[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let from = 0; from < resources.length; from += chunk) {
    chunks.push(response(typeUrl, resources.slice(from, from + chunk)));
  }
  return chunks;
}

const clusters = responses(CLUSTER_TYPE, [...engine.resources.all(CLUSTER_TYPE)]);
const listeners = responses(LISTENER_TYPE, [...engine.resources.all(LISTENER_TYPE)]);

/** Envoy asks for the endpoints of each response of clusters in one request. */
function answer(stream: ServerHttp2Stream, bytes: Buffer): void {
  const {
    type_url: typeUrl = '',
    resource_names_subscribe: names = [],
    response_nonce,
  } = DeltaDiscoveryRequest.decode(bytes);
  if (typeUrl === ENDPOINT_TYPE) {
    const resources = names.flatMap((name) => engine.resources.get(ENDPOINT_TYPE, name) ?? []);
    for (const each of responses(ENDPOINT_TYPE, resources)) stream.write(each);
  } else if ((response_nonce ?? '') === '') stream.write(response(typeUrl, []));
}

let envoy: ServerHttp2Stream | undefined;
const server = createServer({ settings: { initialWindowSize: 1024 * 1024 } });
server.on('stream', (stream) => {
  envoy = stream;
  stream.on('error', () => {});
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
  const reader = new FrameReader();
  stream.on('data', (data: Buffer) => {
    for (const message of reader.push(data)) answer(stream, message);
  });
});
process.on('message', () => {
  const at = monotonicMs();
  for (const each of [...clusters, ...listeners]) envoy?.write(each);
  process.send?.({ at });
});
server.listen(port, '127.0.0.1');
await once(server, 'listening');
process.send?.({ at: monotonicMs() });
