/**
 * `list` with `item` at its end; use the result, as the list itself may or may not have changed.
 *
 * V8 gives an empty array room for 17 elements at its first `push`: 150 bytes that most arrays of most of tens of
 * thousands of routes, which hold one element, would keep for ever. An array made of its first element has room
 * for just that, and an empty list costs nothing if all share it.
 */
export function append<T>(list: readonly T[], item: T): readonly T[] {
  if (list.length === 0) return [item];
  // Only lists that come from the line above get here, and nobody else has seen them yet.
  (list as T[]).push(item);
  return list;
}

/** The empty list that all share. */
export const NONE: readonly never[] = Object.freeze([]);
