import { hash } from 'node:crypto';
import { type BackwardWriter, frameResource, unpackBytes } from '../../proto/index.ts';
import type { EncodedResource } from './resource.ts';

type Write = (writer: BackwardWriter) => void;

/**
 * Encodes an Envoy resource for the wire, once for all streams. Its version is a hash of its content, so every
 * replica gives equal content the same version, and an Envoy that reconnects needs only the difference.
 *
 * @param content the encoded message, or what writes it (last field first).
 * @param reference the EDS resource that Envoy waits for after this one, and `owner`: see `EncodedResource`.
 */
export function encodeResource(
  typeUrl: string,
  name: string,
  content: Uint8Array | Write,
  { reference, owner }: { readonly reference?: string; readonly owner?: string } = {},
): EncodedResource {
  const write = typeof content === 'function' ? content : (writer: BackwardWriter) => writer.raw(content);
  const resource = new Encoded(typeUrl, name, write, reference, owner);
  resource.encode();
  return resource;
}

/**
 * The same, encoded when somebody first wants to know the version or the bytes. In a burst the endpoint sets are then
 * encoded when Envoy asks for them, and the clusters that it waits for are not held up. `write` reads nothing that may
 * change.
 */
export function encodeResourceLater(
  typeUrl: string,
  name: string,
  write: Write,
  owner?: string,
): EncodedResource {
  return new Encoded(typeUrl, name, write, undefined, owner);
}

class Encoded implements EncodedResource {
  readonly typeUrl: string;
  readonly name: string;
  readonly owner: string | undefined;
  readonly #reference: string | undefined;
  /** `undefined` once it is encoded. */
  #write: Write | undefined;
  #version = '';
  // Not as one `PackedBytes`, which would be 48 bytes more for each resource.
  #slab: Buffer = NOTHING;
  #at = 0;
  #length = 0;

  constructor(
    typeUrl: string,
    name: string,
    write: Write,
    reference: string | undefined,
    owner: string | undefined,
  ) {
    this.typeUrl = typeUrl;
    this.name = name;
    this.owner = owner;
    this.#reference = reference;
    this.#write = write;
  }

  get version(): string {
    this.encode();
    return this.#version;
  }

  get bytes(): Uint8Array {
    this.encode();
    return unpackBytes({ slab: this.#slab, at: this.#at, length: this.#length });
  }

  get references(): readonly string[] {
    return this.#reference === undefined ? [] : [this.#reference];
  }

  encode(): void {
    if (this.#write === undefined) return;
    const { typeUrl, name } = this;
    const { version, packed } = frameResource({ name, typeUrl, write: this.#write, versionOf });
    this.#version = version;
    this.#slab = packed.slab;
    this.#at = packed.at;
    this.#length = packed.length;
    this.#write = undefined;
  }
}

const NOTHING = Buffer.alloc(0);

/** 96 bits of SHA-256: no two contents of one name share it, by accident or on purpose. */
function versionOf(content: Uint8Array): string {
  const digest = hash('sha256', content, 'base64url');
  // A slice of more than 12 characters is a view that keeps the whole digest; the two shorter ones are copies.
  return [digest.slice(0, 8), digest.slice(8, 16)].join('');
}
