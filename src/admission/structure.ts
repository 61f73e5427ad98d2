import { isFormat } from './formats.ts';
import { matches, patternInWords } from './patterns.ts';
import { type Findings, shown } from './refusal.ts';
import { brokenRules } from './rules.ts';
import { nodeAt, type SchemaNode } from './schema.ts';

type Fields = Readonly<Record<string, unknown>>;
type Path = (string | number)[];

/**
 * Checks a value as an API server does: fields that are `null` count as absent, absent ones get their defaults, then all
 * of it is held against the schema, and last against its rules, which see the defaults. Returns the value with its
 * defaults; `value` itself is not changed.
 */
export function checkStructure(schema: SchemaNode, value: unknown, findings: Findings): unknown {
  const complete = new StructureCheck(findings).check(schema, value, []);
  if (findings.refusals.length === 0) checkRules(schema, complete, [], findings);
  return complete;
}

class StructureCheck {
  readonly #findings: Findings;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  check(schema: SchemaNode, value: unknown, path: Path): unknown {
    if (!isOfType(schema, value)) {
      this.#findings.refuse(path, `must be ${typeInWords(schema)}, not ${shown(value)}`);
      return value;
    }
    if (Array.isArray(value)) return this.#checkList(schema, value, path);
    if (isFields(value)) return this.#checkObject(schema, value, path);
    const wrong = wrongScalar(schema, value);
    if (wrong !== undefined) this.#findings.refuse(path, wrong);
    return value;
  }

  #checkObject(schema: SchemaNode, value: Fields, path: Path): Fields {
    if (schema.properties === undefined) return this.#checkMap(schema, value, path);
    const { properties } = schema;
    const complete: Record<string, unknown> = {};
    for (const name of Object.keys(value)) {
      if (!Object.hasOwn(properties, name)) {
        if (this.#findings.hasRoomForUnknown)
          this.#findings.addUnknown([...path, name], Object.keys(properties));
      } else if (value[name] !== undefined && value[name] !== null && !this.#findings.isFull) {
        path.push(name);
        complete[name] = this.check(nodeAt(properties[name]), value[name], path);
        path.pop();
      }
    }
    for (const [name, content] of defaultsOf(schema)) complete[name] ??= content;
    for (const name of schema.required ?? [])
      if (!Object.hasOwn(complete, name)) this.#findings.refuse([...path, name], 'is required');
    this.#checkAlternatives(schema, complete, path);
    return complete;
  }

  #checkMap(schema: SchemaNode, value: Fields, path: Path): Fields {
    const names = Object.keys(value);
    const { minProperties = 0, maxProperties = Number.POSITIVE_INFINITY } = schema;
    if (names.length < minProperties)
      this.#findings.refuse(path, `must have at least ${entriesInWords(minProperties)}`);
    if (names.length > maxProperties) {
      this.#findings.refuse(path, `must have at most ${entriesInWords(maxProperties)}, not ${names.length}`);
    } else if (schema.values !== undefined) {
      const values = nodeAt(schema.values);
      for (const name of names) {
        if (this.#findings.isFull) break;
        // An API server drops it.
        if (value[name] === null) continue;
        path.push(name);
        this.check(values, value[name], path);
        path.pop();
      }
    }
    return value;
  }

  #checkList(schema: SchemaNode, value: readonly unknown[], path: Path): readonly unknown[] {
    const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema;
    if (value.length < minItems) {
      this.#findings.refuse(path, `must have at least ${entriesInWords(minItems)}`);
    }
    if (value.length > maxItems) {
      this.#findings.refuse(path, `must have at most ${entriesInWords(maxItems)}, not ${value.length}`);
      return value;
    }
    if (schema.items === undefined) return value;
    const items = nodeAt(schema.items);
    const complete: unknown[] = [];
    for (const [index, item] of value.entries()) {
      if (this.#findings.isFull) break;
      path.push(index);
      complete.push(this.check(items, item ?? items.default ?? null, path));
      path.pop();
    }
    const twice = duplicate(schema, complete);
    if (twice !== undefined) this.#findings.refuse([...path, twice.index], twice.message);
    return complete;
  }

  #checkAlternatives(schema: SchemaNode, value: unknown, path: Path): void {
    if (isOneOfAlternatives(schema, value)) return;
    // The only ones that there are: an address of a Gateway is of a type that goes with its value.
    this.#findings.refuse(path, 'has values that do not go together, or an address that is none');
  }
}

/** Rules of inner values first, as they are about less. */
function checkRules(schema: SchemaNode, value: unknown, path: Path, findings: Findings): void {
  if (!hasRules(schema) || findings.isFull) return;
  if (Array.isArray(value) && schema.items !== undefined) {
    const items = nodeAt(schema.items);
    for (const [index, item] of value.entries()) checkRules(items, item, [...path, index], findings);
  } else if (isFields(value) && schema.properties !== undefined) {
    for (const name of Object.keys(value)) {
      const property = nodeAt(schema.properties[name]);
      if (hasRules(property)) checkRules(property, value[name], [...path, name], findings);
    }
  }
  for (const { message, index } of brokenRules(schema, value))
    findings.refuse(index === undefined ? path : [...path, index], `is refused: ${message}`);
}

