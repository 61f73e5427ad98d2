import type { ObjectRef } from '../../model/events.ts';
import type { HostPolicy } from '../../model/gateway.ts';
import { type BackwardWriter, Cluster, writeCluster } from '../../proto/index.ts';
import type { EngineConfig } from '../config.ts';
import type { EndpointSetSpec } from '../hosts/endpoint-sets.ts';
import { encodeResource } from '../resources/encode.ts';
import type { EncodedResource } from '../resources/resource.ts';
import { clusterSettings, SETTINGS_FIELDS } from './cluster-settings.ts';

export interface HostCluster {
  /** `<binding>/<host>`, the name that the index chain looks up. */
  readonly name: string;
  readonly endpointSet: EndpointSetSpec;
  /** The route that won the host, for the access log. */
  readonly route: ObjectRef;
  readonly policy: HostPolicy;
  /** Its part of the connections of the namespace. */
  readonly connectionLimit: number;
}

/** The metadata namespace under which the access log finds whose connection it was. */
export const METADATA_NAMESPACE = 'sluice';

/** The cluster of one host. It changes with the host's route, never with its endpoints. */
export function translateCluster(host: HostCluster, config: EngineConfig): EncodedResource {
  const { name, endpointSet, route, policy, connectionLimit } = host;
  const common = SETTINGS_FIELDS.of(clusterSettings(policy, config, connectionLimit));
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
