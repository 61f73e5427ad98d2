import { BackwardWriter } from './backward-writer.ts';
import { type PackedBytes, packBytes } from './packed-bytes.ts';

/** `envoy.service.discovery.v3.Resource` and `google.protobuf.Any`: field numbers. */
const RESOURCE = { version: 1, resource: 2, name: 3 } as const;
const ANY = { typeUrl: 1, value: 2 } as const;

const writer = new BackwardWriter();

/**
 * Encodes an `envoy.service.discovery.v3.Resource` around a message: the same bytes as by `Resource.encode`, in one pass. It
 * runs for every resource of every push.
 *
 * @param write writes the message, last field first.
 * @param versionOf the version of the resource, from the encoded message; called once, must not keep the bytes.
 */
export function frameResource(resource: {
  readonly name: string;
  readonly typeUrl: string;
  readonly write: (writer: BackwardWriter) => void;
  readonly versionOf: (content: Uint8Array) => string;
}): { readonly version: string; readonly packed: PackedBytes } {
  const { name, typeUrl, write, versionOf } = resource;
  writer.reset();
  writer.text(RESOURCE.name, name);
  const start = writer.length;
  write(writer);
  const version = versionOf(writer.view(writer.length - start));
  // An empty value is left out, as the general codec does.
  if (writer.length > start) writer.close(ANY.value, start);
  writer.text(ANY.typeUrl, typeUrl);
  writer.close(RESOURCE.resource, start);
  writer.text(RESOURCE.version, version);
  return { version, packed: packBytes(writer.view(writer.length)) };
}
