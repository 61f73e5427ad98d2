/**
 * Whether two trees of plain data (objects, arrays, primitives) have the same content.
 * `undefined` properties count: `{a: undefined}` differs from `{}`. Equal output must cause no further work,
 * and this runs once for each re-evaluated object, so it stays far below the cost of `isDeepStrictEqual`.
 */
export function structurallyEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    for (let index = 0; index < a.length; index += 1)
      if (!structurallyEqual(a[index], b[index])) return false;
    return true;
  }
  if (Array.isArray(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  for (const key of keys)
    if (!Object.hasOwn(right, key) || !structurallyEqual(left[key], right[key])) return false;
  return true;
}
