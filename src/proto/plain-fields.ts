/** Bytes of a message that is malformed, or holds what is rare enough to be left to the general codec. */
export class NotPlain extends Error {}

/**
 * Reads tags, lengths and ASCII texts of a protobuf message, without a look at what the fields mean. Throws `NotPlain`
 * at anything else.
 */
export class PlainFields {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** Offset of what is read next. */
  get at(): number {
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#end;
  }

  /** The tag of a field that has a length: a text, bytes, a message. */
  tag(): number {
    const tag = this.#varint();
    if ((tag & 7) !== 2) throw new NotPlain();
    return tag;
  }

  #varint(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#at < this.#end ? this.#bytes[this.#at] : undefined;
      if (byte === undefined) break;
      this.#at += 1;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new NotPlain();
  }

  /** Passes over the content of a field; returns where it begins. It ends at `at`. */
  content(): number {
    const length = this.#varint();
    const start = this.#at;
    this.#at += length;
    if (this.#at > this.#end) throw new NotPlain();
    return start;
  }

  /** Text of a field that has to be ASCII. */
  ascii(): number {
    const start = this.content();
    for (let at = start; at < this.#at; at += 1) if ((this.#bytes[at] ?? 0x80) >= 0x80) throw new NotPlain();
    return start;
  }
}
