// From proto/sluice/discovery/v1/framed_request.proto


export interface FramedDeltaDiscoveryRequest {
  'node'?: (Buffer | Uint8Array | string);
}

export interface FramedDeltaDiscoveryRequest__Output {
  'node'?: (Buffer);
}
