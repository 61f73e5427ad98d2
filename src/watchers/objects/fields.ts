/**
 * Typed readers of unknown JSON. `null` counts as absent, as it does for the API server. A reader that finds the
 * wrong type throws `FieldError`, which only `decodeObject` and `mirrorEndpoints` catch: a path through thousands of
 * nested readers would cost more to hand back than the whole object costs to read.
 */

export type Fields = Readonly<Record<string, unknown>>;
type Holder = Fields | readonly unknown[];

/** The empty list that all objects share. */
export const NONE: readonly never[] = Object.freeze([]);

/** A field that is not what it must be. Names the object or array that holds it; `fieldPath` finds the way there. */
export class FieldError extends Error {
  readonly holder: Holder;
  readonly key: string | number;

  constructor(holder: Holder, key: string | number, expected: string) {
    super(expected);
    this.name = 'FieldError';
    this.holder = holder;
    this.key = key;
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function at(holder: Holder, key: string | number): unknown {
  return (holder as Fields)[key] ?? undefined;
}

function present<T>(value: T | undefined, holder: Holder, key: string | number): T {
  if (value === undefined) throw new FieldError(holder, key, 'is required');
  return value;
}

export function optionalString(holder: Holder, key: string | number): string | undefined {
  const value = at(holder, key);
  if (value === undefined || typeof value === 'string') return value;
  const advice = typeof value === 'object' ? '' : '; put it in quotes';
  throw new FieldError(holder, key, `must be a string, not ${described(value)}${advice}`);
}

export function requiredString(holder: Holder, key: string | number): string {
  return present(optionalString(holder, key), holder, key);
}

/** A string of which `''` means the same as none. */
export function nonEmptyString(holder: Fields, key: string): string | undefined {
  return optionalString(holder, key) || undefined;
}

/** One of these. For what nothing behind the door judges. */
export function oneOf<T extends string>(holder: Holder, key: string | number, values: readonly T[]): T {
  const value = requiredString(holder, key);
  const found = values.find((candidate) => candidate === value);
  if (found === undefined) throw new FieldError(holder, key, `must be ${values.join(' or ')}`);
  return found;
}

export function optionalInteger(holder: Fields, key: string): number | undefined {
  const value = at(holder, key);
  if (value === undefined || (typeof value === 'number' && Number.isSafeInteger(value))) return value;
  throw new FieldError(holder, key, `must be a whole number, not ${described(value)}`);
}

export function requiredInteger(holder: Fields, key: string): number {
  return present(optionalInteger(holder, key), holder, key);
}

export function optionalBoolean(holder: Fields, key: string): boolean | undefined {
  const value = at(holder, key);
  if (value === undefined || typeof value === 'boolean') return value;
  throw new FieldError(holder, key, `must be true or false, not ${described(value)}`);
}

export function optionalFields(holder: Holder, key: string | number): Fields | undefined {
  const value = at(holder, key);
  if (value === undefined || isFields(value)) return value;
  throw new FieldError(holder, key, `must be an object, not ${described(value)}`);
}

export function requiredFields(holder: Holder, key: string | number): Fields {
  return present(optionalFields(holder, key), holder, key);
}

function optionalArray(holder: Fields, key: string): readonly unknown[] {
  const value = at(holder, key);
  if (value === undefined) return NONE;
  if (Array.isArray(value)) return value;
  throw new FieldError(holder, key, `must be a list, not ${described(value)}`);
}

/** A list of objects; empty where absent. */
export function list<T>(holder: Fields, key: string, decode: (entry: Fields) => T): readonly T[] {
  const entries = optionalArray(holder, key);
  if (entries.length === 0) return NONE;
  return entries.map((_, index) => decode(requiredFields(entries, index)));
}

/** A list of strings; empty where absent. */
export function strings(holder: Fields, key: string): readonly string[] {
  const entries = optionalArray(holder, key);
  if (entries.length === 0) return NONE;
  return entries.map((_, index) => requiredString(entries, index));
}

/** A map of strings. Every key is an own property of the result, whatever it is called. */
export function stringMap(holder: Fields, key: string): Readonly<Record<string, string>> {
  const map = optionalFields(holder, key);
  if (map === undefined) return {};
  // An assignment to `__proto__` would set the prototype; `fromEntries` defines a property.
  return Object.fromEntries(Object.keys(map).map((name) => [name, optionalString(map, name) ?? '']));
}

/** What a value is, shortly: values are written by tenants and may have any size. */
function described(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'object':
      return 'an object';
    case 'string': {
      const shown = JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
      return `the string ${shown}`;
    }
    default:
      return `the ${typeof value} ${value}`;
  }
}

/** The way from an object to a field in it: names of fields, and indexes of lists. */
export type FieldPath = readonly (string | number)[];

/** Objects and lists that a search looks at before it gives up: a manifest may hold millions of them. */
const MAX_SEARCHED = 10_000;
/** The same of values in them. */
const MAX_VALUES = 1_000_000;

/**
 * The way from `root` to a field of `holder`; `undefined` where it is too far. Searched for by identity once something
 * is wrong, so that reading what is right needs no path. `root` may be cyclic: YAML aliases can make it so.
 */
export function fieldPath(root: Fields, holder: Holder, key: string | number): FieldPath | undefined {
  const found = new Map<object, { readonly holder: object; readonly key: string | number } | undefined>();
  found.set(root, undefined);
  let values = 0;
  for (const [container] of found) {
    if (found.has(holder)) break;
    // The keys of a list would be a list of strings as long.
    const names = Array.isArray(container) ? container.keys() : Object.keys(container);
    for (const name of names) {
      values += 1;
      const value = (container as Record<string | number, unknown>)[name];
      if (typeof value !== 'object' || value === null || found.has(value)) continue;
      found.set(value, { holder: container, key: name });
      if (value === holder) break;
      if (found.size >= MAX_SEARCHED || values >= MAX_VALUES) return undefined;
    }
  }
  const path = [key];
  for (let step = found.get(holder); step !== undefined; step = found.get(step.holder))
    path.unshift(step.key);
  return path;
}

/** Names a field whose path `fieldPath` has given up on. */
export function distantField(key: string | number): string {
  return typeof key === 'number' ? 'an entry of a list in it' : `a field ${pathText([key])} in it`;
}

/** As `spec.listeners[0].port`. */
export function pathText(path: FieldPath): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    if (!/^[A-Za-z][A-Za-z0-9]*$/.test(key)) return `${text}[${JSON.stringify(key.slice(0, 80))}]`;
    return text === '' ? key : `${text}.${key}`;
  }, '');
}
