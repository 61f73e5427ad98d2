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

/** 96 bits of SHA-256: no two contents of one name share it, by accident or on purpose. */
function versionOf(content: Uint8Array): string {
  return hash('sha256', content, 'base64url').slice(0, 16);
}
