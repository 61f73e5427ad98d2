import { ClusterReference, packBytes, Resource, unpackBytes } from '../proto/index.ts';
import { CLUSTER_TYPE, type EncodedResource } from '../snapshot/resources/resource.ts';

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
  constructor(typeUrl: string, bytes: Uint8Array) {
    const { name = '', version = '', resource } = Resource.decode(bytes);
    if (name === '') throw new Error(`a resource of type ${typeUrl} has no name`);
    this.typeUrl = typeUrl;
    this.name = name;
    this.version = version;
    this.#reference =
      typeUrl === CLUSTER_TYPE ? endpointSetOf(name, resource?.value ?? new Uint8Array()) : undefined;
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

/** The endpoint set that Envoy asks for to use this cluster; `undefined` where it asks for none. */
function endpointSetOf(name: string, cluster: Uint8Array): string | undefined {
  const eds = ClusterReference.decode(cluster).eds_cluster_config;
  if (eds === undefined || eds === null) return undefined;
  return eds.service_name === undefined || eds.service_name === '' ? name : eds.service_name;
}
