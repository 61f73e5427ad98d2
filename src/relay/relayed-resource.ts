import { packBytes, unpackBytes, WireFields } from '../proto/index.ts';
import { CLUSTER_TYPE, type EncodedResource } from '../snapshot/resources/resource.ts';

/** Numbers of fields: `envoy.service.discovery.v3.Resource`, `google.protobuf.Any`, `envoy.config.cluster.v3.Cluster`. */
const RESOURCE = { version: 1, resource: 2, name: 3 } as const;
const ANY_VALUE = 2;
const CLUSTER = { eds: 3, serviceName: 2 } as const;

/** A resource as it came from the control plane: its name, its version and its bytes are kept as they are. */
export class RelayedResource implements EncodedResource {
  readonly typeUrl: string;
  readonly name: string;
  readonly version: string;
  readonly #reference: string | undefined;
  // As in `src/snapshot/resources/encode.ts`, for the memory of 40,000 of them.
  readonly #slab: Buffer;
  readonly #at: number;
  readonly #length: number;

  /**
   * @param bytes an encoded `envoy.service.discovery.v3.Resource`, which may be changed afterwards. Throws where they are not one,
   * or where it has no name.
   */
  constructor(typeUrl: string, bytes: Buffer) {
    let name = '';
    let version = '';
    let reference: string | undefined;
    for (const fields = new WireFields(bytes); fields.next(); ) {
      const { field, start, end } = fields;
      if (field === RESOURCE.name) name = bytes.toString('utf8', start, end);
      else if (field === RESOURCE.version) version = bytes.toString('utf8', start, end);
      else if (field === RESOURCE.resource && typeUrl === CLUSTER_TYPE)
        reference = endpointSetOf(bytes, start, end);
    }
    if (name === '') throw new Error(`a resource of type ${typeUrl} has no name`);
    this.typeUrl = typeUrl;
    this.name = name;
    this.version = version;
    // A set without a name of its own has that of the cluster.
    this.#reference = reference === '' ? name : reference;
    const { slab, at, length } = packBytes(bytes);
    this.#slab = slab;
    this.#at = at;
    this.#length = length;
  }

  get bytes(): Uint8Array {
    return unpackBytes({ slab: this.#slab, at: this.#at, length: this.#length });
  }

  get references(): readonly string[] {
    return this.#reference === undefined ? [] : [this.#reference];
  }
}

/** The endpoint set that Envoy asks for to use the cluster in this `Any`; `undefined` where it asks for none. */
function endpointSetOf(bytes: Buffer, start: number, end: number): string | undefined {
  const cluster = find(bytes, start, end, ANY_VALUE);
  const eds = cluster && find(bytes, cluster.start, cluster.end, CLUSTER.eds);
  if (eds === undefined) return undefined;
  const name = find(bytes, eds.start, eds.end, CLUSTER.serviceName);
  return name === undefined ? '' : bytes.toString('utf8', name.start, name.end);
}

function find(bytes: Buffer, start: number, end: number, field: number): WireFields | undefined {
  const fields = new WireFields(bytes, start, end);
  while (fields.next()) if (fields.field === field) return fields;
  return undefined;
}
