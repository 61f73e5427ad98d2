// From proto/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto

import type { UInt32Value as _google_protobuf_UInt32Value, UInt32Value__Output as _google_protobuf_UInt32Value__Output } from '../../../../../../google/protobuf/UInt32Value.ts';
import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../../../../../google/protobuf/Duration.ts';

export interface TcpProxy {
  'stat_prefix'?: (string);
  'cluster'?: (string);
  'max_connect_attempts'?: (_google_protobuf_UInt32Value | null);
  'idle_timeout'?: (_google_protobuf_Duration | null);
  'cluster_specifier'?: "cluster";
}

export interface TcpProxy__Output {
  'stat_prefix'?: (string);
  'cluster'?: (string);
  'max_connect_attempts'?: (_google_protobuf_UInt32Value__Output);
  'idle_timeout'?: (_google_protobuf_Duration__Output);
  'cluster_specifier'?: "cluster";
}
