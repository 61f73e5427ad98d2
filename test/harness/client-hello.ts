/**
 * A hand-made TLS ClientHello (RFC 8446 section 4.1.2, with the server_name extension of RFC 6066 section 3), so that
 * tests can send what no TLS library would: any bytes as the server name, none at all, padding to any size.
 */
import { randomBytes } from 'node:crypto';

export interface ClientHelloOptions {
  /** The SNI, as it is to appear on the wire; without it there is no server_name extension. */
  readonly serverName?: string | Uint8Array;
  /** Bytes of a padding extension, as post-quantum key shares make a ClientHello grow. */
  readonly padding?: number;
  /** The largest TLS record; a longer handshake message is split over several. At most 16,384. */
  readonly recordSize?: number;
}

const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const TLS_1_0 = 0x0301;
const TLS_1_2 = 0x0303;
const TLS_1_3 = 0x0304;

/** The bytes of a ClientHello in one TLS record, or in several where `recordSize` asks for it. */
export function encodeClientHello(options: ClientHelloOptions = {}): Buffer {
  const { serverName, padding = 0, recordSize = 16_384 } = options;
  const extensions = [
    ...(serverName === undefined ? [] : [extension(0, serverNameList(serverName))]),
    extension(10, vector16(uint16(29))),
    extension(13, vector16(Buffer.concat([uint16(0x0403), uint16(0x0804)]))),
    extension(43, vector8(Buffer.concat([uint16(TLS_1_3), uint16(TLS_1_2)]))),
    extension(51, vector16(Buffer.concat([uint16(29), vector16(randomBytes(32))]))),
    ...(padding > 0 ? [extension(21, Buffer.alloc(padding))] : []),
  ];
  const body = Buffer.concat([
    uint16(TLS_1_2),
    randomBytes(32),
    vector8(randomBytes(32)),
    vector16(Buffer.concat([uint16(0x1301), uint16(0xc02b), uint16(0xc02f)])),
    vector8(Buffer.from([0])),
    vector16(Buffer.concat(extensions)),
  ]);
  const message = Buffer.concat([Buffer.from([CLIENT_HELLO]), uint24(body.length), body]);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += recordSize) {
    const fragment = message.subarray(at, at + recordSize);
    records.push(Buffer.from([HANDSHAKE_RECORD]), uint16(TLS_1_0), vector16(fragment));
  }
  return Buffer.concat(records);
}

function serverNameList(name: string | Uint8Array): Buffer {
  const bytes = typeof name === 'string' ? Buffer.from(name, 'latin1') : Buffer.from(name);
  return vector16(Buffer.concat([Buffer.from([0]), vector16(bytes)]));
}

function extension(type: number, data: Buffer): Buffer {
  return Buffer.concat([uint16(type), vector16(data)]);
}

function vector8(data: Buffer): Buffer {
  return Buffer.concat([Buffer.from([data.length]), data]);
}

function vector16(data: Buffer): Buffer {
  return Buffer.concat([uint16(data.length), data]);
}

function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

function uint24(value: number): Buffer {
  return Buffer.from([value >> 16, (value >> 8) & 0xff, value & 0xff]);
}
