const SLAB_BYTES = 8 * 1024;

/**
 * Bytes among others in a larger array. An array for each of 40,000 resources, or a view into one, would take more memory
 * than many of them hold; a slab of Node's own pool is eight times as large, and lives as long as anything in it.
 */
export interface PackedBytes {
  readonly slab: Buffer;
  readonly at: number;
  readonly length: number;
}

let slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
let used = 0;

/** Copies the bytes to where they can stay. */
export function packBytes(bytes: Uint8Array): PackedBytes {
  const { length } = bytes;
  if (length > SLAB_BYTES / 4) {
    const own = Buffer.allocUnsafeSlow(length);
    own.set(bytes);
    return { slab: own, at: 0, length };
  }
  if (used + length > SLAB_BYTES) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    used = 0;
  }
  const at = used;
  slab.set(bytes, at);
  used += length;
  return { slab, at, length };
}

/** A view of the bytes, which must not be changed. */
export function unpackBytes({ slab, at, length }: PackedBytes): Uint8Array {
  return slab.subarray(at, at + length);
}
