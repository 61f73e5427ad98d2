import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';
import { protoPath as healthProtoPath } from 'grpc-health-check';
import {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
  decodeDeltaRequest,
  protoDirectory,
} from '../proto/index.ts';
import type { StreamResponse } from './stream.ts';

export const ADS_SERVICE_NAME = 'envoy.service.discovery.v3.AggregatedDiscoveryService';

/** What the server offers, as reflection describes it. */
export function servedPackage(): PackageDefinition {
  return loadSync(['envoy/service/discovery/v3/ads.proto', healthProtoPath], {
    includeDirs: [protoDirectory()],
    keepCase: true,
  });
}

/**
 * The service as grpc-js serves it. A response is bytes already: its resources are encoded once for all streams, so
 * serializing is not grpc-js's business.
 */
export const ADS_SERVICE = {
  DeltaAggregatedResources: {
    path: `/${ADS_SERVICE_NAME}/DeltaAggregatedResources`,
    requestStream: true,
    responseStream: true,
    requestSerialize: (request: Parameters<typeof DeltaDiscoveryRequest.encode>[0]) =>
      Buffer.from(DeltaDiscoveryRequest.encode(request)),
    requestDeserialize: decodeDeltaRequest,
    responseSerialize: (bytes: Buffer) => bytes,
    responseDeserialize: (bytes: Buffer) => DeltaDiscoveryResponse.decode(bytes),
  },
  StreamAggregatedResources: {
    path: `/${ADS_SERVICE_NAME}/StreamAggregatedResources`,
    requestStream: true,
    responseStream: true,
    requestSerialize: (bytes: Buffer) => bytes,
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: (bytes: Buffer) => bytes,
    responseDeserialize: (bytes: Buffer) => bytes,
  },
} satisfies ServiceDefinition;

const TAG = { systemVersion: 0x0a, resource: 0x12, typeUrl: 0x22, nonce: 0x2a, removed: 0x32 } as const;

/**
 * An `envoy.service.discovery.v3.DeltaDiscoveryResponse` around resources that are encoded already: the same bytes as
 * by the general codec, which would look at each of them.
 */
export function encodeResponse({ typeUrl, nonce, batch }: StreamResponse, systemVersion: string): Buffer {
  const removed = batch.removed.map((name) => Buffer.from(name));
  const fields: (readonly [tag: number, content: Uint8Array])[] = [
    [TAG.systemVersion, Buffer.from(systemVersion)],
    ...batch.resources.map(({ bytes }) => [TAG.resource, bytes] as const),
    [TAG.typeUrl, Buffer.from(typeUrl)],
    [TAG.nonce, Buffer.from(nonce)],
    ...removed.map((name) => [TAG.removed, name] as const),
  ];
  let length = 0;
  for (const [, { length: size }] of fields) length += 1 + varintLength(size) + size;
  const response = Buffer.allocUnsafe(length);
  let at = 0;
  for (const [tag, content] of fields) {
    response[at] = tag;
    at = writeVarint(response, at + 1, content.length);
    response.set(content, at);
    at += content.length;
  }
  return response;
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) length += 1;
  return length;
}

function writeVarint(target: Buffer, at: number, value: number): number {
  let rest = value;
  let position = at;
  for (; rest > 0x7f; rest >>>= 7) {
    target[position] = (rest & 0x7f) | 0x80;
    position += 1;
  }
  target[position] = rest;
  return position + 1;
}
