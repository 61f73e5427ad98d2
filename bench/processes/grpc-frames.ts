/** gRPC's framing of messages (a flag byte, four bytes of length, protobuf), for servers and clients without a library. */

const HEAD_BYTES = 5;

export function frame(message: Uint8Array): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Puts messages together from what arrives in pieces. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #bytes = 0;
  #needed = HEAD_BYTES;

  /** The messages that the data completes. */
  *push(data: Buffer): Generator<Buffer> {
    this.#chunks.push(data);
    this.#bytes += data.length;
    while (this.#bytes >= this.#needed) {
      const all = this.#chunks.length === 1 ? (this.#chunks[0] ?? data) : Buffer.concat(this.#chunks);
      const end = HEAD_BYTES + all.readUInt32BE(1);
      this.#chunks = [all];
      this.#needed = end;
      if (this.#bytes < end) return;
      const rest = all.subarray(end);
      this.#chunks = rest.length === 0 ? [] : [rest];
      this.#bytes = rest.length;
      this.#needed = HEAD_BYTES;
      yield all.subarray(HEAD_BYTES, end);
    }
  }
}
