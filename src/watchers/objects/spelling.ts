/** What somebody meant to write, as far as spelling tells. */
import { distance as levenshtein } from 'fastest-levenshtein';

/** Long enough that a word which begins with it, or which it begins, is hardly another one. */
const MIN_STEM = 4;

/**
 * The name that was most likely meant: one that is a typing error away, or that goes on as this one begins (`backends`
 * for `backendRefs`). `undefined` where none is.
 */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const written = name.toLowerCase();
  let best: { readonly name: string; readonly away: number } | undefined;
  for (const candidate of names) {
    const known = candidate.toLowerCase();
    const away = distance(written, known);
    const isNear = away <= (known.length < 6 ? 1 : 2) || sharesStem(written, known);
    if (isNear && (best === undefined || away < best.away)) best = { name: candidate, away };
  }
  return best?.name;
}

function sharesStem(a: string, b: string): boolean {
  const [stemOfA, stemOfB] = [a.replace(/s$/, ''), b.replace(/s$/, '')];
  if (Math.min(stemOfA.length, stemOfB.length) < MIN_STEM) return false;
  return stemOfA.startsWith(stemOfB) || stemOfB.startsWith(stemOfA);
}

/** The number of characters to add, drop or replace that lead from one text to the other; long texts are just far. */
export function distance(a: string, b: string): number {
  return Math.abs(a.length - b.length) > 3 ? Number.POSITIVE_INFINITY : levenshtein(a, b);
}
