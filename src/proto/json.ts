/** Messages as the JSON that Envoy's own loader reads: for people (`sluice translate`), goldens and validation. */
import protobuf from 'protobufjs';
import { findType } from './message-type.ts';

export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

type Fields = Readonly<Record<string, unknown>>;

const WRAPPERS = new Set(
  ['Double', 'Float', 'Int64', 'UInt64', 'Int32', 'UInt32', 'Bool', 'String', 'Bytes'].map(
    (name) => `.google.protobuf.${name}Value`,
  ),
);

/**
 * Decodes `bytes` as the message of that name or type URL. Field names stay as in Envoy's documentation, enums are
 * names, durations `"5s"`, wrappers bare values, an Any is expanded with its `@type`; one of a type we do not
 * know keeps its bytes in base64. Throws on malformed bytes or an unknown outer type.
 */
export function toJson(type: string, bytes: Uint8Array): JsonValue {
  const name = nameOf(type);
  const found = findType(name);
  if (found === undefined) throw new TypeError(`no message ${name} in proto/`);
  return message(found, found.decode(bytes) as unknown as Fields);
}

function nameOf(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf('/') + 1);
}

function message(type: protobuf.Type, value: Fields): JsonValue {
  switch (type.fullName) {
    case '.google.protobuf.Any':
      return any(String(value['type_url'] ?? ''), value['value'] as Uint8Array);
    case '.google.protobuf.Duration':
      return duration(value);
    case '.google.protobuf.Struct':
      return entries((value['fields'] ?? {}) as Fields, (item) => structValue(item as Fields));
    case '.google.protobuf.Value':
      return structValue(value);
    default:
  }
  if (WRAPPERS.has(type.fullName)) return scalar(value['value']);
  const result: { [key: string]: JsonValue } = {};
  for (const field of type.fieldsArray) {
    if (!Object.hasOwn(value, field.name)) continue;
    const present = value[field.name];
    if (Array.isArray(present)) {
      if (present.length > 0) result[field.name] = present.map((item) => single(field, item));
    } else if (field instanceof protobuf.MapField) {
      const map = entries(present as Fields, (item) => single(field, item));
      if (Object.keys(map).length > 0) result[field.name] = map;
    } else if (present !== null && present !== undefined) {
      result[field.name] = single(field, present);
    }
  }
  return result;
}

function single(field: protobuf.Field, value: unknown): JsonValue {
  const { resolvedType } = field;
  if (resolvedType instanceof protobuf.Type) return message(resolvedType, value as Fields);
  if (resolvedType instanceof protobuf.Enum)
    return resolvedType.valuesById[value as number] ?? (value as number);
  return scalar(value);
}

function scalar(value: unknown): JsonValue {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value === 'object' && value !== null) return String(value);
  return (value ?? null) as JsonValue;
}

function any(typeUrl: string, bytes: Uint8Array | undefined): JsonValue {
  const content = bytes ?? new Uint8Array();
  const type = findType(nameOf(typeUrl));
  if (type === undefined) return { '@type': typeUrl, value: scalar(content) };
  const json = message(type, type.decode(content) as unknown as Fields);
  const isObject = typeof json === 'object' && json !== null && !Array.isArray(json);
  return isObject && !type.fullName.startsWith('.google.protobuf.')
    ? { '@type': typeUrl, ...json }
    : { '@type': typeUrl, value: json };
}

/** The seconds and the nanoseconds of a negative duration are both negative, where they are not zero. */
function duration(value: Fields): string {
  const seconds = BigInt(String(value['seconds'] ?? 0));
  const nanos = Number(value['nanos'] ?? 0);
  const sign = seconds < 0n || nanos < 0 ? '-' : '';
  const whole = `${sign}${seconds < 0n ? -seconds : seconds}`;
  if (nanos === 0) return `${whole}s`;
  return `${whole}.${String(Math.abs(nanos)).padStart(9, '0').replace(/0+$/, '')}s`;
}

/** protobufjs brings google.protobuf.Value itself, with names in camel case. */
function structValue(value: Fields): JsonValue {
  if (Object.hasOwn(value, 'structValue')) {
    const fields = ((value['structValue'] as Fields)['fields'] ?? {}) as Fields;
    return entries(fields, (item) => structValue(item as Fields));
  }
  if (Object.hasOwn(value, 'listValue')) {
    const values = ((value['listValue'] as Fields)['values'] ?? []) as readonly Fields[];
    return values.map(structValue);
  }
  for (const name of ['stringValue', 'numberValue', 'boolValue']) {
    if (Object.hasOwn(value, name)) return scalar(value[name]);
  }
  return null;
}

function entries(map: Fields, each: (value: unknown) => JsonValue): { [key: string]: JsonValue } {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, each(value)]));
}
