/**
 * The fields of a protobuf message that have a length (texts, bytes, messages), one after the other, without a look at what they mean and
 * without a copy; numbers are passed over. For what has to look into 40,000 messages at once. Throws on malformed
 * bytes.
 */
export class WireFields {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;
  /** Number of the field that `next` came to. */
  field = 0;
  /** Where its content begins and ends. */
  start = 0;
  end = 0;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** Goes to the next field; false: there is none. */
  next(): boolean {
    while (this.#at < this.#end) {
      const tag = this.#varint();
      this.field = tag >>> 3;
      switch (tag & 7) {
        case 0:
          this.#varint();
          break;
        case 1:
          this.#skip(8);
          break;
        case 2:
          this.end = this.#varint();
          this.start = this.#at;
          this.end += this.start;
          this.#skip(this.end - this.start);
          return true;
        case 5:
          this.#skip(4);
          break;
        default:
          throw malformed();
      }
    }
    return false;
  }

  #skip(length: number): void {
    this.#at += length;
    if (this.#at > this.#end || length < 0) throw malformed();
  }

  /** Lower 32 bits; the rest of a longer number is passed over. */
  #varint(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#at >= this.#end) throw malformed();
      const byte = this.#bytes[this.#at] ?? 0;
      this.#at += 1;
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw malformed();
  }
}

function malformed(): Error {
  return new Error('not a protobuf message');
}
