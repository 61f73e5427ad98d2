import { hash } from 'node:crypto';
import { frameResource } from '../../proto/index.ts';
import type { EncodedResource } from '../resource.ts';

/**
 * Wraps an encoded Envoy resource for the wire, once for all streams. Its version is a hash of its content, so
 * every replica gives equal content the same version, and an Envoy that reconnects needs only the difference.
 *
 * @param references names of the EDS resources that Envoy waits for after this one, see `EncodedResource`.
 */
export function encodeResource(
  typeUrl: string,
  name: string,
  content: Uint8Array,
  references: readonly string[] = [],
): EncodedResource {
  const version = hash('sha256', content, 'base64url').slice(0, 16);
  const bytes = frameResource({ name, version, typeUrl, content });
  return references.length === 0
    ? { typeUrl, name, version, bytes }
    : { typeUrl, name, version, bytes, references };
}
