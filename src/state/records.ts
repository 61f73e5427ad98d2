/**
 * Records of a file: length and CRC-32 of the payload, four bytes each, little endian, then the payload, a value as V8 serializes
 * it. That keeps what JSON loses (properties that are there and undefined, one copy of what objects share), and is read twice
 * as fast.
 */
import { deserialize, serialize } from 'node:v8';
import { crc32 } from 'node:zlib';

const HEAD = 8;
/** Some hundred objects, each of 1.5 MB at the most, stay below it; a length beyond it is damage. */
const MAX_BYTES = 1024 * 1024 * 1024;

export function encodeRecord(value: unknown): Buffer {
  const payload = serialize(value);
  const head = Buffer.alloc(HEAD);
  head.writeUInt32LE(payload.byteLength, 0);
  head.writeUInt32LE(crc32(payload), 4);
  return Buffer.concat([head, payload]);
}

/** Payloads of the records from `start` on, up to the first that is cut off or damaged, each with where it ends. */
export function* payloads(
  bytes: Buffer,
  start: number,
): Generator<{ readonly payload: Buffer; readonly end: number }, void, void> {
  for (let at = start; at + HEAD <= bytes.byteLength; ) {
    const length = bytes.readUInt32LE(at);
    const end = at + HEAD + length;
    if (length > MAX_BYTES || end > bytes.byteLength) return;
    const payload = bytes.subarray(at + HEAD, end);
    if (crc32(payload) !== bytes.readUInt32LE(at + 4)) return;
    yield { payload, end };
    at = end;
  }
}

/** Throws where the payload was not written by `encodeRecord`. */
export function decodePayload(payload: Buffer): unknown {
  return deserialize(payload);
}
