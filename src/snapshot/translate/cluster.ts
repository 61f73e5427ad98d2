import type { ObjectRef } from '../../model/events.ts';
import type { HostPolicy } from '../../model/gateway.ts';
import { type BackwardWriter, Cluster, duration, writeCluster } from '../../proto/index.ts';
import type { EngineConfig } from '../config.ts';
import type { EndpointSetSpec } from '../hosts/endpoint-sets.ts';
import { encodeResource } from '../resources/encode.ts';
import type { EncodedResource } from '../resources/resource.ts';

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
  const common = commonFields(policy, config);
  const cluster = {
    name,
    serviceName: endpointSet.name,
    metadataNamespace: METADATA_NAMESPACE,
    metadata: [
      ['kind', route.kind],
      ['namespace', route.namespace],
      ['name', route.name],
    ] as const,
  };
  const write = (writer: BackwardWriter): void => {
    writer.raw(common);
    writeCluster(writer, cluster);
  };
  return encodeResource(Cluster.typeUrl, name, write, {
    reference: endpointSet.name,
    owner: route.namespace,
  });
}

const encodedCommonFields = new Map<string, Uint8Array>();

/**
 * The fields that clusters of equal policy share, encoded once: the encoding of a message is that of its fields one
 * after the other, in any order, and these are three quarters of the work for 20,000 clusters.
 */
function commonFields(policy: HostPolicy, config: EngineConfig): Uint8Array {
  const connectTimeoutMs = policy.connectTimeoutMs ?? config.connectTimeoutMs;
  const maxConnections = policy.maxConnections ?? config.gateway.maxConnectionsPerHost;
  const stats = policy.stats === true;
  const key = `${connectTimeoutMs} ${maxConnections} ${stats}`;
  const known = encodedCommonFields.get(key);
  if (known !== undefined) return known;
  const encoded = Cluster.encode({
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
  // A tenant chooses the numbers in its policy: the memory that they take is bounded.
  if (encodedCommonFields.size >= 1_000) encodedCommonFields.clear();
  encodedCommonFields.set(key, encoded);
  return encoded;
}

/** Envoy's own defaults are 1,024 each: too few for one API server's watches. */
function thresholds(maxConnections: number) {
  return {
    max_connections: { value: maxConnections },
    max_pending_requests: { value: maxConnections },
  };
}
