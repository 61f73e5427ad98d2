/**
 * What our .proto files have and the copy of Envoy's in `@grpc/grpc-js-xds` has not: too new for it. Each is held against
 * a real Envoy by config-dump.test.ts. To be shortened as that package grows.
 */
export const NEWER_THAN_THE_COPY: Readonly<Record<string, string>> = {
  // New in Envoy 1.40.
  'envoy.config.cluster.v3.Cluster.stats_matcher': '61 envoy.config.metrics.v3.StatsMatcher',
  'envoy.config.listener.v3.Listener.tcp_keepalive': '37 envoy.config.core.v3.TcpKeepalive',
};
