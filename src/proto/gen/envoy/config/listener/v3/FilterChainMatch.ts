// From proto/envoy/config/listener/v3/listener.proto


export interface FilterChainMatch {
  'transport_protocol'?: (string);
  'server_names'?: (string)[];
}

export interface FilterChainMatch__Output {
  'transport_protocol'?: (string);
  'server_names'?: (string)[];
}
