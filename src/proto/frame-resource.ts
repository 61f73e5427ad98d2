import protobuf from 'protobufjs';

/** Wire tags of envoy.service.discovery.v3.Resource and google.protobuf.Any: field number and length-delimited. */
const RESOURCE_VERSION = (1 << 3) | 2;
const RESOURCE_RESOURCE = (2 << 3) | 2;
const RESOURCE_NAME = (3 << 3) | 2;
const ANY_TYPE_URL = (1 << 3) | 2;
const ANY_VALUE = (2 << 3) | 2;

/**
 * Encodes an `envoy.service.discovery.v3.Resource` around content that is encoded already. The same bytes as by
 * `Resource.encode`, at a fraction of the allocations: it runs for every resource of every push.
 */
export function frameResource(resource: {
  readonly name: string;
  readonly version: string;
  readonly typeUrl: string;
  readonly content: Uint8Array;
}): Uint8Array {
  const { name, version, typeUrl, content } = resource;
  const writer = protobuf.Writer.create();
  writer.uint32(RESOURCE_VERSION).string(version);
  writer.uint32(RESOURCE_RESOURCE).fork();
  writer.uint32(ANY_TYPE_URL).string(typeUrl);
  if (content.length > 0) writer.uint32(ANY_VALUE).bytes(content);
  writer.ldelim();
  return writer.uint32(RESOURCE_NAME).string(name).finish();
}
