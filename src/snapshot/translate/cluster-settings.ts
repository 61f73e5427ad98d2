import type { HostPolicy } from '../../model/gateway.ts';
import { Cluster, duration } from '../../proto/index.ts';
import type { EngineConfig } from '../config.ts';
import { EncodedSettings } from './encoded-settings.ts';

/** All that an operator or a tenant can set about a cluster. Times in milliseconds. */
export interface ClusterSettings {
  readonly connectTimeoutMs: number;
  readonly maxConnections: number;
  readonly stats: boolean;
}

/** Seconds: found dead after two minutes, and more often heard of than IPVS (900 s) or a cloud's NAT (240 s) forget. */
export const TCP_KEEPALIVE = { time: 60, interval: 20, probes: 3 } as const;

export const BUFFER_LIMIT_BYTES = 32_768;

/** What a tenant asks for, else what the operator has set; of connections what the namespace has room for. */
export function clusterSettings(
  policy: HostPolicy,
  config: EngineConfig,
  connectionLimit: number,
): ClusterSettings {
  const wanted = policy.maxConnections ?? config.gateway.maxConnectionsPerHost;
  return {
    connectTimeoutMs: policy.connectTimeoutMs ?? config.connectTimeoutMs,
    maxConnections: Math.min(wanted, connectionLimit),
    stats: policy.stats === true,
  };
}

/**
 * The fields that clusters of equal settings share, encoded once: the encoding of a message is that of its fields one
 * after the other, in any order, and these are three quarters of the work for 20,000 clusters.
 */
export const SETTINGS_FIELDS = new EncodedSettings<ClusterSettings>(encodeSettings);

/** Reads nothing but the settings. */
function encodeSettings({ connectTimeoutMs, maxConnections, stats }: ClusterSettings): Uint8Array {
  return Cluster.encode({
    type: 'EDS',
    connect_timeout: duration(connectTimeoutMs),
    per_connection_buffer_limit_bytes: { value: BUFFER_LIMIT_BYTES },
    // Not LEAST_REQUEST: an endpoint that refuses has the fewest connections and would get most of the new ones.
    lb_policy: 'ROUND_ROBIN',
    common_lb_config: {
      // In panic mode Envoy would send connections to endpoints known to be unhealthy.
      healthy_panic_threshold: { value: 0 },
      locality_weighted_lb_config: {},
    },
    circuit_breakers: { thresholds: [thresholds(maxConnections)] },
    upstream_connection_options: {
      tcp_keepalive: {
        keepalive_time: { value: TCP_KEEPALIVE.time },
        keepalive_interval: { value: TCP_KEEPALIVE.interval },
        keepalive_probes: { value: TCP_KEEPALIVE.probes },
      },
    },
    // Some hundred statistics a host would be most of Envoy's memory.
    ...(stats ? {} : { stats_matcher: { reject_all: true } }),
  });
}

/** Envoy's own defaults are 1,024 each: too few for one API server's watches. */
function thresholds(maxConnections: number) {
  return {
    max_connections: { value: maxConnections },
    max_pending_requests: { value: maxConnections },
  };
}
