import { hash } from 'node:crypto';
import { type BackwardWriter, frameResource } from '../../proto/index.ts';
import type { EncodedResource } from '../resource.ts';

/**
 * Encodes an Envoy resource for the wire, once for all streams. Its version is a hash of its content, so every
 * replica gives equal content the same version, and an Envoy that reconnects needs only the difference.
 *
 * @param content the encoded message, or what writes it (last field first).
 * @param references names of the EDS resources that Envoy waits for after this one, see `EncodedResource`.
 */
export function encodeResource(
  typeUrl: string,
  name: string,
  content: Uint8Array | ((writer: BackwardWriter) => void),
  references: readonly string[] = [],
): EncodedResource {
  const write = typeof content === 'function' ? content : (writer: BackwardWriter) => writer.raw(content);
  const { version, bytes } = frameResource({ name, typeUrl, write, versionOf });
  return references.length === 0
    ? { typeUrl, name, version, bytes }
    : { typeUrl, name, version, bytes, references };
}

/**
 * The same, encoded when somebody first wants to know the version or the bytes. In a burst the endpoint sets are then
 * encoded when Envoy asks for them, and the clusters that it waits for are not held up. `write` reads nothing that may
 * change.
 */
export function encodeResourceLater(
  typeUrl: string,
  name: string,
  write: (writer: BackwardWriter) => void,
): EncodedResource {
  return new LaterResource(typeUrl, name, write);
}

class LaterResource implements EncodedResource {
  readonly typeUrl: string;
  readonly name: string;
  #write: ((writer: BackwardWriter) => void) | undefined;
  #version = '';
  #bytes: Uint8Array = NOTHING;

  constructor(typeUrl: string, name: string, write: (writer: BackwardWriter) => void) {
    this.typeUrl = typeUrl;
    this.name = name;
    this.#write = write;
  }

  get version(): string {
    if (this.#write !== undefined) this.#encode(this.#write);
    return this.#version;
  }

  get bytes(): Uint8Array {
    if (this.#write !== undefined) this.#encode(this.#write);
    return this.#bytes;
  }

  #encode(write: (writer: BackwardWriter) => void): void {
    const { typeUrl, name } = this;
    const { version, bytes } = frameResource({ name, typeUrl, write, versionOf });
    this.#version = version;
    this.#bytes = bytes;
    this.#write = undefined;
  }
}

const NOTHING = new Uint8Array();

/** 96 bits of SHA-256: no two contents of one name share it, by accident or on purpose. */
function versionOf(content: Uint8Array): string {
  const digest = hash('sha256', content, 'base64url');
  // A slice of more than 12 characters is a view that keeps the whole digest; the two shorter ones are copies.
  return [digest.slice(0, 8), digest.slice(8, 16)].join('');
}
