import protobuf from 'protobufjs';

/** Wire tags: field number and wire type (0: number, 2: length-delimited). */
const tag = (field: number, wireType: 0 | 2): number => (field << 3) | wireType;

/** envoy.config.core.v3.ApiVersion.V3 */
const API_VERSION_V3 = 2;

/**
 * Encodes the fields of an `envoy.config.cluster.v3.Cluster` in which one host's differs from another's: `name`,
 * `eds_cluster_config` (EDS over ADS, with a `service_name`) and `metadata` (strings in one namespace). The same bytes
 * as by `Cluster.encode`, several times as fast: it runs for each of 20,000 hosts at once.
 */
export function frameCluster(
  name: string,
  serviceName: string,
  metadataNamespace: string,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const writer = protobuf.Writer.create();
  writer.uint32(tag(1, 2)).string(name);
  // Cluster.eds_cluster_config { eds_config { ads {} resource_api_version: V3 } service_name }
  writer.uint32(tag(3, 2)).fork();
  writer.uint32(tag(1, 2)).fork();
  writer.uint32(tag(3, 2)).uint32(0);
  writer.uint32(tag(6, 0)).int32(API_VERSION_V3);
  writer.ldelim();
  writer.uint32(tag(2, 2)).string(serviceName);
  writer.ldelim();
  // Cluster.metadata { filter_metadata { key value: Struct { fields { key value: Value { string_value } } } } }
  writer.uint32(tag(25, 2)).fork();
  writer.uint32(tag(1, 2)).fork();
  writer.uint32(tag(1, 2)).string(metadataNamespace);
  writer.uint32(tag(2, 2)).fork();
  for (const key in metadata) {
    writer.uint32(tag(1, 2)).fork();
    writer.uint32(tag(1, 2)).string(key);
    writer.uint32(tag(2, 2)).fork();
    writer.uint32(tag(3, 2)).string(metadata[key] ?? '');
    writer.ldelim().ldelim();
  }
  return writer.ldelim().ldelim().ldelim().finish();
}
