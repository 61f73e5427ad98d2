import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';
import { protoPath as healthProtoPath } from 'grpc-health-check';
import {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
  FramedDeltaDiscoveryResponse,
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
    requestDeserialize: (bytes: Buffer) => DeltaDiscoveryRequest.decode(bytes),
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

/** An `envoy.service.discovery.v3.DeltaDiscoveryResponse` around resources that are encoded already. */
export function encodeResponse({ typeUrl, nonce, batch }: StreamResponse, systemVersion: string): Buffer {
  const bytes = FramedDeltaDiscoveryResponse.encode({
    system_version_info: systemVersion,
    resources: batch.resources.map((resource) => resource.bytes),
    type_url: typeUrl,
    nonce,
    removed_resources: [...batch.removed],
  });
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