const defaults = new Map<SchemaNode, readonly (readonly [string, unknown])[]>();

/** The fields of an object that have defaults; a default has all that it needs in it. */
function defaultsOf(schema: SchemaNode): readonly (readonly [string, unknown])[] {
  const known = defaults.get(schema);
  if (known !== undefined) return known;
  const found = Object.entries(schema.properties ?? {}).flatMap(([name, index]) => {
    const { default: content } = nodeAt(index);
    return content === undefined ? [] : [[name, content] as const];
  });
  defaults.set(schema, found);
  return found;
}

const withRules = new Map<SchemaNode, boolean>();

/** Whether there are rules anywhere in it. */
function hasRules(schema: SchemaNode): boolean {
  const known = withRules.get(schema);
  if (known !== undefined) return known;
  const inner = [
    ...Object.values(schema.properties ?? {}),
    ...(schema.items === undefined ? [] : [schema.items]),
  ];
  const found = schema.rules !== undefined || inner.some((index) => hasRules(nodeAt(index)));
  withRules.set(schema, found);
  return found;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isOfType({ type, intOrString }: SchemaNode, value: unknown): boolean {
  if (intOrString === true) return typeof value === 'string' || Number.isInteger(value);
  switch (type) {
    case undefined:
      return true;
    case 'object':
      return isFields(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      // The names of the other types are JavaScript's.
      return typeof value === type;
  }
}

function typeInWords({ type, intOrString }: SchemaNode): string {
  if (intOrString === true) return 'a whole number or a string';
  switch (type) {
    case 'object':
      return 'an object';
    case 'array':
      return 'a list';
    case 'integer':
      return 'a whole number';
    case 'boolean':
      return 'true or false';
    default:
      return `a ${type}`;
  }
}

const MAX_INT32 = 2 ** 31 - 1;

/** What a string, number or boolean of the right type is not; `undefined` where all is right. */
function wrongScalar(schema: SchemaNode, value: unknown): string | undefined {
  if (schema.enum !== undefined && !schema.enum.includes(value)) {
    return `must be one of ${schema.enum.map(shown).join(', ')}, not ${shown(value)}`;
  }
  if (typeof value === 'number') {
    const { minimum = -Infinity, maximum = Infinity, format } = schema;
    if (value < minimum || value > maximum) return `must be ${range(minimum, maximum)}, not ${value}`;
    if (format === 'int32' && (value > MAX_INT32 || value < -MAX_INT32 - 1)) return `is too large: ${value}`;
    return undefined;
  }
  if (typeof value !== 'string') return undefined;
  const { minLength = 0, maxLength = Infinity, pattern, format } = schema;
  // There are at most twice as many code units as characters.
  if (value.length > maxLength && (value.length > 2 * maxLength || [...value].length > maxLength)) {
    return `must have at most ${maxLength} characters`;
  }
  if (value.length < minLength)
    return minLength === 1 ? 'must not be empty' : `must have ${minLength} characters`;
  if (pattern !== undefined && !matches(pattern, value)) {
    return `must ${patternInWords(pattern)}, not ${shown(value)}`;
  }
  return format === undefined || isFormat(format, value)
    ? undefined
    : `must be a ${format}, not ${shown(value)}`;
}

function entriesInWords(count: number): string {
  return count === 1 ? 'one entry' : `${count} entries`;
}

function range(minimum: number, maximum: number): string {
  if (minimum === -Infinity) return `at most ${maximum}`;
  return maximum === Infinity ? `at least ${minimum}` : `from ${minimum} to ${maximum}`;
}

/** The first entry that is there before, as far as the type of the list forbids it. */
function duplicate(
  { isSet, listKeys }: SchemaNode,
  entries: readonly unknown[],
): { readonly index: number; readonly message: string } | undefined {
  if ((isSet === undefined && listKeys === undefined) || entries.length < 2) return undefined;
  const seen = new Set<string>();
  for (const [index, entry] of entries.entries()) {
    const identity =
      listKeys === undefined ? entry : listKeys.map((key) => isFields(entry) && (entry[key] ?? null));
    const text = JSON.stringify(identity);
    if (seen.has(text)) {
      const message = listKeys === undefined ? 'is there twice' : `has the ${listKeys.join(', ')} of another`;
      return { index, message };
    }
    seen.add(text);
  }
  return undefined;
}

/** The parts of a schema that give a choice hold values alone: no fields, no defaults. */
function isOneOfAlternatives({ oneOf, anyOf, not }: SchemaNode, value: unknown): boolean {
  const isValid = (index: number) => isValue(nodeAt(index), value);
  if (oneOf !== undefined && oneOf.filter(isValid).length !== 1) return false;
  if (anyOf !== undefined && !anyOf.some(isValid)) return false;
  return not === undefined || !isValid(not);
}

function isValue(schema: SchemaNode, value: unknown): boolean {
  if (wrongScalar(schema, value) !== undefined || !isOneOfAlternatives(schema, value)) return false;
  if (!isFields(value)) return true;
  return Object.entries(schema.properties ?? {}).every(
    ([name, index]) => !Object.hasOwn(value, name) || isValue(nodeAt(index), value[name]),
  );
}
