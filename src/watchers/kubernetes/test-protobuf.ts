/** Writes lists as the API server writes protobuf: as many fields as the tests need. */
import protobuf from 'protobufjs/minimal.js';

export interface WrittenService {
  readonly name: string;
  readonly resourceVersion: string;
  readonly port: number;
}

const TEXT = 2;

function nested(write: (writer: protobuf.Writer) => void): Uint8Array {
  const writer = protobuf.Writer.create();
  write(writer);
  return writer.finish();
}

function field(writer: protobuf.Writer, number: number, value: string | Uint8Array): void {
  writer.uint32((number << 3) | TEXT);
  if (typeof value === 'string') writer.string(value);
  else writer.bytes(value);
}

function writtenService({ name, resourceVersion, port }: WrittenService): Uint8Array {
  return nested((service) => {
    const metadata = nested((writer) => {
      field(writer, 1, name);
      field(writer, 3, 'shop');
      field(writer, 5, `uid-${name}`);
      field(writer, 6, resourceVersion);
      writer.uint32(7 << 3).int64(3);
      field(
        writer,
        8,
        nested((time) => time.uint32(1 << 3).int64(1_767_225_600)),
      );
      // Passed over: managedFields.
      field(
        writer,
        17,
        nested((entry) => field(entry, 1, 'kubectl')),
      );
    });
    const spec = nested((writer) => {
      const ports = nested((entry) => {
        field(entry, 1, 'api');
        field(entry, 2, 'TCP');
        entry.uint32(3 << 3).int32(port);
      });
      field(writer, 1, ports);
      field(writer, 4, 'ClusterIP');
    });
    field(service, 1, metadata);
    field(service, 2, spec);
  });
}

/** A message in its envelope. */
export function enveloped(kind: string, raw: Uint8Array): Buffer {
  const unknown = nested((writer) => {
    const type = nested((entry) => {
      field(entry, 1, 'v1');
      field(entry, 2, kind);
    });
    field(writer, 1, type);
    field(writer, 2, raw);
  });
  return Buffer.concat([Buffer.from('k8s\0'), unknown]);
}

export function serviceList(
  services: readonly WrittenService[],
  resourceVersion: string,
  token = '',
): Buffer {
  return enveloped(
    'ServiceList',
    nested((list) => {
      const metadata = nested((writer) => {
        field(writer, 2, resourceVersion);
        field(writer, 3, token);
      });
      field(list, 1, metadata);
      for (const service of services) field(list, 2, writtenService(service));
    }),
  );
}
