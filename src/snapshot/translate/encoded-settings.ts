import { structurallyEqual } from '../collections/structural-equality.ts';

/** A tenant chooses the numbers in its settings: the memory that they take is bounded. */
const MOST = 1_000;

/**
 * Encoded fields by the settings that they are made of. The key is all of the settings, as JSON, and the encoder is given
 * what the key says: a setting cannot be in the bytes and not in the key.
 */
export class EncodedSettings<T extends object> {
  readonly #encode: (settings: T) => Uint8Array;
  readonly #encoded = new Map<string, Uint8Array>();
  /** The settings that were asked for last: nearly all hosts have the same. */
  #last: { readonly settings: T; readonly encoded: Uint8Array } | undefined;

  constructor(encode: (settings: T) => Uint8Array) {
    this.#encode = encode;
  }

  /** `settings`: numbers, text, truth values, and objects of them. */
  of(settings: T): Uint8Array {
    if (this.#last !== undefined && structurallyEqual(this.#last.settings, settings))
      return this.#last.encoded;
    const key = JSON.stringify(settings);
    const kept = JSON.parse(key) as T;
    let encoded = this.#encoded.get(key);
    if (encoded === undefined) {
      encoded = this.#encode(kept);
      if (this.#encoded.size >= MOST) this.#encoded.clear();
      this.#encoded.set(key, encoded);
    }
    this.#last = { settings: kept, encoded };
    return encoded;
  }
}
