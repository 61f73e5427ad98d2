import type { ServiceDefinition } from '@grpc/grpc-js';
import { DeltaDiscoveryRequest, DeltaDiscoveryResponse } from '../proto/index.ts';
import type { StreamResponse } from './stream-messages.ts';

export const ADS_SERVICE_NAME = 'envoy.service.discovery.v3.AggregatedDiscoveryService';

/**
 * The service as grpc-js serves it. A response is bytes already: its resources are encoded once for all streams, so
 * serializing is not grpc-js's business; nor is reading requests, which wait for their turn where that takes long.
 */
export const ADS_SERVICE = {
  DeltaAggregatedResources: {
    path: `/${ADS_SERVICE_NAME}/DeltaAggregatedResources`,
    requestStream: true,
    responseStream: true,
    requestSerialize: (request: Parameters<typeof DeltaDiscoveryRequest.encode>[0]) =>
      Buffer.from(DeltaDiscoveryRequest.encode(request)),
    requestDeserialize: (bytes: Buffer) => bytes,
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
  const version = Buffer.from(systemVersion);
  const type = Buffer.from(typeUrl);
  const id = Buffer.from(nonce);
  const removed = batch.removed.map((name) => Buffer.from(name));
  let length = fieldLength(version) + fieldLength(type) + fieldLength(id);
  // Each look at a resource's bytes makes a view of them.
  const resources = batch.resources.map(({ bytes }) => bytes);
  for (const bytes of resources) length += fieldLength(bytes);
  for (const name of removed) length += fieldLength(name);
  const response = Buffer.allocUnsafe(length);
  let at = writeField(response, 0, TAG.systemVersion, version);
  for (const bytes of resources) at = writeField(response, at, TAG.resource, bytes);
  at = writeField(response, at, TAG.typeUrl, type);
  at = writeField(response, at, TAG.nonce, id);
  for (const name of removed) at = writeField(response, at, TAG.removed, name);
  return response;
}

function fieldLength({ length }: Uint8Array): number {
  return 1 + varintLength(length) + length;
}

/** Returns where the next field begins. */
function writeField(target: Buffer, at: number, tag: number, content: Uint8Array): number {
  target[at] = tag;
  const start = writeVarint(target, at + 1, content.length);
  target.set(content, start);
  return start + content.length;
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
