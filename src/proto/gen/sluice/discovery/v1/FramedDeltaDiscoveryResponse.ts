// From proto/sluice/discovery/v1/framing.proto


export interface FramedDeltaDiscoveryResponse {
  'system_version_info'?: (string);
  'resources'?: (Buffer | Uint8Array | string)[];
  'type_url'?: (string);
  'nonce'?: (string);
  'removed_resources'?: (string)[];
}

export interface FramedDeltaDiscoveryResponse__Output {
  'system_version_info'?: (string);
  'resources'?: (Buffer)[];
  'type_url'?: (string);
  'nonce'?: (string);
  'removed_resources'?: (string)[];
}
