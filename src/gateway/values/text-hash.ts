/** A hash of texts that is the same in every replica and release: who shares what is chosen by it. */

/** Of the empty text. */
export const NO_TEXT = 2_166_136_261;

/** FNV-1a, of 32 bits, of a text behind what was hashed before. */
export function hashed(before: number, text: string): number {
  let hash = before;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 16_777_619);
  return hash;
}

/** Texts that differ in their last character only have near hashes before this, and far ones after it; 0 to 2³² - 1. */
export function spread(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
