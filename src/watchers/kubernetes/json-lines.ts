const NEWLINE = 10;

/**
 * Cuts a stream of bytes into lines. Bytes are only decoded when a line is complete, so a character whose bytes
 * arrive in two chunks stays whole.
 */
export class JsonLines {
  readonly #maxBytes: number;
  #parts: Uint8Array[] = [];
  #length = 0;

  /** `maxBytes`: the longest line that is kept. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * The lines that `chunk` completes, without their ends and without empty ones. Throws a `RangeError` when a line
   * grows beyond the limit; then the stream is of no more use.
   */
  push(chunk: Uint8Array): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const line = this.#complete(chunk.subarray(start, end));
      if (line !== '') lines.push(line);
      start = end + 1;
    }
    if (start < chunk.byteLength) {
      this.#grow(chunk.byteLength - start);
      this.#parts.push(chunk.subarray(start));
    }
    return lines;
  }

  /** True where the stream ended in the middle of a line. */
  get partial(): boolean {
    return this.#length > 0;
  }

  #complete(tail: Uint8Array): string {
    this.#grow(tail.byteLength);
    const whole =
      this.#parts.length === 0
        ? Buffer.from(tail.buffer, tail.byteOffset, tail.byteLength)
        : this.#joined(tail);
    this.#parts = [];
    this.#length = 0;
    return whole.toString('utf8').trim();
  }

  #joined(tail: Uint8Array): Buffer {
    return Buffer.concat([...this.#parts, tail]);
  }

  #grow(bytes: number): void {
    this.#length += bytes;
    if (this.#length > this.#maxBytes)
      throw new RangeError(`a line is longer than ${this.#maxBytes} bytes, which no object of the API is`);
  }
}
