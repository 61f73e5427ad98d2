import type { ObjectKey } from './key.ts';

/** The object key of this text, which a test may write out. */
export function key(text: string): ObjectKey {
  return text as ObjectKey;
}
