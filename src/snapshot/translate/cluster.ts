import type { ObjectRef } from '../../model/events.ts';
import type { HostPolicy } from '../../model/gateway.ts';
import { Cluster, duration, stringStruct } from '../../proto/index.ts';
import type { EngineConfig } from '../config.ts';
import type { EndpointSetSpec } from '../endpoint-sets.ts';
import type { EncodedResource } from '../resource.ts';
import { encodeResource } from './encode.ts';

export interface HostCluster {
  /** `<binding>/<host>`, the name that the index chain looks up. */
  readonly name: string;
  readonly endpointSet: EndpointSetSpec;
  /** The route that won the host, for the access log. */
  readonly route: ObjectRef;
  readonly policy: HostPolicy;
}

/** The metadata namespace under which the access log finds whose connection it was. */
export const METADATA_NAMESPACE = 'sluice';

/** Seconds: found dead after two minutes, and more often heard of than IPVS (900 s) or a cloud's NAT (240 s) forget. */
export const TCP_KEEPALIVE = { time: 60, interval: 20, probes: 3 } as const;

export const BUFFER_LIMIT_BYTES = 32_768;

/** The cluster of one host. It changes with the host's route, never with its endpoints. */
export function translateCluster(host: HostCluster, config: EngineConfig): EncodedResource {
  const { name, endpointSet, route, policy } = host;
  const content = Cluster.encode({
    name,
    type: 'EDS',
    eds_cluster_config: {
      eds_config: { ads: {}, resource_api_version: 'V3' },
      service_name: endpointSet.name,
    },
    connect_timeout: duration(policy.connectTimeoutMs ?? config.connectTimeoutMs),
    per_connection_buffer_limit_bytes: { value: BUFFER_LIMIT_BYTES },
    // Connections stay for hours: the fewest open ones is what spreads them, not whose turn it is.
    lb_policy: 'LEAST_REQUEST',
    common_lb_config: {
      // In panic mode Envoy would send connections to endpoints known to be unhealthy.
      healthy_panic_threshold: { value: 0 },
      locality_weighted_lb_config: {},
    },
    circuit_breakers: {
      thresholds: [thresholds(policy.maxConnections ?? config.gateway.maxConnectionsPerHost)],
    },
    upstream_connection_options: {
      tcp_keepalive: {
        keepalive_time: { value: TCP_KEEPALIVE.time },
        keepalive_interval: { value: TCP_KEEPALIVE.interval },
        keepalive_probes: { value: TCP_KEEPALIVE.probes },
      },
    },
    metadata: {
      filter_metadata: {
        [METADATA_NAMESPACE]: stringStruct({
          kind: route.kind,
          namespace: route.namespace,
          name: route.name,
        }),
      },
    },
    // Some hundred statistics a host would be most of Envoy's memory.
    ...(policy.stats === true ? {} : { stats_matcher: { reject_all: true } }),
  });
  return encodeResource(Cluster, name, content, [endpointSet.name]);
}

/** Envoy's own defaults are 1,024 each: too few for one API server's watches. */
function thresholds(maxConnections: number) {
  return {
    max_connections: { value: maxConnections },
    max_pending_requests: { value: maxConnections },
    max_requests: { value: maxConnections },
  };
}
