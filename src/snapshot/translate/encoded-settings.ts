/** A tenant chooses the numbers in its settings: the memory that they take is bounded. */
const MOST = 1_000;

/**
 * Encoded fields by the settings that they are made of. The key is all of the settings, as JSON, and the encoder is given
 * what the key says: a setting cannot be in the bytes and not in the key.
 */
export class EncodedSettings<T extends object> {
  readonly #encode: (settings: T) => Uint8Array;
  readonly #encoded = new Map<string, Uint8Array>();

  constructor(encode: (settings: T) => Uint8Array) {
    this.#encode = encode;
  }

  /** `settings`: numbers, text, truth values, and objects of them. */
  of(settings: T): Uint8Array {
    const key = JSON.stringify(settings);
    const known = this.#encoded.get(key);
    if (known !== undefined) return known;
    const encoded = this.#encode(JSON.parse(key) as T);
    if (this.#encoded.size >= MOST) this.#encoded.clear();
    this.#encoded.set(key, encoded);
    return encoded;
  }
}
